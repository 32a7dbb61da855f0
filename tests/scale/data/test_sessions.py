"""One transaction acts for one tenant; nothing else is visible, whatever the code forgets."""

from __future__ import annotations

import asyncio

import pytest
from psycopg import Error as PsycopgError
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from myriad.scale.data import Reader
from myriad.scale.data.work import find_driver
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import NoTenantError, TenantId, current_tenant, find_tenant
from tests.fixtures.database import TwoTenants

_TENANT = "SELECT current_setting('app.tenant_id', true) AS tenant, current_user AS role"
_INSERT = text(
    "INSERT INTO keeper.account (tenant_id, vertical, currency) VALUES (:tenant, 'spa', 'USD')"
)
_COUNT = "SELECT count(*) AS n FROM keeper.account"


async def _add_account(runtime: Runtime, tenant: TenantId) -> None:
    async with runtime.database.session(tenant) as session:
        await session.execute(_INSERT, {"tenant": tenant})


async def test_a_session_acts_for_its_tenant_under_the_role_that_owns_nothing(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    async with runtime.database.session(tenants.first) as session:
        found = (await session.execute(text(_TENANT))).one()
        assert current_tenant() == tenants.first
    assert (found.tenant, found.role) == (str(tenants.first), "myriad_app")
    assert find_tenant() is None


async def test_the_tenant_is_gone_when_the_transaction_ends(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    await _add_account(runtime, tenants.first)
    async with runtime.database.session(tenants.first) as session:
        await session.commit()
        leftover = (await session.execute(text(_COUNT))).scalar_one()
    assert leftover == 0


async def test_no_tenant_code_without_a_tenant() -> None:
    with pytest.raises(NoTenantError):
        current_tenant()


async def test_another_tenants_row_can_be_neither_read_nor_written(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    await _add_account(runtime, tenants.first)
    async with runtime.database.session(tenants.second) as session:
        assert (await session.execute(text(_COUNT))).scalar_one() == 0
        with pytest.raises(ProgrammingError, match="row-level security"):
            await session.execute(_INSERT, {"tenant": tenants.first})


async def test_an_error_rolls_the_whole_transaction_back(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    async def half_done() -> None:
        async with runtime.database.session(tenants.first) as session:
            await session.execute(_INSERT, {"tenant": tenants.first})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await half_done()
    assert await runtime.database.reader.rows(tenants.first, _COUNT) == [{"n": 0}]


async def test_a_read_session_cannot_write(runtime: Runtime, tenants: TwoTenants) -> None:
    with pytest.raises(Exception, match="read-only transaction"):
        async with runtime.database.read_session(tenants.first) as session:
            await session.execute(_INSERT, {"tenant": tenants.first})


async def test_what_only_reads_is_bounded_in_time(runtime: Runtime, tenants: TwoTenants) -> None:
    show = "SELECT current_setting('statement_timeout') AS bound"
    async with runtime.database.read_session(tenants.first) as session:
        assert (await session.execute(text(show))).scalar_one() == "1min"
    assert await runtime.database.reader.rows(tenants.first, show) == [{"bound": "1min"}]


async def test_a_pipelined_read_sees_its_tenant_only(runtime: Runtime, tenants: TwoTenants) -> None:
    await _add_account(runtime, tenants.first)
    reader = runtime.database.reader
    assert await reader.row(tenants.first, _COUNT) == {"n": 1}
    assert await reader.row(tenants.second, _COUNT) == {"n": 0}


async def test_a_failed_read_leaves_no_tenant_behind_on_its_connection(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    reader = Reader(runtime.database.settings.app, 1)
    await reader.open()
    try:
        with pytest.raises(Exception, match="division by zero"):
            await reader.rows(tenants.first, "SELECT 1/0")
        async with reader._pool.connection() as connection:
            cursor = await connection.execute(_TENANT)
            found = await cursor.fetchone()
        assert found is not None
        assert not found["tenant"]
    finally:
        await reader.close()


async def test_two_hundred_readers_of_two_tenants_leak_nothing(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    async def who(tenant: TenantId) -> bool:
        found = await runtime.database.reader.row(tenant, _TENANT)
        return found is not None and found["tenant"] == str(tenant)

    pairs = [tenants.first, tenants.second] * 100
    assert all(await asyncio.gather(*map(who, pairs)))


async def test_statements_stay_prepared_when_a_read_ends(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    prepared = "SELECT name FROM pg_prepared_statements WHERE statement LIKE '%%account%%'"
    work = runtime.database.work
    for tenant in (tenants.first, tenants.second, tenants.first):
        async with work.open(tenant, read_only=True) as session:
            driver = await find_driver(session)
            assert driver is not None
            await driver.execute(_COUNT)
    async with work.open(tenants.first, read_only=True) as session:
        driver = await find_driver(session)
        assert driver is not None
        assert await (await driver.execute(prepared, prepare=False)).fetchall()


async def test_a_read_that_failed_leaves_its_connection_whole(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    for _ in range(runtime.database.settings.work_pool_size + 1):
        async with runtime.database.work.open(tenants.first, read_only=True) as session:
            driver = await find_driver(session)
            assert driver is not None
            with pytest.raises(PsycopgError):
                await driver.execute("SELECT 1 / 0")
    async with runtime.database.work.open(tenants.first, read_only=True) as session:
        assert (await session.execute(text("SELECT 1"))).scalar_one() == 1


async def test_a_hot_read_goes_on_when_the_server_has_ended_its_connections(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    """As after a failover: what was closed while it was idle is not handed to anybody."""
    reader = runtime.database.reader
    await asyncio.gather(*(reader.rows(tenants.first, _COUNT) for _ in range(8)))
    ended = await reader.rows(
        tenants.first,
        "SELECT pid, pg_terminate_backend(pid, 5000) AS is_gone FROM pg_stat_activity "
        "WHERE application_name = 'myriad-reader' AND datname = current_database() "
        "AND usename = current_user AND pid <> pg_backend_pid()",
    )
    assert all(row["is_gone"] for row in ended)
    assert [await reader.rows(tenants.first, _COUNT) for _ in range(8)] == [[{"n": 0}]] * 8


async def test_a_connection_that_was_told_something_stays_in_use(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    """A notice to an idle connection is no farewell."""
    pid = "SELECT pg_backend_pid() AS pid"
    reader = Reader(runtime.database.settings.app, 1)
    await reader.open()
    try:
        before = await reader.row(tenants.first, pid)
        async with reader._pool.connection() as connection:
            await connection.execute("LISTEN told")
        async with runtime.database.session(tenants.first) as session:
            await session.execute(text("NOTIFY told"))
        assert await reader.row(tenants.first, pid) == before
    finally:
        await reader.close()


async def test_readers_wait_for_new_connections_when_all_of_theirs_have_ended(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    reader = Reader(runtime.database.settings.app, 4, wait_seconds=5)
    await reader.open()
    try:
        pids = await asyncio.gather(
            *(reader.row(tenants.first, "SELECT pg_backend_pid() AS pid") for _ in range(16))
        )
        await runtime.database.reader.rows(
            tenants.first,
            "SELECT pg_terminate_backend(pid, 5000) FROM unnest(%(pids)s::int[]) AS pid",
            {"pids": list({found["pid"] for found in pids if found})},
        )
        counts = await asyncio.gather(*(reader.row(tenants.first, _COUNT) for _ in range(16)))
        assert counts == [{"n": 0}] * 16
    finally:
        await reader.close()
