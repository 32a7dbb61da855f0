"""What one process holds: database, cache connection, keys and settings, handed to who needs them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from myriad.kit.errors import MyriadError
from myriad.scale.cache import SESSION_CACHE, Cache, open_cache
from myriad.scale.data import Database, DatabaseSettings
from myriad.scale.vault import Vault

SettingsT = TypeVar("SettingsT", bound=BaseModel)

CACHE_TIMEOUT_SECONDS = 0.05


class MissingSettingsError(MyriadError):
    """A part asked for settings that the composition root did not provide."""

    code = "missing_settings"
    title = "Missing settings"


@dataclass(frozen=True)
class Runtime:
    """The resources of one process; belongs to the event loop it was opened on.

    `cache` is a client of the server that may forget, `counters` one of the server that never
    evicts, for limits; `caches` are the layers of the cache.
    """

    database: Database
    cache: Redis
    vault: Vault
    broker_url: str
    counters: Redis
    caches: Cache
    settings: tuple[BaseModel, ...] = ()

    def settings_of(self, kind: type[SettingsT]) -> SettingsT:
        """Return the settings of the given type, or raise MissingSettingsError."""
        for candidate in self.settings:
            if isinstance(candidate, kind):
                return candidate
        raise MissingSettingsError(f"no settings of type {kind.__name__} were provided")


def cache_client(url: str) -> Redis:
    """Return a client of the cache server: RESP2, a 50 ms timeout and no retries.

    RESP3 is the default of newer redis-py and made client-side caches serve stale values; a cache
    that does not answer at once is worth less than the answer it would have saved.
    """
    return Redis.from_url(
        url,
        protocol=2,
        socket_timeout=CACHE_TIMEOUT_SECONDS,
        socket_connect_timeout=CACHE_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


async def close_client(client: Redis) -> None:
    """Close a client; a connection that does not end within its timeout is dropped."""
    # A busy loop is late, not the server: nothing that comes after this may go without it.
    with suppress(RedisError, OSError):
        await client.aclose()


@asynccontextmanager
async def open_runtime(
    *,
    process: str,
    database: DatabaseSettings,
    broker_url: str,
    cache_url: str,
    vault: Vault,
    settings: Sequence[BaseModel] = (),
) -> AsyncIterator[Runtime]:
    """Open the resources of this process and close them at the end."""
    connections = Database(database, process=process)
    cache, counters = cache_client(cache_url), cache_client(broker_url)
    caches = open_cache(cache_url, cache)
    connections.session_info[SESSION_CACHE] = caches
    connections.standbys.notes.share(counters)
    await connections.open()
    try:
        yield Runtime(connections, cache, vault, broker_url, counters, caches, tuple(settings))
    finally:
        await caches.close()
        await close_client(counters)
        await close_client(cache)
        await connections.close()
