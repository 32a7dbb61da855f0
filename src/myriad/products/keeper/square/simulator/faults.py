"""Trouble on demand, the same trouble for the same seed, and the unpublished rate limit."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from random import Random


@dataclass
class Faults:
    """How often requests under /v2 fail, and how.

    Rates are shares of requests. `repeat_cursor` gives every page the cursor that asked for it;
    `empty_pages` overrides the share of empty pages in front of others.
    """

    rate_429: float = 0.0
    rate_500: float = 0.0
    slow_seconds: float = 0.0
    retry_after_seconds: float = 1.0
    repeat_cursor: bool = False
    only_merchant: str = ""
    empty_pages: float | None = None


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
class Weather:
    """The present faults, the seeded dice that decide, and counts of what happened."""

    seed: int
    faults: Faults = field(default_factory=Faults)
    counts: dict[str, int] = field(default_factory=dict)
    dice: Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)  # noqa: S311 - repeatable trouble, not secrecy

    def set(self, faults: Faults, seed: int | None) -> None:
        """Replace the faults and roll from the start again."""
        self.faults = faults
        self.dice = Random(self.seed if seed is None else seed)  # noqa: S311

    def strikes(self, share: float) -> bool:
        """Whether an event of this share happens now."""
        return share > 0 and self.dice.random() < share

    def count(self, what: str) -> None:
        """Remember that something happened."""
        self.counts[what] = self.counts.get(what, 0) + 1


def whole_seconds(seconds: float) -> str:
    """Return a Retry-After value: whole seconds, at least one."""
    return str(max(1, math.ceil(seconds)))
