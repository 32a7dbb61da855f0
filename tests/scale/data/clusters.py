"""Servers of a test's own, which it may copy, kill and damage, with one table of two tenants."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg

from myriad.scale.embedded.postgres import APP, BACKUP, OWNER, EmbeddedPostgres
from myriad.scale.embedded.tools import PostgresTools

FIRST, SECOND = UUID(int=1), UUID(int=2)
_TABLE = """
CREATE TABLE entry (tenant_id uuid NOT NULL, number bigint NOT NULL, note text,
                    PRIMARY KEY (tenant_id, number));
ALTER TABLE entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE entry FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON entry TO myriad_app
    USING (tenant_id = current_setting('app.tenant_id')::uuid);
CREATE POLICY every ON entry TO myriad_crossing USING (true);
CREATE POLICY owner ON entry TO myriad_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON entry TO myriad_app;
GRANT SELECT, INSERT ON entry TO myriad_crossing
"""


@contextlib.contextmanager
def serving(home: Path) -> Iterator[tuple[EmbeddedPostgres, subprocess.Popen[bytes]]]:
    """Run the cluster of `home`, made when it is missing, while the block lasts."""
    server = EmbeddedPostgres(home)
    server.initialise()
    child = server.spawn()
    try:
        server.wait_ready(child)
        yield server, child
    finally:
        server.stop(child)


def make_table(server: EmbeddedPostgres) -> None:
    """Make the table `entry` under row security."""
    with psycopg.connect(server.url(OWNER)) as connection:
        connection.execute(_TABLE)


def add_entries(server: EmbeddedPostgres, first: int, last: int) -> None:
    """Add entries numbered so to both tenants."""
    with psycopg.connect(server.url(OWNER)) as connection:
        connection.execute(
            "INSERT INTO entry SELECT tenant, n, md5(n::text) FROM generate_series(%s::bigint, %s::bigint) AS n, "
            "unnest(%s::uuid[]) AS tenant",
            [first, last, [FIRST, SECOND]],
        )


def count_by_tenant(url: str, login: str = BACKUP) -> dict[UUID, int]:
    """Return how many entries each tenant has."""
    with psycopg.connect(url, user=login, dbname="myriad") as connection:
        rows = connection.execute("SELECT tenant_id, count(*) FROM entry GROUP BY 1")
        return dict(rows.fetchall())


def tools_of(server: EmbeddedPostgres) -> PostgresTools:
    """Return PostgreSQL's programs under the account of a server."""
    return PostgresTools(server.account)


__all__ = [
    "APP",
    "BACKUP",
    "FIRST",
    "OWNER",
    "SECOND",
    "add_entries",
    "count_by_tenant",
    "make_table",
    "serving",
    "tools_of",
]
