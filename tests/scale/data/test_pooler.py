"""Every way to the data works through a PgBouncer in transaction mode, and no tenant leaks there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from myriad.scale.data import Database, DatabaseSettings
from myriad.scale.data.database import NOBODY
from myriad.scale.embedded.pooler import MISSING, find_pgbouncer, pooling
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import TwoTenants

_WHO = "SELECT current_setting('app.tenant_id', true) AS tenant, pg_backend_pid() AS pid"
CONNECTIONS = 3


@pytest.fixture(scope="module")
def program() -> Path:
    """PgBouncer; the tests skip loudly without it."""
    found = find_pgbouncer()
    if found is None:
        pytest.skip(MISSING)
    return found


@pytest.fixture(scope="module")
def pooled(program: Path, database_urls: ServerUrls) -> Iterator[DatabaseSettings]:
    """Settings whose logins go through a pooler with three connections each."""
    urls = (database_urls.app_url, database_urls.crossing_url)
    with pooling(program, *urls, connections=CONNECTIONS) as (app_url, crossing_url):
        yield DatabaseSettings.model_validate(
            {
                "url": database_urls.database_url,
                "app_url": app_url,
                "crossing_url": crossing_url,
                "prepare_statements": False,
            }
        )


@pytest.fixture
async def database(pooled: DatabaseSettings) -> AsyncIterator[Database]:
    """The connections of a process, through the pooler."""
    opened = Database(pooled)
    await opened.open()
    yield opened
    await opened.close()


async def _whose(database: Database, tenant: TenantId) -> list[str]:
    """Return for whom each way to the data acts when it is asked to act for `tenant`."""
    said = []
    async with database.session(tenant) as session:
        said.append((await session.execute(text(_WHO))).one().tenant)
    async with database.read_session(tenant) as reading:
        said.append((await reading.execute(text(_WHO))).one().tenant)
    async with database.work.open(tenant) as working:
        said.append((await working.execute(text(_WHO))).one().tenant)
    said.append((await database.reader.rows(tenant, _WHO))[0]["tenant"])
    return said


async def test_every_way_to_the_data_acts_for_its_tenant_alone(
    database: Database, tenants: TwoTenants
) -> None:
    asked = [tenants.first, tenants.second] * 12
    found = await asyncio.gather(*(_whose(database, tenant) for tenant in asked))
    for tenant, said in zip(asked, found, strict=True):
        assert said == [str(tenant)] * 4


async def test_rows_are_the_tenants_own_and_crossing_sees_both(
    database: Database, tenants: TwoTenants
) -> None:
    mine = await database.reader.rows(tenants.first, "SELECT id FROM platform.tenant")
    assert [row["id"] for row in mine] == [tenants.first]
    assert await database.reader.rows(NOBODY, "SELECT id FROM platform.tenant") == []
    every = await database.crossing_rows("a test counts tenants", "SELECT id FROM platform.tenant")
    assert {tenants.first, tenants.second} <= {row["id"] for row in every}


async def test_nothing_of_a_transaction_is_left_on_the_servers_connection(
    database: Database, pooled: DatabaseSettings, tenants: TwoTenants
) -> None:
    async with database.session(tenants.first) as session:
        await session.execute(text("SELECT 1"))
    async with await psycopg.AsyncConnection.connect(pooled.app, autocommit=True) as bare:
        for _ in range(2 * CONNECTIONS):
            cursor = await bare.execute(
                "SELECT current_setting('app.tenant_id', true)", prepare=False
            )
            assert (await cursor.fetchone() or ("",))[0] in ("", None)


async def test_many_clients_share_few_connections(
    database: Database, pooled: DatabaseSettings, tenants: TwoTenants
) -> None:
    async def one(tenant: TenantId) -> tuple[bool, int]:
        async with await psycopg.AsyncConnection.connect(pooled.app, prepare_threshold=None) as own:
            await own.execute("SELECT set_config('app.tenant_id', %s, true)", [str(tenant)])
            row = await (await own.execute(_WHO)).fetchone()
        assert row is not None
        return row[0] == str(tenant), row[1]

    answers = await asyncio.gather(*(one(t) for t in (tenants.first, tenants.second) * 20))
    assert all(is_own for is_own, _ in answers)
    assert len({pid for _, pid in answers}) <= CONNECTIONS
