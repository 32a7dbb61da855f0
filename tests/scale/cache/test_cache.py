"""The cache of one process: what it serves, for how long, and what it never serves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from myriad.kit.ids import new_id
from myriad.scale.cache import (
    EVERYBODY,
    POLICIES,
    Cache,
    Keys,
    Namespace,
    Policy,
    invalidate_after_commit,
    open_cache,
)
from myriad.scale.cache.entry import Entry, make_entry
from myriad.scale.cache.held import Held
from myriad.scale.cache.namespace import NamespaceError, digest_of
from myriad.scale.embedded.redis import EmbeddedRedis
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import TwoTenants

AT_ONCE = Namespace("test.at_once", str, Policy("test", 300.0, ("test",), local_seconds=0.0))
HELD = Namespace("test.held", str, Policy("test", 300.0, ("test",), local_seconds=60.0))
BRIEF = Namespace(
    "test.brief",
    str,
    Policy("test", 0.001, ("test",), stale_seconds=300.0, local_seconds=0.0),
)
ABSENT: Namespace[str | None] = Namespace(
    "test.absent",
    str | None,  # type: ignore[arg-type]
    Policy("test", 300.0, ("test",), negative_seconds=300.0),
)
OURS = Namespace("test.ours", str, Policy("test", 300.0, ("test",)), is_shared=True)
MOST_STALE = 50


@dataclass
class Truth:
    """Where values come from, how often it was asked, and whether it fails."""

    value: str | None = "one"
    loads: int = 0
    fails: bool = False
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def load(self) -> str:
        self.loads += 1
        if self.fails:
            raise ConnectionError("the truth is away")
        return self.value  # type: ignore[return-value]

    async def load_slowly(self) -> str:
        await self.gate.wait()
        return await self.load()


@pytest.fixture
async def cache(servers: ServerUrls) -> AsyncIterator[Cache]:
    opened = open_cache(servers.cache_url, None, timeout_seconds=10.0)
    yield opened
    await opened.close()


@pytest.fixture
async def other(servers: ServerUrls) -> AsyncIterator[Cache]:
    opened = open_cache(servers.cache_url, None, timeout_seconds=10.0)
    yield opened
    await opened.close()


@pytest.fixture
def tenant() -> TenantId:
    return TenantId(new_id())


async def test_a_change_elsewhere_is_seen_by_the_next_look(
    cache: Cache, other: Cache, tenant: TenantId
) -> None:
    """After another process's change none of fifty looks is stale, where the rule is at once.

    RESP3 left client-side copies stale here, fifty times of fifty.
    """
    truth, stale = Truth(), 0
    for number in range(MOST_STALE):
        truth.value = f"value {number}"
        await other.invalidate(AT_ONCE, tenant)
        stale += await cache.get(AT_ONCE, tenant, (), truth.load) != truth.value
        stale += await other.get(AT_ONCE, tenant, (), truth.load) != truth.value
    assert stale == 0
    assert truth.loads == MOST_STALE


async def test_a_change_here_is_seen_at_once(cache: Cache, tenant: TenantId) -> None:
    """Who changes something never sees what was before, however long entries are held here."""
    truth = Truth()
    assert await cache.get(HELD, tenant, (), truth.load) == "one"
    truth.value = "two"
    cache.invalidate_soon(HELD, tenant)
    assert await cache.get(HELD, tenant, (), truth.load) == "two"


async def test_a_load_that_began_before_a_change_is_not_served_after_it(
    cache: Cache, tenant: TenantId
) -> None:
    """Reading that was under way during a change serves nobody who came after the change."""
    slow, fast = Truth("before"), Truth("after")
    early = asyncio.create_task(cache.get(HELD, tenant, (), slow.load_slowly))
    await asyncio.sleep(0.05)
    await cache.invalidate(HELD, tenant)
    late = asyncio.create_task(cache.get(HELD, tenant, (), fast.load))
    assert await late == "after"
    slow.gate.set()
    assert await early == "before"
    assert await cache.get(HELD, tenant, (), fast.load) == "after"


async def test_a_commit_invalidates_and_a_rollback_does_not(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    """Entries fall in the wake of the transaction that changed them, not of its savepoints."""
    cache, truth, tenant = runtime.caches, Truth(), tenants.first
    await cache.get(HELD, tenant, (), truth.load)
    truth.value = "two"
    async with runtime.database.session(tenant) as session:
        invalidate_after_commit(session, cache, tenant, HELD)
        await session.rollback()
    assert await cache.get(HELD, tenant, (), truth.load) == "one"
    async with runtime.database.session(tenant) as session:
        invalidate_after_commit(session, cache, tenant, HELD)
        async with session.begin_nested():
            await session.execute(text("SELECT 1"))
        assert await cache.get(HELD, tenant, (), truth.load) == "one"
    assert await cache.get(HELD, tenant, (), truth.load) == "two"


async def test_tenants_arguments_and_types_keep_apart(cache: Cache, tenants: TwoTenants) -> None:
    """Another tenant, another argument and another type of argument are other entries."""
    seen = []
    for tenant in (tenants.first, tenants.second):
        for arguments in [(1,), (True,), ("1",), (1.0,), ("ab", "c"), ("a", "bc")]:
            truth = Truth(f"{tenant} {arguments!r}")
            seen.append(await cache.get(HELD, tenant, arguments, truth.load) == truth.value)
    assert seen == [True] * 12


async def test_purging_a_namespace_empties_it_for_every_tenant(
    cache: Cache, other: Cache, tenants: TwoTenants
) -> None:
    """An operator's purge of all tenants leaves nothing; of one tenant, the other's."""
    truth = Truth()
    for tenant in (tenants.first, tenants.second):
        await cache.get(AT_ONCE, tenant, (), truth.load)
    await other.invalidate(AT_ONCE, tenants.first)
    for tenant in (tenants.first, tenants.second):
        await cache.get(AT_ONCE, tenant, (), truth.load)
    assert truth.loads == 3
    await other.invalidate(AT_ONCE, None)
    for tenant in (tenants.first, tenants.second):
        await cache.get(AT_ONCE, tenant, (), truth.load)
    assert truth.loads == 5


async def test_a_hundred_callers_make_one_load(cache: Cache, tenant: TenantId) -> None:
    """Callers that miss together wait for the one who makes the value."""
    truth = Truth()
    truth.gate.set()
    calls = [cache.get(AT_ONCE, tenant, (), truth.load_slowly) for _ in range(100)]
    assert await asyncio.gather(*calls) == ["one"] * 100
    assert truth.loads == 1


async def test_the_one_who_makes_the_value_may_give_up(cache: Cache, tenant: TenantId) -> None:
    """When the caller whom others wait for is cancelled, another of them takes over."""
    truth = Truth()
    first = asyncio.create_task(cache.get(AT_ONCE, tenant, (), truth.load_slowly))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(cache.get(AT_ONCE, tenant, (), truth.load_slowly))
    await asyncio.sleep(0.05)
    first.cancel()
    truth.gate.set()
    assert await second == "one"


async def test_stale_stands_in_for_a_truth_that_fails(cache: Cache, tenant: TenantId) -> None:
    """While making it anew fails, the value before is served; a change still ends it."""
    truth = Truth()
    await cache.get(BRIEF, tenant, (), truth.load)
    await asyncio.sleep(0.01)
    truth.fails = True
    assert await cache.get(BRIEF, tenant, (), truth.load) == "one"
    await cache.invalidate(BRIEF, tenant)
    with pytest.raises(ConnectionError):
        await cache.get(BRIEF, tenant, (), truth.load)


async def test_one_makes_anew_and_others_have_the_one_before(
    cache: Cache, other: Cache, tenant: TenantId
) -> None:
    """An entry that has just ended is served to everybody but the one who makes it anew."""
    truth = Truth()
    await cache.get(BRIEF, tenant, (), truth.load)
    await asyncio.sleep(0.01)
    truth.value = "two"
    maker = asyncio.create_task(cache.get(BRIEF, tenant, (), truth.load_slowly))
    await asyncio.sleep(0.1)
    assert await other.get(BRIEF, tenant, (), truth.load_slowly) == "one"
    truth.gate.set()
    assert await maker == "two"


async def test_there_is_none_is_remembered(cache: Cache, other: Cache, tenant: TenantId) -> None:
    """That something does not exist is looked up once, where the policy says so."""
    truth = Truth(value=None)
    for one in (cache, other, cache):
        assert await one.get(ABSENT, tenant, (), truth.load) is None
    assert truth.loads == 1


async def test_an_entry_belongs_to_a_tenant_unless_declared_everybodys(
    cache: Cache, tenant: TenantId
) -> None:
    """A tenant's data cannot be put where everybody looks, nor the other way round."""
    truth = Truth()
    for namespace, whose in ((HELD, EVERYBODY), (OURS, tenant)):
        with pytest.raises(NamespaceError):
            await cache.get(namespace, whose, (), truth.load)
    assert await cache.get(OURS, EVERYBODY, (), truth.load) == "one"


