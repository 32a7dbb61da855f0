"""A table by month for each test, in a database that the module shares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from secrets import token_hex
from typing import Any
from uuid import UUID

import psycopg
import pytest

from myriad.kit.ids import new_id
from myriad.scale.data.migrations import create_schema, protect
from myriad.scale.data.migrations.operations import force_row_security
from myriad.scale.data.partitions import Monthly, declare_months
from myriad.scale.embedded.servers import ServerUrls

_DDL = """
CREATE TABLE {name} (
    tenant_id uuid NOT NULL,
    booked_on date NOT NULL,
    id uuid NOT NULL DEFAULT uuidv7(),
    member integer NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor <> 13),
    qty numeric(20, 9),
    note text,
    seen_at timestamptz NOT NULL DEFAULT now(),
    facts jsonb NOT NULL DEFAULT '{{}}',
    twice bigint GENERATED ALWAYS AS (amount_minor * 2) STORED,
    PRIMARY KEY (tenant_id, booked_on, id)
) PARTITION BY RANGE (booked_on);
CREATE TABLE {name}_default PARTITION OF {name} DEFAULT;
CREATE INDEX ON {name} (tenant_id, member, booked_on);
"""


class Owner:
    """What a migration works with, on a connection of the owner."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def execute(self, sqltext: str, /) -> None:
        """Run one statement."""
        self.connection.execute(sqltext.encode())


@dataclass(frozen=True)
class MonthlyTable:
    """A declared table, the ways to it, and two tenants."""

    name: str
    urls: ServerUrls
    first: UUID
    second: UUID

    def as_owner(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """Run `sql` as the owner and return its rows."""
        return _run(self.urls.database_url, sql, parameters)

    def as_crossing(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """Run `sql` as the crossing role and return its rows."""
        return _run(self.urls.crossing_url, sql, parameters)

    def as_tenant(self, tenant: UUID, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """Run `sql` as the application for `tenant` and return its rows."""
        return _run(self.urls.app_url, sql, parameters, tenant)

    def add(self, tenant: UUID, day: str, amount_minor: int = 1, member: int = 1) -> None:
        """Write one row."""
        self.as_tenant(
            tenant,
            f"INSERT INTO {self.name} (tenant_id, booked_on, amount_minor, member) "
            "VALUES (%s, %s, %s, %s)",
            (tenant, day, amount_minor, member),
        )

    def months(self) -> list[str]:
        """Return the months that are attached, as "p2026_11"."""
        rows = self.as_owner(
            "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid "
            "WHERE inhparent = %s::regclass ORDER BY relname",
            (self.name,),
        )
        bare = self.name.split(".")[1]
        return [row[0].removeprefix(f"{bare}_") for row in rows if not row[0].endswith("default")]


def _run(url: str, sql: str, parameters: Any, tenant: UUID | None = None) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        if tenant is not None:
            connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant)])
        cursor = connection.execute(sql.encode(), parameters)
        return cursor.fetchall() if cursor.description else []


def make_table(urls: ServerUrls, monthly: Monthly, ddl: str = _DDL) -> MonthlyTable:
    """Create and declare a table of its own."""
    name = f"scratch.event_{token_hex(4)}"
    with psycopg.connect(urls.database_url) as connection:
        owner = Owner(connection)
        create_schema(owner, "scratch")
        owner.execute(ddl.format(name=name))
        force_row_security(owner, f"{name}_default")
        protect(owner, name)
        declare_months(owner, name, monthly)
    return MonthlyTable(name, urls, new_id(), new_id())


@pytest.fixture
def table(empty_servers: ServerUrls) -> Iterator[MonthlyTable]:
    """A table that keeps two months and is forgotten after the test."""
    made = make_table(empty_servers, Monthly("booked_on", ahead=3, keep_months=2))
    yield made
    made.as_owner(f"DROP TABLE {made.name} CASCADE")
    for records in ("partitioned_table", "partition_archive"):
        made.as_owner(f"DELETE FROM platform.{records} WHERE table_name = %s", (made.name,))
