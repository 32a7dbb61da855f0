"""The cache of one process: what it holds itself, then what all share, then the truth.

    value = await caches.get(TODAY, tenant_id, (day,), load)

An entry held here is served while its generation is trusted, a second at most. Then one round trip
asks for the generation and the shared entry together. On a miss one caller of all processes makes
the value; the others wait for it, or are served the one before while the policy allows.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from functools import partial
from typing import Any, TypeVar, cast

from myriad.scale.cache.entry import Entry, make_entry, read_entry, weigh_entry
from myriad.scale.cache.generations import Generations, Place
from myriad.scale.cache.held import Held
from myriad.scale.cache.namespace import TENANT, Keys, Namespace, digest_of
from myriad.scale.cache.pending import Pending
from myriad.scale.cache.shelf import Shelf
from myriad.scale.cache.statistics import How, Statistics
from myriad.scale.cache.store import Store, StoreAwayError
from myriad.scale.cache.turns import Turns
from myriad.scale.observe.logs import get_logger
from myriad.scale.tenancy import TenantId

_log = get_logger(__name__)
ValueT = TypeVar("ValueT")
Load = Callable[[], Awaitable[ValueT]]
_Key = tuple[str, TenantId, tuple[Hashable, ...], tuple[type, ...]]
_Flight = asyncio.Future[tuple[Any, BaseException | None]]
_MOST_HELD = 10_000


class Cache:
    """Layers of one process. Values that it returns are shared: nobody may change them.

    `store` is None for a process without Redis, which then holds everything for itself alone.
    """

    def __init__(
        self,
        store: Store | None,
        statistics: Statistics,
        keys: Keys,
        *,
        most_held: int = _MOST_HELD,
    ) -> None:
        self._store = store
        self._keys = keys
        self._held = Held(most_held)
        self._flights: dict[tuple[_Key, tuple[int, int]], _Flight] = {}
        self._generations = Generations(store, keys)
        self._pending = Pending(self._generations)
        self._turns = Turns(store)
        self._tasks: set[asyncio.Task[None]] = set()
        self.statistics = statistics

    async def get(
        self,
        namespace: Namespace[ValueT],
        tenant_id: TenantId,
        arguments: tuple[Hashable, ...],
        load: Load[ValueT],
    ) -> ValueT:
        """Return the value for these arguments, made by `load` when no layer has it.

        `load` must see committed data only, so never a session that has changed something. What it
        raises is raised here, unless an entry that is not too stale stands in for it.
        """
        # 1, 1.0 and True are one key to a dictionary; with their types they are three.
        key = (namespace.name, tenant_id, arguments, tuple(map(type, arguments)))
        entry = self._held.find(key)
        if (
            entry is not None
            and entry.generation == self._generations.find((namespace.name, tenant_id))
            and entry.is_fresh(time.time())
        ):
            self.statistics.count(namespace.name, How.LOCAL)
            return cast(ValueT, entry.value)
        namespace.check_tenant(tenant_id)
        return cast(ValueT, await self._get_slowly(namespace, key, load))

    async def invalidate(self, namespace: Namespace[Any], tenant_id: TenantId | None) -> bool:
        """Make every entry of a tenant, or with None of all tenants, unfindable.

        Returns whether the shared layer was told; if not, it is told as soon as it answers, and
        this process uses nothing of the namespace until then.
        """
        self._pending.announce(namespace.name, tenant_id)
        return await self._pending.bump(namespace.name, tenant_id)

    def invalidate_soon(self, namespace: Namespace[Any], tenant_id: TenantId) -> asyncio.Task[None]:
        """Invalidate from code that cannot wait: here at once, elsewhere a round trip later.

        The task ends when the others have been told, or Redis has not answered; it never fails.
        """
        self._pending.announce(namespace.name, tenant_id)
        return self._start(self._bump(namespace.name, tenant_id))

    def tenant_changed(self, tenant_id: TenantId) -> asyncio.Task[None]:
        """Invalidate all namespaces that follow this tenant, as `invalidate_soon` does for one."""
        self._pending.announce(TENANT, tenant_id)
        return self._start(self._bump(TENANT, tenant_id))

    def shelf(self, namespace: Namespace[ValueT]) -> Shelf[ValueT]:
        """Return the namespace's entries to be read and kept by hand."""
        return Shelf(
            namespace, self._store, self._keys, self._generations, self._pending, self.statistics
        )

    async def close(self) -> None:
        """Tell what was counted and announced, then close every connection."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)
        await self._pending.close()
        await self.statistics.tell()
        if self._store is not None:
            await self._store.close()

    async def _bump(self, namespace: str, tenant_id: TenantId) -> None:
        await self._pending.bump(namespace, tenant_id)

    async def _get_slowly(self, namespace: Namespace[Any], key: _Key, load: Load[Any]) -> Any:
        if self.statistics.is_due:
            self._start(self.statistics.tell())
        place = (namespace.name, key[1])
        if self._pending.holds(place):
            self.statistics.count(namespace.name, How.MISS)
            return await load()
        # The first began before this look, perhaps before a change that this look comes after.
        is_recent = namespace.trust_seconds > 0
        while (flight := self._flights.get((key, self._generations.epoch(place)))) is not None:
            value, error = await asyncio.shield(flight)
            if error is None and is_recent:
                self.statistics.count(namespace.name, How.JOINED)
                return value
            if error is not None and not isinstance(error, asyncio.CancelledError):
                raise error
            is_recent = True
        return await self._fly(namespace, key, load)

    async def _fly(self, namespace: Namespace[Any], key: _Key, load: Load[Any]) -> Any:
        epoch = self._generations.epoch((namespace.name, key[1]))
        flight: _Flight = asyncio.get_running_loop().create_future()
        self._flights[key, epoch] = flight
        try:
            value = await self._look_up(namespace, key, load)
        except BaseException as error:
            flight.set_result((None, error))
            raise
        else:
            flight.set_result((value, None))
            return value
        finally:
            del self._flights[key, epoch]

    async def _look_up(self, namespace: Namespace[Any], key: _Key, load: Load[Any]) -> Any:
        place = (namespace.name, key[1])
        try:
            found, generation = await self._read(namespace, key, place)
        except StoreAwayError:
            return await self._alone(namespace, key, place, load)
        if found is not None and found.is_fresh(time.time()):
            self._held.keep(key, found)
            self.statistics.count(namespace.name, How.SHARED)
            return found.value
        return await self._make(namespace, key, generation, found, load)

    async def _read(
        self, namespace: Namespace[Any], key: _Key, place: Place
    ) -> tuple[Entry | None, str]:
        if self._store is None:
            raise StoreAwayError
        epoch, guess = self._generations.epoch(place), self._generations.guess(place)
        until = time.monotonic() + namespace.trust_seconds
        held, digest = self._held.find(key), digest_of(key[2])
        if held is not None and (held.generation != guess or not held.is_fresh(time.time())):
            held = None
        asked = () if held is not None else (self._keys.entry(namespace, key[1], guess, digest),)
        first, second, *data = await self._store.read(*self._generations.addresses(place), *asked)
        generation = await self._generations.complete(place, [first, second])
        if generation != guess:
            at = self._keys.entry(namespace, key[1], generation, digest)
            # Nothing lies under a generation that has just begun.
            is_new = first is None or second is None
            held, data = None, [None] if is_new else await self._store.read(at)
        if not self._pending.holds(place):
            self._generations.trust(place, generation, epoch, until)
        if held is None and data[0] is not None:
            held = read_entry(namespace, data[0], generation)
        return held, generation

    async def _alone(
        self, namespace: Namespace[Any], key: _Key, place: Place, load: Load[Any]
    ) -> Any:
        generation = self._generations.find(place)
        if generation is None:
            generation = self._generations.trust_alone(place, namespace.trust_seconds)
        self.statistics.count(namespace.name, How.MISS)
        value = await load()
        entry = make_entry(namespace.policy, value, generation)
        if entry is not None and namespace.trust_seconds:
            self._held.keep(key, entry)
        return value

    async def _make(
        self,
        namespace: Namespace[Any],
        key: _Key,
        generation: str,
        before: Entry | None,
        load: Load[Any],
    ) -> Any:
        at = self._keys.entry(namespace, key[1], generation, digest_of(key[2]))
        usable = before if before is not None and before.is_usable(time.time()) else None
        token = await self._turns.take(at, namespace.policy.most_seconds)
        if token is not None:
            return await self._load_in_turn(namespace, key, generation, usable, load, (at, token))
        if usable is not None:
            self.statistics.count(namespace.name, How.STALE)
            return usable.value
        data = await self._turns.wait(at, namespace.policy.most_seconds)
        other = None if data is None else read_entry(namespace, data, generation)
        if other is None:
            write = partial(self._write, at)
            return await self._load(namespace, key, generation, usable, load, write)
        self._held.keep(key, other)
        self.statistics.count(namespace.name, How.JOINED)
        return other.value

    async def _load_in_turn(
        self,
        namespace: Namespace[Any],
        key: _Key,
        generation: str,
        usable: Entry | None,
        load: Load[Any],
        turn: tuple[str, bytes],
    ) -> Any:
        is_over = False

        async def write(data: bytes, seconds: float) -> None:
            nonlocal is_over
            await self._turns.finish(*turn, data, seconds)
            is_over = True

        try:
            return await self._load(namespace, key, generation, usable, load, write)
        finally:
            if not is_over:
                await self._turns.release(*turn)

    async def _load(
        self,
        namespace: Namespace[Any],
        key: _Key,
        generation: str,
        usable: Entry | None,
        load: Load[Any],
        write: Callable[[bytes, float], Awaitable[None]],
    ) -> Any:
        try:
            value = await load()
        except Exception as error:
            if usable is None:
                self.statistics.count(namespace.name, How.FAILED)
                raise
            _log.warning("cache_served_stale", namespace=namespace.name, error=repr(error))
            self.statistics.count(namespace.name, How.STALE)
            return usable.value
        self.statistics.count(namespace.name, How.MISS)
        entry = make_entry(namespace.policy, value, generation)
        if entry is not None:
            entry, data = weigh_entry(entry)
            self._held.keep(key, entry)
            await write(data, entry.stale_until - time.time())
        return value

    async def _write(self, at: str, data: bytes, seconds: float) -> None:
        assert self._store is not None
        try:
            await self._store.write(at, data, seconds)
        except StoreAwayError:
            return

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
