"""What filling a quiet day would bring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from myriad.products.keeper.views.proof import MoneyBounds

Unsaid = Literal["no_history", "one_day", "closed_that_day"]
Outcome = Literal["gains", "loses", "unclear"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked. `weekday` is 1 (Monday) to 7, None for the quietest; the others are shares.

    `fill` is how much of the gap to the other days is filled, `new` how many of those visits would
    not have come on another day, `discount` what everybody who comes that day pays less.
    """

    weekday: int | None = None
    fill: float = 0.5
    new: float = 0.5
    discount: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A figure with the bounds of its 90 % interval."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietDayView:
    """One weekday against the other open ones over `weeks` weeks, and what filling it brings.

    `days` maps the open weekdays to visits a day. `gap` is how many visits the weekday has fewer
    than the mean of the others. `a_month` is the change of net takings in an average month;
    `break_even` the share of new visits at which a discount pays for itself, None where no share
    does or where there is nothing to pay for. Where `unsaid` is set, the reason why nothing can be
    said, the figures are None.
    """

    wish: Wish
    currency: str
    weeks: int = 0
    weekday: int | None = None
    days: tuple[tuple[int, float], ...] = ()
    gap: Guess | None = None
    ticket: MoneyBounds | None = None
    extra_visits: float | None = None
    a_month: MoneyBounds | None = None
    break_even: float | None = None
    outcome: Outcome | None = None
    unsaid: Unsaid | None = None
