"""A row of metrics in words: one sentence, and the facts that speak for and against."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from myriad.kit.money import Money


def sentence_of(row: Mapping[str, Any]) -> str:
    """Return why the person of a row of person_metrics is in their state."""
    reason = row["reason"]
    own = reason["cadence"] == "own"
    return sentence(row["gap_days"], reason["interval_days"], row["churn_60"], own)


def evidence_of(row: Mapping[str, Any], currency: str) -> list[dict[str, Any]]:
    """Return the facts (label, value, weight) behind the state of a row of person_metrics.

    A weight lies between -1, which speaks for coming back, and 1; None for what says neither.
    Empty for somebody whom no model speaks of.
    """
    reason, gap, visits = row["reason"], row["gap_days"], row["x"] + 1
    if row["churn_60"] is None:
        return []
    interval, churn = reason["interval_days"], row["churn_60"]
    rhythm = "Usual gap" if reason["cadence"] == "own" else "Usual gap here"
    found = [
        ("Last visit", days(gap) + " ago" if gap else "today", _lean(gap, interval)),
        (rhythm, days(round(interval)), None),
        ("Visits so far", f"{visits:,}", -min(visits / 20, 1.0)),
        ("No visit within 60 days", f"{churn:.0%}", 2 * churn - 1),
    ]
    if row["x"] > 0:
        worth = Money(reason["yearly_value"], currency).format(whole=True)
        found.append(("Brought so far", f"{worth} a year", None))
    return [{"label": label, "value": value, "weight": weight} for label, value, weight in found]


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


def _lean(gap: float, interval: float) -> float:
    """How far a gap speaks for staying away: 0 at the usual interval, near 1 at three of them."""
    return round(math.tanh((gap / max(interval, 1.0) - 1.0) / 1.5), 3)
