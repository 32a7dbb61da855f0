"""When to try again: full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015)."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

from myriad.kit.clock import utc_now
from myriad.kit.errors import (
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    TooManyRequestsError,
)
from myriad.scale.jobs.errors import (
    BudgetExhaustedError,
    DeadlinePassedError,
    PermanentJobError,
    RetryLaterError,
)

BASE_SECONDS = 2.0
CAP_SECONDS = 3600.0
SPREAD = 0.1
LONGEST_SPREAD_SECONDS = 60.0
_LARGEST_EXPONENT = 30
_PERMANENT = (
    PermanentJobError,
    DeadlinePassedError,
    InvalidInputError,
    NotFoundError,
    ForbiddenError,
)

Kind = Literal["retry", "later", "budget", "permanent"]


@dataclass(frozen=True)
class Verdict:
    """What to do with a job whose handler raised: `delay_seconds` counts from now."""

    kind: Kind
    delay_seconds: float = 0.0

    @property
    def costs_an_attempt(self) -> bool:
        """Whether the attempt counts towards the limit; being told to wait does not."""
        return self.kind not in ("later", "budget")


def full_jitter(attempt: int, chance: float) -> float:
    """Return a delay in [0, min(cap, base * 2**attempt)) seconds.

    `attempt` counts from 1; `chance` is uniform in [0, 1).
    """
    exponent = min(max(attempt, 0), _LARGEST_EXPONENT)
    return min(CAP_SECONDS, BASE_SECONDS * 2.0**exponent) * chance


def after_wait(seconds: float, chance: float) -> float:
    """Return the wait that was asked for and up to a tenth or a minute more.

    Waiters that all return at once would be sent away again.
    """
    waited = max(seconds, 0.0)
    return waited + min(SPREAD * waited, LONGEST_SPREAD_SECONDS) * chance


def judge(
    error: BaseException, attempt: int, permanent: tuple[type[BaseException], ...] = ()
) -> Verdict:
    """Say what to do with a job that failed with `error` on its `attempt`-th attempt.

    `permanent` are further errors of the task that no retry can cure.
    """
    chance = random.random()  # noqa: S311 - spreads load, keeps no secret
    if isinstance(error, BudgetExhaustedError):
        return Verdict("budget", after_wait((error.until - utc_now()).total_seconds(), chance))
    if isinstance(error, RetryLaterError):
        return Verdict("later", after_wait(error.after_seconds, chance))
    if isinstance(error, TooManyRequestsError):
        return Verdict("later", after_wait(error.retry_after_seconds, chance))
    if isinstance(error, (*_PERMANENT, *permanent)):
        return Verdict("permanent")
    return Verdict("retry", full_jitter(attempt, chance))
