"""Every table keeps the rules of tenancy, or says why not."""

from __future__ import annotations

import psycopg
import pytest

from myriad.scale.data import APP_ROLE, CROSSING_ROLE
from myriad.scale.embedded.servers import ServerUrls
from tests.every_product.catalog import Table, read_open_partitions
from tests.every_product.exceptions import (
    INDEXES_WITHOUT_LEADING_TENANT,
    POLICIES_OF_THE_OWNER,
    TABLES_WITHOUT_TENANT,
)

Catalog = dict[str, Table]
Tables = list[Table]
_TENANT = "(NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid"
MATCH = f"tenant_id = {_TENANT}"
CHECK = f'(tenant_id = ( SELECT {_TENANT} AS "nullif"))'


def test_there_are_tables_of_tenants(tenant_tables: Tables) -> None:
    assert len(tenant_tables) > 20


def test_every_table_has_a_tenant_or_a_reason(catalog: Catalog) -> None:
    without = {table.name for table in catalog.values() if not table.is_of_tenants}
    assert without == set(TABLES_WITHOUT_TENANT)


def test_nothing_but_tables_and_views_that_run_as_their_caller(catalog: Catalog) -> None:
    # A materialized view ignores row security, and a plain view runs as its owner.
    for table in catalog.values():
        if not table.is_stored:
            assert table.kind == "v", f"{table.name} is neither a table nor a view"
            assert "security_invoker=true" in table.options, table.name


def test_row_security_is_enabled_and_forced_everywhere(catalog: Catalog) -> None:
    open_tables = {
        table.name
        for table in catalog.values()
        if table.is_stored and not (table.has_row_security and table.is_forced)
    }
    assert open_tables == {"myriad.alembic_version"}


def test_partitions_are_reached_through_their_table_only(database_urls: ServerUrls) -> None:
    assert read_open_partitions(database_urls.database_url) == []


def test_every_policy_of_the_application_compares_the_tenant(tenant_tables: Tables) -> None:
    for table in tenant_tables:
        of_app = [policy for policy in table.policies if APP_ROLE in policy["roles"]]
        assert of_app, f"{table.name} has no policy for {APP_ROLE}"
        for policy in of_app:
            assert policy["roles"] == [APP_ROLE], table.name
            assert (policy["using"] or "").strip("()") in MATCH, table.name
            assert MATCH in (policy["using"] or ""), table.name
            assert policy["with_check"] in (CHECK, None), table.name


def test_no_policy_is_for_everybody(catalog: Catalog) -> None:
    of_owner = set()
    for table in catalog.values():
        for policy in table.policies:
            assert policy["roles"], f"{table.name}.{policy['name']} applies to every role"
            assert policy["is_permissive"], table.name
            if policy["roles"] == [table.owner]:
                of_owner.add(table.name)
            else:
                assert set(policy["roles"]) <= {APP_ROLE, CROSSING_ROLE}, table.name
    assert of_owner == set(POLICIES_OF_THE_OWNER)


def test_the_tenant_leads_every_primary_key(tenant_tables: Tables) -> None:
    for table in tenant_tables:
        primary = [index for index in table.indexes if index["is_primary"]]
        assert [index["leading"] for index in primary] == ["tenant_id"], table.name


def test_the_tenant_leads_every_index_or_there_is_a_reason(tenant_tables: Tables) -> None:
    others = {
        index["name"]
        for table in tenant_tables
        for index in table.indexes
        if index["leading"] != "tenant_id"
    }
    assert others == set(INDEXES_WITHOUT_LEADING_TENANT)


def test_every_reference_between_tables_of_tenants_carries_the_tenant(
    catalog: Catalog, tenant_tables: Tables
) -> None:
    of_tenants = {table.oid for table in tenant_tables}
    for table in tenant_tables:
        for constraint in table.constraints:
            if constraint["kind"] == "f" and constraint["target"] in of_tenants:
                pairs = zip(constraint["columns"], constraint["target_columns"], strict=True)
                assert ("tenant_id", "tenant_id") in set(pairs), constraint["name"]


@pytest.mark.parametrize("role", [APP_ROLE, CROSSING_ROLE])
def test_a_role_of_the_application_owns_nothing_and_bypasses_nothing(
    database_urls: ServerUrls, role: str
) -> None:
    with psycopg.connect(database_urls.database_url) as connection:
        flags = connection.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication "
            "FROM pg_roles WHERE rolname = %s",
            [role],
        ).fetchone()
        # A connection's own temporary tables go with it, and belong to whoever made them.
        owned = connection.execute(
            "SELECT count(*) FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid "
            "WHERE r.rolname = %s AND d.deptype = 'o' AND d.dbid IN (0, ("
            "    SELECT oid FROM pg_database WHERE datname = current_database())) "
            "AND NOT EXISTS (SELECT FROM pg_class c WHERE d.classid = 'pg_class'::regclass "
            "    AND c.oid = d.objid AND c.relpersistence = 't')",
            [role],
        ).fetchone()
        groups = connection.execute(
            "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member "
            "WHERE r.rolname = %s",
            [role],
        ).fetchone()
    assert flags == (False,) * 5
    assert owned == (0,)
    assert groups == (0,)


def test_no_table_belongs_to_a_role_of_the_application(catalog: Catalog) -> None:
    assert {table.owner for table in catalog.values()}.isdisjoint({APP_ROLE, CROSSING_ROLE})


def test_the_application_connects_as_its_own_role(database_urls: ServerUrls) -> None:
    for url, role in (
        (database_urls.app_url, APP_ROLE),
        (database_urls.crossing_url, CROSSING_ROLE),
    ):
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (role,)


def test_functions_that_run_as_their_owner_fix_their_search_path(
    database_urls: ServerUrls,
) -> None:
    with psycopg.connect(database_urls.database_url) as connection:
        loose = connection.execute(
            "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
            "WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema') "
            "AND NOT EXISTS (SELECT 1 FROM unnest(p.proconfig) c WHERE c LIKE 'search_path=%')"
        ).fetchall()
    assert loose == []
