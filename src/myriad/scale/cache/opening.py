"""Putting the layers together."""

from __future__ import annotations

from redis.asyncio import Redis

from myriad.scale.cache.cache import Cache
from myriad.scale.cache.namespace import Keys
from myriad.scale.cache.statistics import Statistics
from myriad.scale.cache.store import TIMEOUT_SECONDS, RedisStore

_ENVIRONMENT = "main"


def open_cache(
    url: str | None,
    redis: Redis | None,
    *,
    environment: str = _ENVIRONMENT,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Cache:
    """Return the cache of this process; it connects at its first use and the caller closes it.

    `url` is the cache's Redis (None: this process alone), `redis` a client of the same server for
    counts. `environment` keeps installations on one server apart.
    `timeout_seconds` is the longest that Redis may keep anybody waiting.
    """
    keys = Keys(environment)
    store = RedisStore(url, timeout_seconds=timeout_seconds) if url is not None else None
    return Cache(store, Statistics(redis, keys), keys)
