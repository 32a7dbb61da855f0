"""Trouble on demand, the same trouble for the same seed, and the unpublished rate limit."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Generic, TypeVar


@dataclass
class Faults:
    """How often requests fail, and how; a vendor with troubles of its own adds them.

    Rates are shares of requests. `repeat_cursor` gives every page the cursor that asked for it.
    """

    rate_429: float = 0.0
    rate_500: float = 0.0
    slow_seconds: float = 0.0
    retry_after_seconds: float = 1.0
    repeat_cursor: bool = False


FaultsT = TypeVar("FaultsT", bound=Faults)


@dataclass
class Bucket:
    """A token bucket (requests a second, burst)."""

    rate: float
    burst: float
    tokens: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.tokens = self.burst

    def take(self, now: float) -> float:
        """Take a token and return 0, or return the seconds to wait."""
        self.tokens = min(self.burst, self.tokens + max(0.0, now - self.at) * self.rate)
        self.at = now
        if self.tokens >= 1.0:
            self.tokens -= 1.0
            return 0.0
        return (1.0 - self.tokens) / self.rate


@dataclass
class Weather(Generic[FaultsT]):
    """The present faults, the seeded dice that decide, and counts of what happened."""

    seed: int
    faults: FaultsT
    counts: dict[str, int] = field(default_factory=dict)
    dice: Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)  # noqa: S311 - repeatable trouble, not secrecy

    def set(self, faults: FaultsT, seed: int | None) -> None:
        """Replace the faults and roll from the start again."""
        self.faults = faults
        self.dice = Random(self.seed if seed is None else seed)  # noqa: S311

    def strikes(self, share: float) -> bool:
        """Whether an event of this share happens now."""
        return share > 0 and self.dice.random() < share

    def count(self, what: str) -> None:
        """Remember that something happened."""
        self.counts[what] = self.counts.get(what, 0) + 1

    async def suffer(
        self, too_many: Callable[[float], Exception], broken: Callable[[], Exception]
    ) -> None:
        """Let a request wait, and raise what the vendor says when a fault strikes.

        `too_many` takes the seconds after which to come again.
        """
        if self.faults.slow_seconds:
            await asyncio.sleep(self.faults.slow_seconds)
        if self.strikes(self.faults.rate_429):
            self.count("faults_429")
            raise too_many(self.faults.retry_after_seconds)
        if self.strikes(self.faults.rate_500):
            self.count("faults_500")
            raise broken()


def whole_seconds(seconds: float) -> str:
    """Return a Retry-After value: whole seconds, at least one."""
    return str(max(1, math.ceil(seconds)))
