"""A rate limit toward a provider that publishes none, shared by every process through Redis.

One Lua call takes a token from every bucket that a request needs (such as application and
account) and says how long to wait. When Redis does not answer, each process goes on with buckets
of its own that behave the same.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from myriad.scale.limits.bucket import AimdPolicy, Bucket
from myriad.scale.limits.refusals import note_refusal
from myriad.scale.observe.logs import get_logger

__all__ = ["AimdLimiter", "AimdPolicy"]

_log = get_logger(__name__)
_SCRIPT = Path(__file__).with_name("aimd.lua").read_text(encoding="utf-8")
_PREFIX = "aimd:v1:"
_KEEP_SECONDS = 3600
_AWAY_SECONDS = 5.0
_MOST_LOCAL = 10_000


class AimdLimiter:
    """Admits requests under several buckets at once.

    `policy` holds for every key but those of `policies`. `cache` may be None for a process that
    has no Redis. `clock` is for tests: seconds; by default the Redis server's clock decides, so
    that hosts whose clocks differ agree.
    """

    def __init__(
        self,
        cache: Redis | None,
        policy: AimdPolicy | None = None,
        *,
        policies: Mapping[str, AimdPolicy] | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._policy = policy or AimdPolicy()
        self._policies = dict(policies or {})
        self._clock = clock
        self._cache = cache
        self._script = cache.register_script(_SCRIPT) if cache is not None else None
        self._local: dict[str, Bucket] = {}
        self._away_until = 0.0

    async def reserve(self, *keys: str) -> float:
        """Take a token from each bucket; return the seconds to wait before the request."""
        return (await self._run("take", keys, 0.0))[0]

    async def acquire(self, *keys: str) -> float:
        """Take a token from each bucket and wait until it may be used; return the wait."""
        wait = await self.reserve(*keys)
        if wait > 0:
            await asyncio.sleep(wait)
        return wait

    async def refuse(self, *keys: str, pause_seconds: float = 0.0) -> float:
        """Note that the provider refused for its rate limit; return the new lowest rate."""
        if self._cache is not None:
            await note_refusal(self._cache, *keys)
        return (await self._run("refuse", keys, pause_seconds))[1]

    async def _run(self, command: str, keys: Sequence[str], pause: float) -> tuple[float, float]:
        if self._script is not None and time.monotonic() >= self._away_until:
            try:
                return await self._run_shared(command, keys, pause)
            except (RedisError, OSError, TimeoutError) as error:
                self._away_until = time.monotonic() + _AWAY_SECONDS
                _log.warning("limits_cache_away", error=type(error).__name__)
        return self._run_locally(command, keys, pause)

    async def _run_shared(
        self, command: str, keys: Sequence[str], pause: float
    ) -> tuple[float, float]:
        assert self._script is not None
        moment = "" if self._clock is None else repr(self._clock())
        arguments: list[str | float] = [command, moment, pause, _KEEP_SECONDS]
        for key in keys:
            policy = self._policy_of(key)
            arguments += [policy.start_rate, policy.floor_rate, policy.ceiling_rate, policy.burst]
            arguments += [policy.growth_per_minute, policy.cut, policy.cut_interval_seconds]
        wait, lowest = await self._script(keys=[_PREFIX + key for key in keys], args=arguments)
        return max(0.0, float(wait)), float(lowest)

    def _run_locally(self, command: str, keys: Sequence[str], pause: float) -> tuple[float, float]:
        now = time.time() if self._clock is None else self._clock()
        wait, lowest = 0.0, math.inf
        for key in keys:
            policy, bucket = self._policy_of(key), self._bucket(key, now)
            if command == "take":
                bucket.advance(policy, now)
                wait = max(wait, bucket.take(now))
            else:
                bucket.refuse(policy, now, pause)
            lowest = min(lowest, bucket.rate)
        return wait, lowest

    def _policy_of(self, key: str) -> AimdPolicy:
        return self._policies.get(key, self._policy)

    def _bucket(self, key: str, now: float) -> Bucket:
        bucket = self._local.pop(key, None) or Bucket.new(self._policy_of(key), now)
        self._local[key] = bucket
        if len(self._local) > _MOST_LOCAL:
            self._local.pop(next(iter(self._local)))
        return bucket
