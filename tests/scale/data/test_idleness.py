"""Connections that nobody needs are closed, and nobody who comes back notices."""

from __future__ import annotations

import asyncio

from sqlalchemy import text

from myriad.scale.data import Database
from myriad.scale.data.idleness import Idleness
from myriad.scale.runtime import Runtime
from tests.fixtures.database import TwoTenants

_PID = text("SELECT pg_backend_pid()")


async def _pids(database: Database, tenants: TwoTenants) -> dict[str, int]:
    """Return which server processes answer in each kind of session."""
    found = {}
    async with database.session(tenants.first) as session:
        found["session"] = await session.scalar(_PID)
    async with database.read_session(tenants.first) as session:
        found["read"] = await session.scalar(_PID)
    async with database.work.open(tenants.first) as work:
        found["work"] = await work.scalar(_PID)
        await work.commit()
    async with database.crossing("test looks for its connection") as session:
        found["crossing"] = await session.scalar(_PID)
    return found


async def test_idle_connections_are_closed_and_opened_anew(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    database = Database(runtime.database.settings, process="test")
    database._idleness._idle_seconds = 0.0
    try:
        first = await _pids(database, tenants)
        assert await database._idleness.close_idle() == len(first)
        second = await _pids(database, tenants)
        assert set(first.values()).isdisjoint(second.values())
        assert (await _pids(database, tenants)) == second
    finally:
        await database.close()


async def test_what_is_used_or_was_used_just_now_stays(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    database = Database(runtime.database.settings, process="test")
    try:
        first = await _pids(database, tenants)
        assert await database._idleness.close_idle() == 0
        database._idleness._idle_seconds = 0.0
        async with database.session(tenants.first) as session:
            held = await session.scalar(_PID)
            await database._idleness.close_idle()
            assert await session.scalar(_PID) == held
        assert held == first["session"]
    finally:
        await database.close()


async def test_a_closed_connection_that_is_wanted_again_costs_the_pool_no_other(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    database = Database(runtime.database.settings, process="test")
    database._idleness._idle_seconds = 0.0
    try:
        async with database.session(tenants.first) as busy:
            held = await busy.scalar(_PID)
            async with database.session(tenants.second) as other:
                closed = await other.scalar(_PID)
            assert await database._idleness.close_idle() == 1
            async with database.session(tenants.second) as other:
                assert await other.scalar(_PID) != closed
        async with database.session(tenants.first) as again:
            assert await again.scalar(_PID) == held
    finally:
        await database.close()


async def test_looking_ends_with_what_it_looks_after() -> None:
    before = asyncio.all_tasks()
    idleness = Idleness()
    idleness.start()
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks() - before) == 1
    await idleness.close()
    assert asyncio.all_tasks() <= before
