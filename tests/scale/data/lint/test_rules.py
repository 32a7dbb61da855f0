"""Each rule finds its fault, made on a scratch schema, and nothing but it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import psycopg
import pytest

from myriad.apps.accepted_findings import ACCEPTED_FINDINGS
from myriad.scale.data import Database
from myriad.scale.data.lint import RULES, Limits, Report, examine, logins_of, owner_login
from myriad.scale.embedded.servers import ServerUrls
from tests.fixtures.database import database_settings

_GOOD = """
CREATE TABLE scratch.good (tenant_id uuid NOT NULL, id bigint NOT NULL, number integer, note text,
                           PRIMARY KEY (tenant_id, id));
ALTER TABLE scratch.good ENABLE ROW LEVEL SECURITY;
ALTER TABLE scratch.good FORCE ROW LEVEL SECURITY;
CREATE POLICY mine ON scratch.good TO myriad_app
    USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY owner ON scratch.good TO myriad_owner USING (true) WITH CHECK (true);
"""
_SAFE = "ALTER TABLE {0} ENABLE ROW LEVEL SECURITY; ALTER TABLE {0} FORCE ROW LEVEL SECURITY;"
_ROWS = "INSERT INTO scratch.good SELECT uuidv7(), n, n, n::text FROM generate_series(1, {0}) AS n;"


@dataclass(frozen=True)
class Fault:
    """A fault that is made, and the subject that the rule names."""

    rule: str
    sql: str
    subject: str
    remedy: str
    limits: Limits = field(default_factory=Limits)


FAULTS = (
    Fault(
        "row_security_missing",
        "ALTER TABLE scratch.good DISABLE ROW LEVEL SECURITY",
        "scratch.good",
        "ALTER TABLE scratch.good ENABLE ROW LEVEL SECURITY",
    ),
    Fault(
        "row_security_unforced",
        "ALTER TABLE scratch.good NO FORCE ROW LEVEL SECURITY",
        "scratch.good",
        "ALTER TABLE scratch.good FORCE ROW LEVEL SECURITY;",
    ),
    Fault(
        "policy_without_tenant",
        "CREATE POLICY wide ON scratch.good TO myriad_app USING (note = 'shared')",
        "wide on scratch.good",
        "DROP POLICY wide ON scratch.good",
    ),
    Fault(
        "policy_without_tenant",
        "CREATE POLICY wide ON scratch.good USING (tenant_id = NULLIF(current_setting("
        "'app.tenant_id', true), '')::uuid OR note = 'shared')",
        "wide on scratch.good",
        "CREATE POLICY wide ON scratch.good TO myriad_app",
    ),
    Fault(
        "view_past_row_security",
        "CREATE VIEW scratch.wide AS SELECT id FROM scratch.good; GRANT SELECT ON scratch.wide TO myriad_app;"
        "CREATE VIEW scratch.own WITH (security_invoker) AS SELECT id FROM scratch.good; "
        "GRANT SELECT ON scratch.own TO myriad_app; CREATE VIEW scratch.unread AS TABLE scratch.good",
        "scratch.wide",
        "ALTER VIEW scratch.wide SET (security_invoker = true)",
    ),
    Fault(
        "view_past_row_security",
        "CREATE MATERIALIZED VIEW scratch.copied AS SELECT count(*) FROM scratch.good; "
        "GRANT SELECT ON scratch.copied TO PUBLIC",
        "scratch.copied",
        "REVOKE SELECT ON scratch.copied",
    ),
    Fault(
        "definer_without_path",
        "CREATE FUNCTION scratch.peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER "
        "AS 'SELECT count(*) FROM scratch.good'",
        "scratch.peek()",
        "SET search_path",
    ),
    Fault(
        "month_missing",
        "DROP TABLE kamioi.{next_month}",
        "kamioi.purchase",
        "platform.ensure_months('kamioi.purchase'",
    ),
    Fault(
        "default_holds_rows",
        "CREATE TABLE scratch.monthly (tenant_id uuid, day date, PRIMARY KEY (tenant_id, day)) "
        "PARTITION BY RANGE (day); CREATE TABLE scratch.rest PARTITION OF scratch.monthly DEFAULT;"
        "INSERT INTO scratch.monthly VALUES (uuidv7(), '2026-01-01');"
        + _SAFE.format("scratch.monthly")
        + _SAFE.format("scratch.rest"),
        "scratch.rest",
        "settle_month('scratch.monthly'",
    ),
    Fault(
        "sequence_near_end",
        "CREATE SEQUENCE scratch.number AS smallint; SELECT setval('scratch.number', 32000)",
        "scratch.number",
        "ALTER SEQUENCE scratch.number AS bigint",
    ),
    Fault(
        "sequence_near_end",
        "ALTER TABLE scratch.good ALTER number SET NOT NULL, ALTER number ADD GENERATED ALWAYS AS IDENTITY;"
        "ALTER SEQUENCE scratch.good_number_seq AS bigint MAXVALUE 9223372036854775807;"
        "SELECT setval('scratch.good_number_seq', 2147000000)",
        "scratch.good_number_seq",
        "ALTER TABLE scratch.good ALTER COLUMN number TYPE bigint;",
    ),
    Fault(
        "primary_key_missing",
        "ALTER TABLE scratch.good DROP CONSTRAINT good_pkey",
        "scratch.good",
        "ADD PRIMARY KEY (tenant_id,",
    ),
    Fault(
        "tenant_not_leading",
        "CREATE UNIQUE INDEX one_number ON scratch.good (number)",
        "scratch.one_number",
        "DROP INDEX CONCURRENTLY scratch.one_number",
    ),
    Fault(
        "foreign_key_unindexed",
        "ALTER TABLE scratch.good ADD COLUMN parent bigint, "
        "ADD CONSTRAINT of_parent FOREIGN KEY (tenant_id, parent) REFERENCES scratch.good",
        "of_parent of scratch.good",
        "CREATE INDEX CONCURRENTLY ON scratch.good (tenant_id, parent);",
    ),
    Fault(
        "index_duplicate",
        "CREATE INDEX short ON scratch.good (tenant_id)",
        "scratch.short",
        "DROP INDEX CONCURRENTLY scratch.short",
    ),
    Fault(
        "index_duplicate",
        "CREATE INDEX first ON scratch.good (tenant_id, note); "
        "CREATE INDEX second ON scratch.good (tenant_id, note)",
        "scratch.second",
        "DROP INDEX CONCURRENTLY scratch.second",
    ),
    Fault(
        "statistics_missing",
        _ROWS.format(100),
        "scratch.good",
        "ANALYZE scratch.good",
        Limits(analysed_rows=100),
    ),
    Fault(
        "dead_rows",
        _ROWS.format(100) + "DELETE FROM scratch.good WHERE id <= 60",
        "scratch.good",
        "VACUUM (ANALYZE) scratch.good",
        Limits(dead_rows=60),
    ),
    Fault(
        "index_unused",
        "CREATE INDEX idle ON scratch.good (tenant_id, note);" + _ROWS.format(9_999),
        "scratch.idle",
        "DROP INDEX CONCURRENTLY scratch.idle",
        Limits(statistics_seconds=-60, index_bytes=200_000),
    ),
)


@pytest.fixture
def scratch(empty_servers: ServerUrls) -> Iterator[ServerUrls]:
    """A database of this module with one good table in a schema that goes with the test."""
    with psycopg.connect(empty_servers.database_url, autocommit=True) as owner:
        owner.execute("CREATE SCHEMA scratch")
        owner.execute(_GOOD)
        # It comes by itself at any time, and takes the dead rows and the lack of statistics away.
        owner.execute("ALTER TABLE scratch.good SET (autovacuum_enabled = off)")
        yield empty_servers
        owner.execute("DROP SCHEMA scratch CASCADE")
        owner.execute(
            "SELECT platform.ensure_months('kamioi.purchase', current_date, "
            "(current_date + interval '3 months')::date)"
        )


@pytest.fixture
async def database(scratch: ServerUrls) -> AsyncIterator[Database]:
    """The connections of a process to it."""
    database = Database(database_settings(scratch))
    await database.open()
    yield database
    await database.close()


async def look(database: Database, limits: Limits | None = None) -> Report:
    """Return what is found beside what is accepted, as the command does."""
    async with owner_login(database) as owner:
        logins = (*logins_of(database), owner)
        return await examine(logins, accepted=ACCEPTED_FINDINGS, limits=limits)


def _keys(report: Report) -> list[tuple[str, str]]:
    assert dict(report.unasked) == {}
    return [one.key for one in report.findings]


async def test_our_own_schema_has_no_finding_but_those_with_a_reason(database: Database) -> None:
    report = await look(database)
    assert [(one.key, one.found) for one in report.findings] == []
    assert dict(report.unasked) == {}
    assert {one.key for one, _ in report.accepted} == set(ACCEPTED_FINDINGS)


@pytest.mark.parametrize("fault", FAULTS, ids=[f"{n}-{one.rule}" for n, one in enumerate(FAULTS)])
async def test_a_rule_finds_its_fault_and_nothing_else(
    fault: Fault, scratch: ServerUrls, database: Database
) -> None:
    with psycopg.connect(scratch.database_url, autocommit=True) as owner:
        month = owner.execute(
            "SELECT 'purchase' || to_char((now() AT TIME ZONE 'UTC') + interval '1 month', '_\"p\"YYYY_MM')"
        ).fetchone()
        owner.execute(fault.sql.replace("{next_month}", str(month and month[0])).encode())
        owner.execute("SELECT pg_stat_force_next_flush()")
        report = await look(database, fault.limits)
    assert _keys(report) == [(fault.rule, fault.subject)]
    assert fault.remedy in report.findings[0].remedy


async def test_an_index_that_could_not_be_made_is_found(
    scratch: ServerUrls, database: Database
) -> None:
    with psycopg.connect(scratch.database_url, autocommit=True) as owner:
        owner.execute("INSERT INTO scratch.good VALUES (uuidv7(), 0)")
        with pytest.raises(psycopg.errors.DivisionByZero):
            owner.execute("CREATE INDEX CONCURRENTLY half ON scratch.good (tenant_id, (1 / id))")
        report = await look(database)
    assert _keys(report) == [("index_invalid", "scratch.half")]


async def test_a_table_that_the_application_made_is_found(
    scratch: ServerUrls, database: Database
) -> None:
    with psycopg.connect(scratch.database_url, autocommit=True) as owner:
        owner.execute("GRANT USAGE, CREATE ON SCHEMA scratch TO myriad_app")
    with psycopg.connect(scratch.app_url, autocommit=True) as application:
        application.execute("CREATE TABLE scratch.own (id bigint PRIMARY KEY)")
        application.execute(_SAFE.format("scratch.own").encode())
        report = await look(database)
        application.execute("DROP TABLE scratch.own")
    assert _keys(report) == [("owner_unbound", "scratch.own")]
    assert report.findings[0].remedy == "ALTER TABLE scratch.own OWNER TO myriad_owner;"


@pytest.mark.parametrize("login", ["app_url", "crossing_url", "database_url"])
async def test_a_transaction_left_open_is_found_whosever_it_is(
    scratch: ServerUrls, database: Database, login: str
) -> None:
    with psycopg.connect(getattr(scratch, login)) as forgotten:
        forgotten.execute("SELECT 1")
        pid = forgotten.info.backend_pid
        report = await look(database, Limits(transaction_seconds=0))
    assert _keys(report) == [("transaction_long", f"process {pid}")]
    assert report.findings[0].remedy == f"SELECT pg_terminate_backend({pid});"


async def test_old_transaction_numbers_are_found(database: Database) -> None:
    report = await look(database, Limits(transaction_age=1))
    assert [one.rule.name for one in report.findings] == ["wraparound_near"]
    assert "VACUUM (FREEZE)" in report.findings[0].remedy


def test_every_rule_has_a_fault_in_these_tests() -> None:
    others = {"index_invalid", "owner_unbound", "transaction_long", "wraparound_near"}
    on_own_server = {"role_unbound", "transaction_prepared"}
    made = {fault.rule for fault in FAULTS}
    assert made | others | on_own_server == {rule.name for rule in RULES}
