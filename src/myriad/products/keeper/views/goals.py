"""What the owner aims at, and how far the business is on the way there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

GoalKind = Literal["takings", "calls"]
GoalVerdict = Literal["reached", "on_course", "open", "behind", "missed", "too_early"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalPace:
    """One goal and the pace towards it, from `first` to `last`, both included.

    Takings are in minor units of `currency`, calls are people called. `expected` is what the period
    comes to at the usual pace, with a 90 % interval from `low` to `high`; all three are None while
    it is too early to say, and when the period is over. On course means that the whole interval
    lies at or above the goal, behind that it lies below.
    """

    kind: GoalKind
    first: date
    last: date
    day: date
    currency: str
    goal: int
    so_far: int
    verdict: GoalVerdict
    expected: int | None = None
    low: int | None = None
    high: int | None = None
