"""Request rates: sliding windows over any number of keys at once, shared by every process.

A window's count is this span's and the part of the span before that still lies within it, the
sliding window counter of the library `limits`. At the edge of two spans nobody gets the limit
twice; the span before is taken to have been even, so who came late in it may have up to twice the
limit within some one window, never more (budgets of providers count each second). One Lua call
serves all limits of a request, all or nothing. While Redis does not answer, `limits` counts in
memory with an equal share for each process.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import Redis
from redis.exceptions import RedisError

from myriad.kit.errors import TooManyRequestsError
from myriad.scale.observe.logs import get_logger
from myriad.scale.observe.metrics import Counter

_log = get_logger(__name__)
_SCRIPT = Path(__file__).with_name("rates.lua").read_text(encoding="utf-8")
_PREFIX = "rate:v1:"
_FIRST_AWAY_SECONDS = 1.0
_LONGEST_AWAY_SECONDS = 30.0
_checks = Counter(
    "myriad_limits_rate_checks",
    "Requests by route class, plan and result",
    ["klass", "plan", "result"],
)


class RateLimitedError(TooManyRequestsError):
    """Too many requests; `standing` is the limit that refused."""

    code = "rate_limited"

    def __init__(self, standing: Standing) -> None:
        rule = standing.rule
        detail = (
            f"at most {rule.limit:,} requests in {rule.window_seconds:,} seconds "
            f"({rule.name}); wait, then try again"
        )
        super().__init__(detail, standing.retry_after_seconds, limit=rule.name)
        self.standing = standing


@dataclass(frozen=True, slots=True)
class Rate:
    """`limit` requests in `window_seconds` as a sliding counter counts them, under `key`."""

    name: str
    key: str
    limit: int
    window_seconds: int = 60


@dataclass(frozen=True, slots=True)
class Standing:
    """How a rate stands after a request."""

    rule: Rate
    remaining: int
    reset_seconds: float
    retry_after_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Window:
    """The counts of a sliding window: of the span before, of this one, and how much of it is over."""

    before: int
    count: int
    gone: float

    def remaining(self, limit: int) -> int:
        """Return how many more may come now."""
        return max(0, limit - self.count - math.ceil(self.before * (1 - self.gone)))

    def wait_share(self, limit: int) -> float:
        """Return after what share of a window one more may come; 0.0 when it may now."""
        if self.remaining(limit) > 0:
            return 0.0
        if self.count < limit:
            # The span before fades until its part leaves room for one.
            fades_at = 1 - (limit - 1 - self.count) / self.before
            return max(0.0, fades_at - self.gone)
        return (1 - self.gone) + max(0.0, 1 - (limit - 1) / self.count)


class RateLimiter:
    """Counts requests. `workers` is how many processes share the limits while Redis is away.

    `redis` should be the server that never evicts. `clock` (epoch seconds) is for tests.
    """

    def __init__(
        self, redis: Redis | None, *, workers: int = 1, clock: Callable[[], float] | None = None
    ) -> None:
        self._script = redis.register_script(_SCRIPT) if redis is not None else None
        self._workers = max(1, workers)
        self._clock = clock
        self._memory = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._away_until = 0.0
        self._away_seconds = 0.0

    async def hit(
        self, rates: Sequence[Rate], *, klass: str = "", plan: str = ""
    ) -> list[Standing]:
        """Count a request under every rate, or raise RateLimitedError and count it under none.

        `klass` and `plan` are labels of the metric, counted before the decision is acted on.
        """
        windows = await self._hit_shared(rates)
        try:
            standings = await self._hit_here(rates) if windows is None else _judge(rates, windows)
        except RateLimitedError:
            _checks.labels(klass, plan, "refused").inc()
            raise
        _checks.labels(klass, plan, "admitted").inc()
        return standings

    async def _hit_shared(self, rates: Sequence[Rate]) -> tuple[int, list[Window]] | None:
        if self._script is None or time.monotonic() < self._away_until:
            return None
        moment = "" if self._clock is None else repr(self._clock())
        arguments: list[str | int] = ["hit", moment]
        for rate in rates:
            arguments += [rate.limit, rate.window_seconds]
        if self._away_seconds:
            # One request tries; the others go on without.
            self._away_until = time.monotonic() + _FIRST_AWAY_SECONDS
        try:
            found = await self._script(keys=[_PREFIX + rate.key for rate in rates], args=arguments)
        except (RedisError, OSError, TimeoutError) as error:
            self._leave(error)
            return None
        self._away_seconds = self._away_until = 0.0
        refused, *numbers = found.split()
        triples = zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True)
        windows = [Window(int(before), int(now), float(gone)) for before, now, gone in triples]
        return int(refused), windows

    async def _hit_here(self, rates: Sequence[Rate]) -> list[Standing]:
        standings = []
        for rate in rates:
            item = RateLimitItemPerSecond(max(1, rate.limit // self._workers), rate.window_seconds)
            admitted = await self._memory.hit(item, rate.key)
            stats = await self._memory.get_window_stats(item, rate.key)
            wait = max(0.0, stats.reset_time - time.time())
            if not admitted:
                raise RateLimitedError(Standing(rate, 0, wait, max(1.0, wait)))
            standings.append(Standing(rate, stats.remaining, wait))
        return standings

    def _leave(self, error: BaseException) -> None:
        doubled = min(self._away_seconds * 2, _LONGEST_AWAY_SECONDS)
        self._away_seconds = doubled or _FIRST_AWAY_SECONDS
        self._away_until = time.monotonic() + self._away_seconds
        _log.warning("limits_rates_away", error=repr(error), seconds=self._away_seconds)


def tightest(standings: Sequence[Standing]) -> Standing:
    """Return the rate of which the smallest share is left."""
    return min(standings, key=lambda standing: standing.remaining / standing.rule.limit)


def _judge(rates: Sequence[Rate], found: tuple[int, list[Window]]) -> list[Standing]:
    refused, windows = found
    standings = []
    for place, (rate, window) in enumerate(zip(rates, windows, strict=True), start=1):
        seconds = (1 - window.gone) * rate.window_seconds
        wait = 0.0
        if place == refused:
            wait = max(0.001, window.wait_share(rate.limit) * rate.window_seconds)
        standings.append(Standing(rate, window.remaining(rate.limit), seconds, wait))
    if refused:
        raise RateLimitedError(standings[refused - 1])
    return standings
