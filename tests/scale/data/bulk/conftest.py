"""A table that takes rows in, in a database that the module shares, for two tenants."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

import psycopg
import pytest

from myriad.kit.ids import new_id
from myriad.scale.data import Database
from myriad.scale.data.bulk import BulkTable
from myriad.scale.data.migrations import create_schema, protect
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import database_settings
from tests.scale.data.bulk.rows import declared
from tests.scale.data.monthly_table import Owner

_DDL = """
CREATE TABLE {name} (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    account text NOT NULL,
    external_id text NOT NULL,
    booked_on date NOT NULL,
    amount_minor bigint NOT NULL CONSTRAINT ck_amount CHECK (amount_minor <> 13),
    share numeric(20, 9),
    seen_at timestamptz NOT NULL,
    facts jsonb,
    PRIMARY KEY (tenant_id, booked_on, id),
    UNIQUE (tenant_id, account, external_id, booked_on)
) PARTITION BY RANGE (booked_on);
CREATE TABLE {name}_default PARTITION OF {name} DEFAULT;
CREATE INDEX ON {name} (tenant_id, account, booked_on);
"""


@dataclass(frozen=True)
class Taken:
    """The declared table, the way to it, and the two tenants."""

    table: BulkTable
    database: Database
    urls: ServerUrls
    first: TenantId
    second: TenantId

    def rows_of(self, tenant_id: TenantId) -> list[tuple[Any, ...]]:
        """Return (account, external_id, booked_on, amount_minor) of a tenant's rows, in order."""
        with psycopg.connect(self.urls.app_url) as connection:
            connection.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant_id)])
            return connection.execute(
                "SELECT account, external_id, booked_on, amount_minor "
                f"FROM {self.table.name} ORDER BY 1, 2, 3".encode()
            ).fetchall()


@pytest.fixture(scope="module")
def table_urls(empty_servers: ServerUrls) -> tuple[str, ServerUrls]:
    """A table under row security, and where it is."""
    name = f"bulk.t{token_hex(4)}"
    with psycopg.connect(empty_servers.database_url, autocommit=True) as connection:
        owner = Owner(connection)
        create_schema(owner, "bulk")
        connection.execute(_DDL.format(name=name).encode())
        protect(owner, name)
    return name, empty_servers


@pytest.fixture
async def taken(table_urls: tuple[str, ServerUrls]) -> AsyncIterator[Taken]:
    """The table as it is declared for intake, and two tenants that no other test uses."""
    name, urls = table_urls
    database = Database(database_settings(urls), process="test")
    await database.open()
    tenants = [TenantId(new_id()) for _ in range(2)]
    async with database.crossing("test makes tenants") as session:
        connection = await session.connection()
        for place, tenant in enumerate(tenants):
            await connection.exec_driver_sql(
                "INSERT INTO platform.tenant (id, slug, name, timezone) VALUES (%s, %s, %s, 'UTC')",
                (tenant, f"bulk-{tenant.hex[-12:]}", f"Tenant {place}"),
            )
    table = declared(name)
    yield Taken(table, database, urls, *tenants)
    await database.close()
