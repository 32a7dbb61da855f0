"""Namespaces that follow a tenant: whatever commits for it makes what was cached unfindable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from myriad.scale.cache import (
    Cache,
    Namespace,
    Policy,
    changes_no_view,
    committing,
    open_cache,
    tell_tenant_changed,
)
from myriad.scale.data import ReadSession, Session
from myriad.scale.data.work import commit_with
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import TwoTenants

AT_ONCE = Policy("test", 300.0, ("test",), local_seconds=0.0)
SCREEN = Namespace("test.screen", str, AT_ONCE, follows_tenant=True)
LIST = Namespace("test.list", str, AT_ONCE, follows_tenant=True)
_END = "SELECT pg_terminate_backend(%(pid)s, 10000) AS is_over"
APART = Namespace("test.apart", str, AT_ONCE)


@pytest.fixture
async def other(servers: ServerUrls) -> AsyncIterator[Cache]:
    """The cache of another process."""
    opened = open_cache(servers.cache_url, None, timeout_seconds=10.0)
    yield opened
    await opened.close()


async def look(cache: Cache, namespace: Namespace[str], tenant_id: TenantId, word: str) -> str:
    """Return what is shown when the truth is `word`."""

    async def load() -> str:
        return word

    return await cache.get(namespace, tenant_id, (), load)


async def settled(runtime: Runtime) -> None:
    """Wait until this process has told the other of its changes."""
    for task in list(runtime.caches._tasks):
        await task


@pytest.mark.parametrize("kind", ["session", "work"])
async def test_a_commit_is_seen_by_all_that_follow_and_by_nobody_else(
    runtime: Runtime, other: Cache, tenants: TwoTenants, kind: str
) -> None:
    """After a commit another process shows the tenant's changes, and keeps all else."""
    first, second = tenants.first, tenants.second
    for namespace in (SCREEN, LIST, APART):
        for tenant_id in (first, second):
            assert await look(other, namespace, tenant_id, "before") == "before"
    opened = {"session": runtime.database.session, "work": runtime.database.work.transaction}
    async with opened[kind](first) as session:
        await session.execute(text("SELECT 1"))
    await settled(runtime)
    assert await look(other, SCREEN, first, "after") == "after"
    assert await look(other, LIST, first, "after") == "after"
    assert await look(other, APART, first, "after") == "before"
    assert await look(other, SCREEN, second, "after") == "before"


async def test_who_commits_sees_it_at_once(runtime: Runtime, tenants: TwoTenants) -> None:
    """The process that wrote shows nothing that was before, without waiting for anything."""
    assert await look(runtime.caches, SCREEN, tenants.first, "before") == "before"
    async with runtime.database.session(tenants.first) as session:
        await session.execute(text("SELECT 1"))
    assert await look(runtime.caches, SCREEN, tenants.first, "after") == "after"


async def test_what_changes_nothing_leaves_the_cache_alone(
    runtime: Runtime, other: Cache, tenants: TwoTenants
) -> None:
    """Reads, roll-backs and transactions that say so invalidate nothing, and only themselves."""
    tenant_id = tenants.first
    assert await look(other, SCREEN, tenant_id, "before") == "before"
    async with runtime.database.read_session(tenant_id) as reading:
        await reading.execute(text("SELECT 1"))
    async with runtime.database.session(tenant_id) as noting:
        changes_no_view(noting)
        await noting.execute(text("SELECT 1"))
    with pytest.raises(ZeroDivisionError):
        async with runtime.database.session(tenant_id):
            raise ZeroDivisionError
    await settled(runtime)
    assert await look(other, SCREEN, tenant_id, "after") == "before"
    async with runtime.database.work.open(tenant_id) as session:
        changes_no_view(Session(ReadSession(session)))
        await session.commit()
        await session.execute(text("SELECT 1"))
        await session.commit()
    await settled(runtime)
    assert await look(other, SCREEN, tenant_id, "after") == "after"


async def test_purging_one_namespace_of_a_tenant_purges_those_that_follow_with_it(
    runtime: Runtime, other: Cache, tenants: TwoTenants
) -> None:
    """An operator who purges a screen of a tenant never leaves it in place."""
    assert await look(other, SCREEN, tenants.first, "before") == "before"
    assert await runtime.caches.invalidate(LIST, tenants.first)
    assert await look(other, SCREEN, tenants.first, "after") == "after"
    assert await runtime.caches.invalidate(SCREEN, None)
    assert await look(other, SCREEN, tenants.first, "later") == "later"


