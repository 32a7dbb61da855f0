"""Where each customer stands, from their own cadence, with a reason a program can read.

A customer is late when the gap exceeds their median interval by one and a half robust standard
deviations. Late customers are slowing, likely lapsed from a 60-day churn of .7, lapsed from .9.
A personal cadence needs two intervals; with fewer the account's usual interval stands in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from myriad.products.keeper.retention.history import Bools, Floats, History

PERSONAL_FROM_X = 2
LATE_DEVIATIONS = 1.5
LIKELY_LAPSED_FROM = 0.7
LAPSED_FROM = 0.9
# A standard deviation is 1.4826 median absolute deviations under a normal law. Regulars whose
# intervals are all equal have none, so it is at least a fifth of the interval and two days.
_NORMAL = 1.4826
_LEAST_SHARE = 0.2
_LEAST_DAYS = 2.0
_USUAL_DAYS = 30.0


class State(StrEnum):
    """What a customer's own rhythm says about them."""

    NEW = "new"
    ACTIVE = "active"
    SLOWING = "slowing"
    LIKELY_LAPSED = "likely_lapsed"
    LAPSED = "lapsed"
    BOOKED = "booked"
    ONE_TIME = "one_time"
    NOT_ENOUGH_HISTORY = "not_enough_history"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a customer is in a state: the rule that decided and the numbers it read.

    `rule` is one of booked_ahead, within_cadence, past_cadence, churn_60_likely, churn_60_high,
    first_visit_recent, first_visit_only. `late_after_days` is the gap at which they count as
    late. `cadence` tells whose rhythm was used, own or account.
    """

    rule: str
    gap_days: float
    interval_days: float
    late_after_days: float
    churn_60: float
    cadence: str

    def as_dict(self) -> dict[str, str | float]:
        """The reason as plain JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Cadence:
    """States of all customers (customers,), aligned with the `History` they were made from."""

    state: NDArray[np.str_]
    interval_days: Floats
    late_after_days: Floats
    gap_days: Floats
    churn_60: Floats
    own: Bools

    def reason(self, index: int) -> Reason:
        """Why the customer in row `index` is in their state."""
        only = slice(index, index + 1)
        return Cadence(*(getattr(self, name)[only] for name in self.__slots__)).reasons()[0]

    def rules(self) -> list[str]:
        """The rule that decided about everybody."""
        return [_RULES[state] for state in self.state.tolist()]

    def reasons(self) -> list[Reason]:
        """Why everybody is in their state."""
        columns = (
            self.state.tolist(),
            self.gap_days.tolist(),
            self.interval_days.tolist(),
            self.late_after_days.tolist(),
            self.churn_60.tolist(),
            self.own.tolist(),
        )
        return [
            Reason(
                rule=_RULES[state],
                gap_days=gap,
                interval_days=round(interval, 2),
                late_after_days=round(late, 2),
                churn_60=round(churn, 6),
                cadence="own" if own else "account",
            )
            for state, gap, interval, late, churn, own in zip(*columns, strict=True)
        ]


_RULES: dict[str, str] = {
    State.NEW: "first_visit_recent",
    State.ACTIVE: "within_cadence",
    State.SLOWING: "past_cadence",
    State.LIKELY_LAPSED: "churn_60_likely",
    State.LAPSED: "churn_60_high",
    State.BOOKED: "booked_ahead",
    State.ONE_TIME: "first_visit_only",
    State.NOT_ENOUGH_HISTORY: "not_enough_history",
}


def classify(history: History, churn_60: Floats, booked: Bools) -> Cadence:
    """The state of every customer; `churn_60` and `booked` are aligned with `history`.

    A booking ahead decides before anything else, and who came once is new until the account's
    usual interval has passed, then one_time.
    """
    own = history.x >= PERSONAL_FROM_X
    usual, usual_spread = _usual(history, own)
    interval = np.where(own, history.median_interval, usual)
    spread = np.where(own, _spread(history.median_interval, history.mad_interval), usual_spread)
    late_after = interval + LATE_DEVIATIONS * spread
    late, once = history.gap > late_after, history.x == 0
    state = np.select(
        [
            booked,
            once & ~late,
            once,
            ~late,
            churn_60 >= LAPSED_FROM,
            churn_60 >= LIKELY_LAPSED_FROM,
        ],
        [State.BOOKED, State.NEW, State.ONE_TIME, State.ACTIVE, State.LAPSED, State.LIKELY_LAPSED],
        default=State.SLOWING,
    )
    return Cadence(state.astype(np.str_), interval, late_after, history.gap, churn_60, own)


def value_at_risk(
    churn_90: Floats, baseline_churn_90: Floats, expected_spend: Floats, expected_visits_90: Floats
) -> Floats:
    """Money at stake in the next 90 days, minor units: added churn x spend x expected visits.

    `baseline_churn_90` is the person's own churn on the day of the last visit; a fall counts as
    nothing, and so does an unknown spend (NaN, who came only once).
    """
    increase = np.clip(churn_90 - baseline_churn_90, 0.0, 1.0)
    return increase * np.nan_to_num(expected_spend) * expected_visits_90


def _usual(history: History, own: Bools) -> tuple[float, float]:
    """The account's usual interval and spread in days: medians over its regulars."""
    known = own if own.any() else history.x > 0
    if not known.any():
        return _USUAL_DAYS, _USUAL_DAYS / 2
    interval = history.median_interval[known]
    spread = _spread(interval, history.mad_interval[known])
    return float(np.median(interval)), float(np.median(spread))


def _spread(interval: Floats, mad: Floats) -> Floats:
    """A robust standard deviation of the intervals, never so small that a day late matters."""
    return np.maximum(np.maximum(_NORMAL * mad, _LEAST_SHARE * interval), _LEAST_DAYS)