async def test_nonsense_in_redis_is_a_miss(
    cache: Cache, other: Cache, runtime: Runtime, tenant: TenantId
) -> None:
    """Bytes that are no entry are made anew, not handed out and not an error."""
    truth = Truth()
    await cache.get(AT_ONCE, tenant, (), truth.load)
    async for key in runtime.cache.scan_iter(f"myr:main:{AT_ONCE.name}:v1:{tenant}:*"):
        await runtime.cache.set(key, b"\xc1 no entry")
    truth.value = "two"
    assert await other.get(AT_ONCE, tenant, (), truth.load) == "two"


async def test_a_server_that_forgot_revives_nothing(
    cache: Cache, runtime: Runtime, tenant: TenantId
) -> None:
    """When Redis evicts a generation, what was invalidated before does not come back."""
    truth, keys = Truth(), Keys("main")
    await cache.get(AT_ONCE, tenant, (), truth.load)
    truth.value = "two"
    await cache.invalidate(AT_ONCE, tenant)
    await runtime.cache.delete(keys.generation(AT_ONCE.name, tenant))
    assert await cache.get(AT_ONCE, tenant, (), truth.load) == "two"


async def test_without_redis_it_is_slower_and_never_wrong(tenant: TenantId) -> None:
    """Nothing answers: every look gives the truth of now or of the last second, and no error."""
    cache, truth = open_cache("redis://127.0.0.1:1/0", None), Truth()
    for value in ("one", "two", "three"):
        truth.value = value
        assert await cache.get(AT_ONCE, tenant, (), truth.load) == value
        truth.value = f"{value} changed"
        assert not await cache.invalidate(HELD, tenant)
        assert await cache.get(HELD, tenant, (), truth.load) == truth.value
    await cache.close()


