"""What calls bring: people called against people held out, whatever became of the call.

Everybody counts in the arm that chance gave them, also who was never reached (intention to treat),
because only the assignment was random. Money is net takings from the day after a person's turn came
to their horizon.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from myriad.products.keeper.proof.assignment import BLOCK
from myriad.products.keeper.proof.intervals import Interval, Moments, mean_difference, newcombe

Verdict = Literal["too_early", "unclear", "saved", "lost"]

MINIMUM_HELD_OUT = 10
"""People held out, with their horizon behind them, before an interval is shown."""

DETECTABLE = 0.15
"""The difference in the share of people who return that a group must be able to show."""

_Z_BOTH = 1.6448536269514722 + 0.8416212335729143
_NO_RATE = 0.25


@dataclass(frozen=True, slots=True)
class ArmTotals:
    """One arm: people, how many of them returned, their net and its squares in minor units."""

    people: int = 0
    returned: int = 0
    net: int = 0
    net_squares: int = 0

    @property
    def moments(self) -> Moments:
        """Return what the mean needs."""
        return Moments(self.people, self.net, self.net_squares)


@dataclass(frozen=True, slots=True)
class Effect:
    """What one call brings: the difference in returning and in money (minor units) a person.

    The intervals are None while it is too early; `people_needed` is how many more people have to
    reach their horizon before there is an answer, 0 once there is one.
    """

    verdict: Verdict
    called: ArmTotals
    held_out: ArmTotals
    rate: Interval | None = None
    money: Interval | None = None
    people_needed: int = 0


def measure_effect(called: ArmTotals, held_out: ArmTotals) -> Effect:
    """Return what the two arms say about one call."""
    if held_out.people < MINIMUM_HELD_OUT or called.people < MINIMUM_HELD_OUT:
        missing = max(MINIMUM_HELD_OUT - held_out.people, 1) * BLOCK
        return Effect("too_early", called, held_out, people_needed=missing)
    rate = newcombe((called.returned, called.people), (held_out.returned, held_out.people))
    money = mean_difference(called.moments, held_out.moments)
    verdict: Verdict = "unclear" if money.holds_zero else "saved" if money.low > 0 else "lost"
    needed = 0
    if verdict == "unclear":
        share = (called.returned + held_out.returned) / (called.people + held_out.people)
        needed = people_needed(share, called.people + held_out.people)
    return Effect(verdict, called, held_out, rate, money, needed)


def people_needed(share: float, have: int) -> int:
    """Return how many more people until `DETECTABLE` would show four times in five.

    The usual size of a comparison of two shares at 5 % on one side, with one held out for every
    nine called; `share` is how many return at all, taken as a quarter when nobody does.
    """
    spread = (share or _NO_RATE) * (1 - share) if share < 1 else _NO_RATE * (1 - _NO_RATE)
    held_out = (_Z_BOTH / DETECTABLE) ** 2 * spread * (1 + 1 / (BLOCK - 1))
    return max(0, math.ceil(held_out * BLOCK) - have)


def money_saved(effect: Effect, called: int) -> tuple[int, int, int] | None:
    """Return (estimate, low, high) in minor units for `called` people, None while too early.

    The effect of one call is pooled over everything measured; a month differs by its people alone.
    """
    if effect.money is None:
        return None
    total = effect.money.times(called)
    return round(total.estimate), math.floor(total.low), math.ceil(total.high)
