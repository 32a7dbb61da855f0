"""Why somebody is in their state: numbers, facts in words, and one sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from myriad.kit.money import Money
from myriad.products.keeper.retention.cadence import Reason
from myriad.products.keeper.retention.fit import Retention

_WEEKS_A_YEAR = 365 / 7
_SHORTEST_WEEKS = _WEEKS_A_YEAR / 2


@dataclass(frozen=True, slots=True)
class _Said:
    """What is said of one person: their state, their reason, and what they have brought a year."""

    state: str
    reason: Reason
    yearly: int | None
    visits: int
    churn: float


def describe(found: Retention, states: Sequence[str], currency: str) -> list[dict[str, Any]]:
    """Return why everybody is in their state, in the order of `found.history`."""
    said = zip(
        states,
        found.cadence.reasons(),
        yearly_values(found),
        found.history.x.astype(np.int64).tolist(),
        found.churn[60].tolist(),
        found.cadence.interval_days.tolist(),
        strict=True,
    )
    return [
        _described(_Said(state, reason, yearly, x + 1, churn), interval, currency)
        for state, reason, yearly, x, churn, interval in said
    ]


def _described(said: _Said, interval: float, currency: str) -> dict[str, Any]:
    gap, own = int(said.reason.gap_days), said.reason.cadence == "own"
    rhythm = "Usual gap" if own else "Usual gap here"
    facts = [
        {"label": "Last visit", "value": days(gap) + " ago", "weight": _lean(gap, interval)},
        {"label": rhythm, "value": days(round(interval)), "weight": None},
        {
            "label": "Visits so far",
            "value": f"{said.visits:,}",
            "weight": -min(said.visits / 20, 1.0),
        },
        {
            "label": "No visit within 60 days",
            "value": f"{said.churn:.0%}",
            "weight": 2 * said.churn - 1,
        },
    ]
    if said.yearly is not None:
        worth = Money(said.yearly, currency).format(whole=True)
        facts.append({"label": "Brought so far", "value": f"{worth} a year", "weight": None})
    return {
        **said.reason.as_dict(),
        "state": said.state,
        "yearly_value": said.yearly or 0,
        "evidence": facts,
        "sentence": sentence(gap, interval, said.churn, own),
    }


def sentence(gap: int, interval: float, churn: float, own: bool) -> str:
    """Return the reason in words."""
    rhythm = (
        f"Usually comes every {days(round(interval))}"
        if own
        else f"People here usually come back within {days(round(interval))}"
    )
    return f"{rhythm}; last seen {days(gap)} ago. {churn:.0%} likely to stay away for 60 days."


def days(count: int) -> str:
    """Return a number of days in words."""
    return f"{count} day" if count == 1 else f"{count:,} days"


def yearly_values(found: Retention) -> list[int | None]:
    """Return what everybody has brought a year so far, in minor units.

    Visits over the time since the first one (at least half a year, so that a good first month is
    not taken for a year) times the expected spend of a visit; None for who came once.
    """
    history = found.history
    weeks = np.maximum(history.age, _SHORTEST_WEEKS)
    worth = (history.x + 1) / weeks * _WEEKS_A_YEAR * found.expected_spend
    worth[history.x < 1] = np.nan
    return [None if math.isnan(value) else round(value) for value in worth.tolist()]


def _lean(gap: float, interval: float) -> float:
    """How far a gap speaks for staying away: 0 at the usual interval, near 1 at three of them."""
    return round(math.tanh((gap / max(interval, 1.0) - 1.0) / 1.5), 3)