async def test_who_joins_a_look_sees_what_changed_since_it_began(
    runtime: Runtime, other: Cache, tenants: TwoTenants
) -> None:
    """Waiting for a look that began before a change elsewhere does not bring back what was before."""
    gate = asyncio.Event()

    async def slowly() -> str:
        await gate.wait()
        return "before"

    async def at_once() -> str:
        return "after"

    early = asyncio.create_task(other.get(SCREEN, tenants.first, (), slowly))
    await asyncio.sleep(0.05)
    async with runtime.database.session(tenants.first) as session:
        await session.execute(text("SELECT 1"))
    late = asyncio.create_task(other.get(SCREEN, tenants.first, (), at_once))
    await asyncio.sleep(0.05)
    gate.set()
    assert await early == "before"
    assert await late == "after"


async def test_an_answer_waits_until_others_know(
    runtime: Runtime, other: Cache, tenants: TwoTenants
) -> None:
    """When a session that somebody waits for has ended, every process has been told."""
    for number in range(20):
        assert await look(other, SCREEN, tenants.first, f"{number}") == f"{number}"
        async with runtime.database.session(tenants.first) as session:
            await session.execute(text("SELECT 1"))


@asynccontextmanager
async def _ended_with(runtime: Runtime, tenant_id: TenantId) -> AsyncIterator[AsyncSession]:
    """A transaction that is committed as a job's is, together with its last statement."""
    async with runtime.database.work.open(tenant_id) as session:
        yield session
        with committing(Session(ReadSession(session))):
            await commit_with(session, "SELECT 1", {})


@pytest.mark.parametrize("kind", ["session", "work", "job"])
async def test_a_commit_whose_answer_is_lost_counts_as_one(
    runtime: Runtime, other: Cache, tenants: TwoTenants, kind: str
) -> None:
    """When the connection breaks during COMMIT nobody knows, so nobody shows what was before."""
    tenant_id, database = tenants.first, runtime.database
    assert await look(other, SCREEN, tenant_id, "before") == "before"
    opened: dict[str, Callable[[TenantId], AbstractAsyncContextManager[AsyncSession]]] = {
        "session": database.session,
        "work": database.work.transaction,
        "job": partial(_ended_with, runtime),
    }

    async def commit_unheard() -> None:
        async with opened[kind](tenant_id) as session:
            pid = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
            ended = await runtime.database.reader.row(tenant_id, _END, {"pid": pid})
            assert ended == {"is_over": True}

    with pytest.raises((DBAPIError, psycopg.Error)):
        await commit_unheard()
    await settled(runtime)
    assert await look(other, SCREEN, tenant_id, "after") == "after"


async def test_without_redis_those_who_come_late_share_one_look(tenants: TwoTenants) -> None:
    """They neither take what began before them nor make it each for themselves."""
    alone, gate, looks = open_cache(None, None), asyncio.Event(), list[int]()

    async def load() -> str:
        looks.append(len(looks))
        await gate.wait()
        await asyncio.sleep(0)
        return "shown"

    early = asyncio.create_task(alone.get(SCREEN, tenants.first, (), load))
    await asyncio.sleep(0)
    late = [asyncio.create_task(alone.get(SCREEN, tenants.first, (), load)) for _ in range(5)]
    await asyncio.sleep(0)
    assert looks == [0]
    gate.set()
    assert await asyncio.gather(early, *late) == ["shown"] * 6
    assert looks == [0, 1]


async def test_work_of_many_commits_tells_once_at_its_end(
    runtime: Runtime, other: Cache, tenants: TwoTenants
) -> None:
    assert await look(other, SCREEN, tenants.first, "before") == "before"
    for _ in range(2):
        async with runtime.database.work.transaction(tenants.first) as session:
            changes_no_view(Session(ReadSession(session)))
            await session.execute(text("SELECT 1"))
    await settled(runtime)
    assert await look(other, SCREEN, tenants.first, "during") == "before"
    tell_tenant_changed(runtime.database.session_info, tenants.first)
    await settled(runtime)
    assert await look(other, SCREEN, tenants.first, "after") == "after"
