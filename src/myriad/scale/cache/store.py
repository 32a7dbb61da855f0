"""The shared layer behind a small port: cashews on Redis, never longer than 50 ms, or nothing.

Whatever fails here is "no answer": callers then work without a cache. After a failure nobody asks
for a second, after another for two, up to thirty; then one call tries.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeVar

from cashews.backends.redis import Redis as RedisBackend
from cashews.exceptions import CacheBackendInteractionError
from redis.exceptions import RedisError

from myriad.scale.observe.logs import get_logger
from myriad.scale.observe.metrics import Counter, Gauge

_log = get_logger(__name__)
TIMEOUT_SECONDS = 0.05
_FIRST_AWAY_SECONDS = 1.0
_LONGEST_AWAY_SECONDS = 30.0
_CONNECTIONS = 32
_SOCKET_SECONDS = 5.0
_BUSY_SECONDS = 0.005
_LOST = (CacheBackendInteractionError, RedisError, OSError, TimeoutError)
_AnswerT = TypeVar("_AnswerT")
_FINISH = """
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
if redis.call("GET", KEYS[2]) == ARGV[3] then redis.call("DEL", KEYS[2]) end
"""
_is_away = Gauge("myriad_cache_redis_away_state", "1 while this process works without Redis")
_failures = Counter("myriad_cache_redis_failures", "Calls to Redis that got no answer", ["why"])


def _was_busy(limit: asyncio.Timeout) -> bool:
    """Tell whether this process noticed so late that time was up that Redis may have answered.

    A loop that draws a page for 60 ms sees the timer before the answer that has long been there;
    to leave Redis for that would make the busy process busier still.
    """
    until = limit.when()
    late = 0.0 if until is None else asyncio.get_running_loop().time() - until
    return limit.expired() and late > _BUSY_SECONDS


class StoreAwayError(Exception):
    """The shared layer does not answer; go on without it."""


class Store(Protocol):
    """What the cache needs of a shared layer; every method may raise StoreAwayError at once."""

    async def read(self, *keys: str) -> list[bytes | None]:
        """Return the values of the keys, None where there is none."""

    async def write(self, key: str, value: bytes, seconds: float) -> None:
        """Keep a value for so long."""

    async def write_all(self, values: Mapping[str, bytes], seconds: float) -> None:
        """Keep several values for so long, in one round trip."""

    async def write_new(self, key: str, value: bytes, seconds: float) -> bool:
        """Keep a value unless there is one; return whether it was kept."""

    async def release(self, key: str, value: bytes) -> None:
        """Remove the key if it still holds this value."""

    async def write_and_release(
        self, key: str, value: bytes, seconds: float, lock: str, token: bytes
    ) -> None:
        """Keep a value as `write` does and remove `lock` as `release` does, in one round trip."""

    async def close(self) -> None:
        """Close every connection."""


class _Plain:
    """Values are bytes already: what is written is what is read, and nothing is unpickled."""

    async def encode(self, backend: Any, key: str, value: Any, expire: Any) -> Any:
        return value

    async def decode(self, backend: Any, key: str, value: Any, default: Any) -> Any:
        return value


class _Backend(RedisBackend):
    """cashews' Redis; its own close() calls what redis-py has deprecated."""

    _finish: Any = None

    async def disconnect(self) -> None:
        await self._client.aclose()

    async def finish(self, keys: tuple[str, str], values: tuple[bytes, str, bytes]) -> None:
        """Keep an entry and give its turn back."""
        if self._finish is None:
            client: Any = self._client
            self._finish = client.register_script(_FINISH)
        await self._finish(keys=keys, args=values)


class RedisStore:
    """The shared layer on the cache's Redis; belongs to the event loop that first uses it."""

    def __init__(self, url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._timeout = timeout_seconds
        self._backend = _Backend(
            url,
            suppress=False,
            # RESP3 left copies in other processes stale after a change.
            protocol=2,
            serializer=_Plain(),
            # The bound is that of a whole call, see `_ask`: it can tell who was slow.
            socket_timeout=_SOCKET_SECONDS,
            socket_connect_timeout=_SOCKET_SECONDS,
            wait_for_connection_timeout=_SOCKET_SECONDS,
            max_connections=_CONNECTIONS,
            health_check_interval=0,
            client_name="myriad-cache",
        )
        self._away_until = 0.0
        self._away_seconds = 0.0

    async def read(self, *keys: str) -> list[bytes | None]:
        """Return the values of the keys, None where there is none."""
        return list(await self._ask(lambda: self._backend.get_many(*keys)))

    async def write(self, key: str, value: bytes, seconds: float) -> None:
        """Keep a value for so long."""
        await self._ask(lambda: self._backend.set(key, value, expire=max(seconds, 0.001)))

    async def write_all(self, values: Mapping[str, bytes], seconds: float) -> None:
        """Keep several values for so long, in one round trip."""
        await self._ask(lambda: self._backend.set_many(values, expire=max(seconds, 0.001)))

    async def write_new(self, key: str, value: bytes, seconds: float) -> bool:
        """Keep a value unless there is one; return whether it was kept."""
        return await self._ask(lambda: self._backend.set_lock(key, value, seconds))

    async def release(self, key: str, value: bytes) -> None:
        """Remove the key if it still holds this value."""
        await self._ask(lambda: self._backend.unlock(key, value))

    async def write_and_release(
        self, key: str, value: bytes, seconds: float, lock: str, token: bytes
    ) -> None:
        """Keep a value as `write` does and remove `lock` as `release` does, in one round trip."""
        milliseconds = str(int(max(seconds, 0.001) * 1000))
        await self._ask(lambda: self._backend.finish((key, lock), (value, milliseconds, token)))

    async def close(self) -> None:
        """Close every connection."""
        if self._backend.is_init:
            await self._backend.disconnect()

    async def _ask(self, make: Callable[[], Awaitable[_AnswerT]]) -> _AnswerT:
        now = time.monotonic()
        if now < self._away_until:
            raise StoreAwayError
        if self._away_seconds:
            # One call tries; until it is back, everybody else goes on without.
            self._away_until = now + self._timeout + 1.0
        limit = asyncio.timeout(self._timeout)
        try:
            async with limit:
                if not self._backend.is_init:
                    await self._backend.init()  # type: ignore[no-untyped-call]
                answer = await make()
        except _LOST as error:
            if not _was_busy(limit):
                self._leave(error)
            raise StoreAwayError from error
        self._return()
        return answer

    def _leave(self, error: BaseException) -> None:
        doubled = min(self._away_seconds * 2, _LONGEST_AWAY_SECONDS)
        self._away_seconds = doubled or _FIRST_AWAY_SECONDS
        self._away_until = time.monotonic() + self._away_seconds
        _is_away.set(1)
        _failures.labels(type(error).__name__).inc()
        _log.warning("cache_redis_away", error=repr(error), seconds=self._away_seconds)

    def _return(self) -> None:
        if self._away_seconds:
            _is_away.set(0)
            _log.info("cache_redis_back")
        self._away_seconds = self._away_until = 0.0
