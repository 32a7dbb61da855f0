"""Entries kept by hand: found by whoever asks, gone when purged, made by one of all who miss them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from myriad.kit.ids import new_id
from myriad.scale.cache import Cache, How, Namespace, Policy, open_cache
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.tenancy import TenantId

WORDS = Namespace("test.shelf", str, Policy("test", 300.0, ("test",), local_seconds=0.0))


@pytest.fixture
async def pair(servers: ServerUrls) -> AsyncIterator[tuple[Cache, Cache]]:
    """The layers of two processes on one server."""
    made = [open_cache(servers.cache_url, None, timeout_seconds=10.0) for _ in range(2)]
    yield made[0], made[1]
    for cache in made:
        await cache.close()


async def test_what_one_keeps_another_finds_and_no_other_tenant(pair: tuple[Cache, Cache]) -> None:
    tenant, name = TenantId(new_id()), str(new_id())
    one, other = (cache.shelf(WORDS) for cache in pair)
    generation = (await one.find(tenant, [name])).generation
    await one.keep(tenant, generation, [(name, "word")], 60)
    assert (await other.find(tenant, [name, "else"])).values == ("word", None)
    assert (await other.find(TenantId(new_id()), [name])).values == (None,)


async def test_what_was_purged_while_it_was_made_stays_purged(pair: tuple[Cache, Cache]) -> None:
    tenant, name = TenantId(new_id()), str(new_id())
    one, other = (cache.shelf(WORDS) for cache in pair)
    generation = (await one.find(tenant, [name])).generation
    await pair[1].invalidate(WORDS, tenant)
    await one.keep(tenant, generation, [(name, "from before")], 60)
    assert (await one.find(tenant, [name])).values == (None,)
    assert (await other.find(tenant, [name])).values == (None,)


async def test_of_two_who_miss_one_makes_and_the_other_gets_it(pair: tuple[Cache, Cache]) -> None:
    tenant, name, made = TenantId(new_id()), str(new_id()), []

    async def ask(cache: Cache) -> str:
        shelf = cache.shelf(WORDS)
        found = await shelf.find(tenant, [name])
        async with shelf.turn(tenant, found.generation, name, 30.0, lambda _: True) as other:
            if other is not None:
                return other
            await asyncio.sleep(0.3)
            made.append(name)
            await shelf.keep(tenant, found.generation, [(name, "word")], 60)
            return "word"

    assert await asyncio.gather(*(ask(cache) for cache in pair)) == ["word", "word"]
    assert made == [name]


async def test_one_who_makes_nothing_worth_keeping_leaves_it_to_the_other(
    pair: tuple[Cache, Cache],
) -> None:
    tenant, name = TenantId(new_id()), str(new_id())
    one, other = (cache.shelf(WORDS) for cache in pair)
    generation = (await one.find(tenant, [name])).generation
    async with one.turn(tenant, generation, name, 30.0, lambda _: True) as mine:
        assert mine is None
        waiting = asyncio.create_task(_take(other, tenant, generation, name))
        await asyncio.sleep(0.1)
        assert not waiting.done()
    assert await waiting is None


async def _take(shelf: object, tenant: TenantId, generation: str, name: str) -> str | None:
    async with shelf.turn(  # type: ignore[attr-defined]
        tenant, generation, name, 30.0, lambda _: True
    ) as found:
        value: str | None = found
        return value


async def test_without_a_server_nothing_is_kept_and_everybody_makes(
    pair: tuple[Cache, Cache],
) -> None:
    cache, tenant = open_cache(None, None), TenantId(new_id())
    shelf = cache.shelf(WORDS)
    found = await shelf.find(tenant, ["name"])
    assert (found.values, found.generation) == ((None,), "")
    await shelf.keep(tenant, found.generation, [("name", "word")], 60)
    assert (await shelf.find(tenant, ["name"])).values == (None,)
    async with shelf.turn(tenant, "", "name", 30.0, lambda _: True) as other:
        assert other is None
    shelf.count(How.MISS, 2)
    assert cache.statistics.counted["test.shelf", How.MISS] == 2
