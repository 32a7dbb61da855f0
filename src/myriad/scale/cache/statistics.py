"""How often each namespace answered from where: metrics of this process, and counts of all by the hour."""

from __future__ import annotations

import time
from collections import Counter as Tally
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from redis.asyncio import Redis
from redis.exceptions import RedisError

from myriad.kit.clock import utc_now
from myriad.scale.cache.namespace import Keys
from myriad.scale.observe.metrics import Counter

_EVERY_SECONDS = 5.0
_KEEP_SECONDS = 26 * 3600
HOURS = 24
_requests = Counter(
    "myriad_cache_requests",
    "Look-ups by namespace and how they were answered",
    ["namespace", "how"],
)


class How(Enum):
    """How a look-up was answered."""

    LOCAL = "local"
    SHARED = "shared"
    STALE = "stale"
    JOINED = "joined"
    MISS = "miss"
    FAILED = "failed"


SAVED = (How.LOCAL, How.SHARED, How.STALE, How.JOINED)


@dataclass(frozen=True, slots=True)
class Rates:
    """Look-ups of one namespace over some hours."""

    namespace: str
    counts: dict[str, int]

    @property
    def lookups(self) -> int:
        """How many there were."""
        return sum(self.counts.values())

    @property
    def hit_share(self) -> float:
        """The share that did not have to be made anew; 0 without look-ups."""
        saved = sum(self.counts.get(how.value, 0) for how in SAVED)
        return saved / self.lookups if self.lookups else 0.0


class Statistics:
    """Counts look-ups here and, every few seconds, for all processes in Redis."""

    def __init__(self, redis: Redis | None, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._waiting: Tally[tuple[str, How]] = Tally()
        self._told: Tally[tuple[str, How]] = Tally()
        self._next = time.monotonic() + _EVERY_SECONDS

    def count(self, namespace: str, how: How, times: int = 1) -> None:
        """Count look-ups that were answered alike."""
        self._waiting[namespace, how] += times

    @property
    def counted(self) -> Mapping[tuple[str, How], int]:
        """What this process has counted since it began."""
        return self._told + self._waiting

    @property
    def is_due(self) -> bool:
        """Whether the counts should be told."""
        return time.monotonic() >= self._next

    async def tell(self) -> None:
        """Add what was counted to the metrics and to the hour; without Redis only the metrics."""
        self._next = time.monotonic() + _EVERY_SECONDS
        counts, self._waiting = self._waiting, Tally()
        self._told.update(counts)
        for (namespace, how), count in counts.items():
            _requests.labels(namespace, how.value).inc(count)
        if self._redis is None or not counts:
            return
        key = self._key(utc_now())
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for (namespace, how), count in counts.items():
                    pipeline.hincrby(key, f"{namespace}|{how.value}", count)
                pipeline.expire(key, _KEEP_SECONDS)
                await pipeline.execute()
        except (RedisError, OSError):
            return

    async def list_rates(self, hours: int = HOURS) -> list[Rates]:
        """Return each namespace's counts over the last hours of all processes; [] without Redis."""
        if self._redis is None:
            return []
        now = utc_now()
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for back in range(hours):
                    pipeline.hgetall(self._key(now - timedelta(hours=back)))
                found = await pipeline.execute()
        except (RedisError, OSError):
            return []
        summed: dict[str, Tally[str]] = {}
        for counts in found:
            for name, count in counts.items():
                namespace, _, how = name.decode().partition("|")
                summed.setdefault(namespace, Tally())[how] += int(count)
        return [Rates(name, dict(counts)) for name, counts in sorted(summed.items())]

    def _key(self, moment: datetime) -> str:
        return self._keys.statistics(f"{moment:%Y%m%d%H}")
