"""Who was refused for a provider's rate limit, by hour; kept for a day, in the cache."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from redis.asyncio import Redis
from redis.exceptions import RedisError

from myriad.kit.clock import utc_now

_PREFIX = "refused:v1:"
_KEEP_SECONDS = 25 * 3600
HOURS = 24


def _key(hour: datetime) -> str:
    return f"{_PREFIX}{hour:%Y%m%d%H}"


async def note_refusal(cache: Redis, *keys: str) -> None:
    """Count a refusal of each limiter key; a cache that does not answer loses the count only."""
    name = _key(utc_now())
    try:
        async with cache.pipeline(transaction=False) as pipeline:
            for key in keys:
                pipeline.hincrby(name, key, 1)
            pipeline.expire(name, _KEEP_SECONDS)
            await pipeline.execute()
    except (RedisError, OSError):
        return


async def list_refusals(cache: Redis, prefix: str, most: int = 20) -> list[tuple[str, int]]:
    """Return the limiter keys below `prefix` with the most refusals of the last 24 hours."""
    now, counted = utc_now(), Counter[str]()
    try:
        async with cache.pipeline(transaction=False) as pipeline:
            for hours in range(HOURS):
                pipeline.hgetall(_key(now - timedelta(hours=hours)))
            found = await pipeline.execute()
    except (RedisError, OSError):
        return []
    for counts in found:
        for key, times in counts.items():
            counted[key.decode()] += int(times)
    chosen = [(key, times) for key, times in counted.items() if key.startswith(prefix)]
    return sorted(chosen, key=lambda one: (-one[1], one[0]))[:most]