async def test_a_redis_that_hangs_is_left_alone(tenant: TenantId) -> None:
    """A server that takes connections and never answers costs a timeout or two, then nothing."""
    asked = 0

    async def swallow(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await reader.read()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    cache, truth = open_cache(f"redis://127.0.0.1:{port}/0", None), Truth()
    cache._store._away_seconds = 10.0  # type: ignore[union-attr]
    for number in range(200):
        truth.value = f"value {number}"
        assert await cache.get(AT_ONCE, tenant, (), truth.load) == truth.value
    # One look more is granted to a process that was itself too busy to hear an answer.
    assert asked in (1, 2)
    await cache.close()
    server.close()


async def test_what_was_invalidated_while_redis_was_away_stays_so(
    tmp_path: Path, tenant: TenantId
) -> None:
    """A change made during an outage is told when Redis is back, with all that it still held."""
    redis = EmbeddedRedis(tmp_path, "cache")
    redis.initialise()
    child = redis.spawn()
    redis.wait_ready(child)
    cache, other, truth = (
        open_cache(redis.url, None),
        open_cache(redis.url, None, timeout_seconds=10.0),
        Truth(),
    )
    try:
        assert await cache.get(AT_ONCE, tenant, (), truth.load) == "one"
        child.send_signal(19)
        truth.value = "two"
        assert not await cache.invalidate(AT_ONCE, tenant)
        assert await cache.get(AT_ONCE, tenant, (), truth.load) == "two"
        child.send_signal(18)
        assert cache._pending._telling is not None
        await cache._pending._telling
        assert await other.get(AT_ONCE, tenant, (), truth.load) == "two"
    finally:
        child.send_signal(18)
        await cache.close()
        await other.close()
        redis.stop(child)


@given(st.lists(st.one_of(st.integers(), st.text(), st.booleans(), st.none()), max_size=5))
def test_a_digest_tells_arguments_apart(arguments: list[int | str | bool | None]) -> None:
    """The digest is that of the canonical JSON; one argument more makes another."""
    digest = digest_of(tuple(arguments))
    assert digest == digest_of(tuple(arguments))
    assert digest != digest_of((*arguments, None))


def test_entries_made_together_do_not_end_together() -> None:
    """Freshness varies by ten per cent to either side, and never more."""
    policy = Policy("test", 1000.0, ("test",))
    ends = [entry.fresh_until for _ in range(200) if (entry := make_entry(policy, "x", "g"))]
    spread = max(ends) - min(ends)
    assert 100 < spread < 205


def test_every_period_that_the_documents_name_is_a_row() -> None:
    """The table of policies holds each period of each document, under its source."""
    periods = {source: row.fresh_seconds for row in POLICIES.values() for source in row.sources}
    assert (
        periods.items()
        >= {
            "K-C edge": 60,
            "K-C api": 300,
            "K-C compute": 3600,
            "K-C database": 86400,
            "M-C llm:dashboard": 900,
            "M-C llm:analytics": 3600,
            "M-C llm:mappings": 300,
            "M-C llm:queue:count": 30,
            "M-C transactions:user": 300,
            "M-C decorator default": 300,
            "U-C user_sessions": 86400,
            "U-C api_responses": 300,
            "U-C valuation_results": 3600,
            "U-C company_data": 86400,
            "U-C browser static": 365 * 86400,
            "C-C scan results": 3600,
            "C-C brand context": 600,
            "C-C API responses": 300,
            "C-C query results": 1800,
        }.items()
    )


async def test_a_process_that_was_busy_does_not_leave_redis(cache: Cache, tenant: TenantId) -> None:
    """Who notices late that time is up has not waited for Redis: the next look is shared again."""
    store, truth = cache._store, Truth()
    assert store is not None
    store._timeout = 0.05  # type: ignore[attr-defined]
    assert await cache.get(AT_ONCE, tenant, (), truth.load) == "one"
    look = asyncio.create_task(cache.get(AT_ONCE, tenant, (), truth.load))
    await asyncio.sleep(0)
    time.sleep(0.2)  # noqa: ASYNC251 - the process draws a page
    assert await look == "one"
    assert store._away_seconds == 0  # type: ignore[attr-defined]
    loads = truth.loads
    assert await cache.get(AT_ONCE, tenant, (), truth.load) == "one"
    assert truth.loads == loads


def test_what_a_process_holds_is_bounded_by_its_bytes() -> None:
    """Large entries let go of older ones although there are few of them."""
    held = Held(most=100, most_bytes=1000)
    for number in range(6):
        held.keep(number, Entry("x", "g", 1.0, 1.0, size_bytes=300))
    assert [number for number in range(6) if held.find(number) is not None] == [3, 4, 5]
    held.keep(5, Entry("y", "g", 1.0, 1.0, size_bytes=100))
    held.keep(6, Entry("x", "g", 1.0, 1.0, size_bytes=300))
    assert [number for number in range(7) if held.find(number) is not None] == [3, 4, 5, 6]


async def test_a_large_value_is_the_same_after_packing(
    cache: Cache, other: Cache, tenant: TenantId
) -> None:
    """What is packed for Redis is unpacked as it was."""
    truth = Truth("a page " * 10_000)
    assert await cache.get(AT_ONCE, tenant, (), truth.load) == truth.value
    assert await other.get(AT_ONCE, tenant, (), truth.load) == truth.value
    assert truth.loads == 1
