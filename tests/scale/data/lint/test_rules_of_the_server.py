"""What only a superuser can bring about is found too, on a server of the test's own."""

from __future__ import annotations

from pathlib import Path

import psycopg

from myriad.scale.data import Database, DatabaseSettings
from myriad.scale.data.lint import Limits, examine, logins_of
from myriad.scale.embedded.postgres import APP, CROSSING, OWNER, EmbeddedPostgres
from tests.scale.data.clusters import serving


async def test_a_role_above_row_security_and_an_undecided_transaction_are_found(
    tmp_path: Path,
) -> None:
    _make_unsafe(EmbeddedPostgres(tmp_path))
    with serving(tmp_path) as (server, _):
        with psycopg.connect(server.url(OWNER), autocommit=True) as owner:
            owner.execute("BEGIN")
            owner.execute("SELECT pg_advisory_xact_lock(1)")
            owner.execute("PREPARE TRANSACTION 'forgotten'")
        database = Database(
            DatabaseSettings.model_validate(
                {
                    "url": server.url(OWNER),
                    "app_url": server.url(APP),
                    "crossing_url": server.url(CROSSING),
                }
            )
        )
        await database.open()
        report = await examine(logins_of(database), limits=Limits(prepared_seconds=0))
        await database.close()
    assert dict(report.unasked) == {}
    assert [(one.rule.name, one.subject) for one in report.findings] == [
        ("role_unbound", "myriad_app"),
        ("transaction_prepared", "forgotten"),
    ]
    assert report.findings[0].remedy == "ALTER ROLE myriad_app NOSUPERUSER NOBYPASSRLS;"
    assert "ROLLBACK PREPARED 'forgotten'" in report.findings[1].remedy


def _make_unsafe(server: EmbeddedPostgres) -> None:
    server.initialise()
    server._run_single_user(server.data, [f"ALTER ROLE {APP} BYPASSRLS;"])
    with (server.data / "postgresql.conf").open("a") as file:
        file.write("\nmax_prepared_transactions = 2\n")
