"""The suite itself: a careless table or route that comes later is noticed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from myriad.scale.embedded.servers import ServerUrls
from tests.every_product import test_tables as rules
from tests.every_product.catalog import read_catalog

_CARELESS = {
    "no row security": (
        "CREATE TABLE keeper.careless (tenant_id uuid, id uuid, PRIMARY KEY (tenant_id, id))",
        rules.test_row_security_is_enabled_and_forced_everywhere,
    ),
    "row security that its owner escapes": (
        "CREATE TABLE keeper.careless (tenant_id uuid, id uuid, PRIMARY KEY (tenant_id, id));"
        "ALTER TABLE keeper.careless ENABLE ROW LEVEL SECURITY",
        rules.test_row_security_is_enabled_and_forced_everywhere,
    ),
    "a policy that lets everybody see": (
        "CREATE TABLE keeper.careless (tenant_id uuid, id uuid, PRIMARY KEY (tenant_id, id));"
        "CREATE POLICY all_of_it ON keeper.careless TO myriad_app USING (true)",
        rules.test_every_policy_of_the_application_compares_the_tenant,
    ),
    "a policy for every role": (
        "CREATE TABLE keeper.careless (tenant_id uuid, id uuid, PRIMARY KEY (tenant_id, id));"
        "CREATE POLICY all_of_it ON keeper.careless USING (true)",
        rules.test_no_policy_is_for_everybody,
    ),
    "no tenant": (
        "CREATE TABLE keeper.careless (id uuid PRIMARY KEY)",
        rules.test_every_table_has_a_tenant_or_a_reason,
    ),
    "a key that another column leads": (
        "CREATE TABLE keeper.careless (tenant_id uuid, id uuid PRIMARY KEY)",
        rules.test_the_tenant_leads_every_primary_key,
    ),
    "an index that another column leads": (
        "CREATE TABLE keeper.careless (tenant_id uuid, id uuid, PRIMARY KEY (tenant_id, id));"
        "CREATE INDEX ON keeper.careless (id)",
        rules.test_the_tenant_leads_every_index_or_there_is_a_reason,
    ),
    "a reference without the tenant": (
        "ALTER TABLE keeper.person ADD CONSTRAINT only_id UNIQUE (id);"
        "CREATE TABLE keeper.careless (tenant_id uuid, id uuid REFERENCES keeper.person (id),"
        " PRIMARY KEY (tenant_id, id))",
        rules.test_every_reference_between_tables_of_tenants_carries_the_tenant,
    ),
    "a view that runs as its owner": (
        "CREATE VIEW keeper.careless AS SELECT * FROM keeper.person",
        rules.test_nothing_but_tables_and_views_that_run_as_their_caller,
    ),
    "a materialized view": (
        "CREATE MATERIALIZED VIEW keeper.careless AS SELECT * FROM keeper.person",
        rules.test_nothing_but_tables_and_views_that_run_as_their_caller,
    ),
}


_KIND = "SELECT relkind::text FROM pg_class WHERE oid = 'keeper.careless'::regclass"
_DROP = {
    "r": b"DROP TABLE keeper.careless",
    "v": b"DROP VIEW keeper.careless",
    "m": b"DROP MATERIALIZED VIEW keeper.careless",
}


@pytest.mark.parametrize("careless", _CARELESS)
def test_a_careless_table_is_noticed(empty_servers: ServerUrls, careless: str) -> None:
    statements, rule = _CARELESS[careless]
    assert _keeps(rule, empty_servers), "the rule holds before"
    with psycopg.connect(empty_servers.database_url, autocommit=True) as connection:
        connection.execute(statements)  # type: ignore[call-overload]
        try:
            assert not _keeps(rule, empty_servers)
        finally:
            (kind,) = connection.execute(_KIND).fetchone() or ("r",)
            connection.execute(_DROP[kind])
            connection.execute("ALTER TABLE keeper.person DROP CONSTRAINT IF EXISTS only_id")


def _keeps(rule: Callable[..., None], urls: ServerUrls) -> bool:
    catalog = read_catalog(urls.database_url)
    stored = [table for table in catalog.values() if table.is_of_tenants and table.is_stored]
    known: dict[str, Any] = {"catalog": catalog, "tenant_tables": stored}
    wanted = rule.__code__.co_varnames[: rule.__code__.co_argcount]
    try:
        rule(**{name: known[name] for name in wanted})
    except AssertionError:
        return False
    return True
