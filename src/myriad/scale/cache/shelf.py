"""Entries that are read and kept by hand, where their maker decides what is worth keeping.

`Cache.get` keeps whatever was made, and one loader knows how to make it. Answers of models are
kept only when they are good enough, many are looked up at once, and an old one counts when all
else fails: such a maker reads and keeps by itself. Keys, generations and the shared layer are the
cache's own, so that purging and counting work alike. Nothing is held in the process.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from myriad.scale.cache.entry import Entry, read_entry, write_entry
from myriad.scale.cache.generations import Generations, Place
from myriad.scale.cache.namespace import Keys, Namespace, digest_of
from myriad.scale.cache.pending import Pending
from myriad.scale.cache.statistics import How, Statistics
from myriad.scale.cache.store import Store, StoreAwayError
from myriad.scale.cache.turns import Turns
from myriad.scale.tenancy import TenantId

ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True)
class Found(Generic[ValueT]):
    """What stands under names, in their order, and the generation in which it was looked up.

    Without a generation (the shared layer is away) nothing can be kept.
    """

    values: tuple[ValueT | None, ...]
    generation: str


class Shelf(Generic[ValueT]):
    """The entries of one namespace, by name; see `Cache.shelf`."""

    def __init__(
        self,
        namespace: Namespace[ValueT],
        store: Store | None,
        keys: Keys,
        generations: Generations,
        pending: Pending,
        statistics: Statistics,
    ) -> None:
        self._namespace = namespace
        self._store = store
        self._keys = keys
        self._generations = generations
        self._pending = pending
        self._statistics = statistics
        self._turns = Turns(store)

    async def find(self, tenant_id: TenantId, names: Sequence[str]) -> Found[ValueT]:
        """Return what is kept under each name, in one round trip; how old is too old you decide."""
        self._namespace.check_tenant(tenant_id)
        if self._statistics.is_due:
            await self._statistics.tell()
        place = (self._namespace.name, tenant_id)
        if not names or self._store is None or self._pending.holds(place):
            return Found((None,) * len(names), "")
        try:
            generation, data = await self._read(place, names)
        except StoreAwayError:
            return Found((None,) * len(names), "")
        return Found(tuple(self._value(each, generation) for each in data), generation)

    async def _read(self, place: Place, names: Sequence[str]) -> tuple[str, Sequence[bytes | None]]:
        assert self._store is not None
        epoch, guess = self._generations.epoch(place), self._generations.guess(place)
        until = time.monotonic() + self._namespace.policy.local_seconds
        at = [self._at(place[1], name, guess) for name in names]
        first, second, *data = await self._store.read(*self._generations.addresses(place), *at)
        generation = await self._generations.complete(place, [first, second])
        if generation != guess:
            data = await self._store.read(*(self._at(place[1], name, generation) for name in names))
        if not self._pending.holds(place):
            self._generations.trust(place, generation, epoch, until)
        return generation, data

    def _value(self, data: bytes | None, generation: str) -> ValueT | None:
        entry = None if data is None else read_entry(self._namespace, data, generation)
        return None if entry is None else entry.value

    def _at(self, tenant_id: TenantId, name: str, generation: str) -> str:
        return self._keys.entry(self._namespace, tenant_id, generation, digest_of((name,)))

    async def keep(
        self,
        tenant_id: TenantId,
        generation: str,
        named: Sequence[tuple[str, ValueT]],
        seconds: float,
    ) -> None:
        """Keep each value under its name, for so long or for the policy's periods if they are shorter.

        `generation` is that of the look-up before the value was made, so that what was purged
        meanwhile stays purged.
        """
        policy = self._namespace.policy
        seconds = min(seconds, policy.fresh_seconds + policy.stale_seconds)
        if not named or not generation or seconds <= 0 or self._store is None:
            return
        until = time.time() + seconds
        pairs = {
            self._at(tenant_id, name, generation): write_entry(
                Entry(value, generation, until, until)
            )
            for name, value in named
        }
        try:
            await self._store.write_all(pairs, seconds)
        except StoreAwayError:
            return

    @asynccontextmanager
    async def turn(
        self,
        tenant_id: TenantId,
        generation: str,
        name: str,
        seconds: float,
        is_news: Callable[[ValueT], bool],
    ) -> AsyncIterator[ValueT | None]:
        """Enter with None to make the value yourself, or with what another process has just made.

        While another process makes it this waits, `seconds` at most. `is_news` tells its value
        from what was kept before. One that made nothing worth keeping leaves all who waited to
        make it themselves.
        """
        if not generation:
            yield None
            return
        at = self._at(tenant_id, name, generation)
        async with self._turns.held(at) as is_mine:
            yield None if is_mine else await self._wait(at, generation, seconds, is_news)

    async def _wait(
        self, at: str, generation: str, seconds: float, is_news: Callable[[ValueT], bool]
    ) -> ValueT | None:
        def is_new(data: bytes) -> bool:
            value = self._value(data, generation)
            return value is not None and is_news(value)

        data = await self._turns.wait(at, seconds, is_new)
        return self._value(data, generation)

    def count(self, how: How, times: int = 1) -> None:
        """Count how look-ups were answered."""
        if times:
            self._statistics.count(self._namespace.name, how, times)
