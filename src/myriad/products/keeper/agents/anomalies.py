"""Days that were out of the ordinary: visits by a count model, takings by robust residuals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

import holidays

from myriad.products.keeper.repository.sql import Row
from myriad.products.keeper.retention.anomaly import (
    Anomalies,
    count_anomalies,
    revenue_anomalies,
)
from myriad.products.keeper.retention.errors import NotEnoughDaysError
from myriad.products.keeper.views.preferences import Preferences

_JUDGES: dict[str, Callable[..., Anomalies]] = {
    "visits": count_anomalies,
    "revenue": revenue_anomalies,
}


def find_anomalies(
    totals: Sequence[Row],
    judged_days: int,
    country: str,
    preferences: Preferences = Preferences(),
) -> list[dict[str, Any]]:
    """Judge the last `judged_days` of `totals` (one row a day, without gaps).

    `country` (ISO 3166 alpha-2) names the holidays, unless the owner does without them. Days on
    which the owner says to be closed are neither judged nor learned from. Nothing is found below
    42 open days.
    """
    first = next((place for place, row in enumerate(totals) if row["visits"]), len(totals))
    known = totals[first:]
    if not known:
        return []
    days = [row["local_date"] for row in known]
    festive = holiday_flags(days, country if preferences.public_holidays else "")
    closed = preferences.closed_among(days)
    found: list[dict[str, Any]] = []
    for metric, judge in _JUDGES.items():
        values = [max(row[metric], 0) for row in known]
        try:
            verdict = judge(
                [day.toordinal() for day in days], values, holiday=festive, closed=closed
            )
        except NotEnoughDaysError:
            continue
        found += _rows(verdict, days, metric, len(days) - judged_days)
    return found


def holiday_flags(days: Sequence[date], country: str) -> list[bool]:
    """Tell which days are public holidays in a country; none where the country is unknown."""
    if not country:
        return [False] * len(days)
    known = {year: _holidays(country, year) for year in {day.year for day in days}}
    return [day in known[day.year] for day in days]


@lru_cache(maxsize=256)
def _holidays(country: str, year: int) -> frozenset[date]:
    """The public holidays of a year, none where the country is unknown."""
    try:
        calendar = holidays.country_holidays(country, years=year)
    except NotImplementedError:
        return frozenset()
    return frozenset(day for day in calendar if day.year == year)


def _rows(
    verdict: Anomalies, days: Sequence[date], metric: str, judged_from: int
) -> list[dict[str, Any]]:
    return [
        {
            "local_date": days[place],
            "metric": metric,
            "observed": float(verdict.observed[place]),
            "expected": float(verdict.expected[place]),
            "effect": float(verdict.effect[place]),
            "p_value": float(verdict.p_value[place]),
            "q_value": float(verdict.q_value[place]),
        }
        for place in range(max(judged_from, 0), len(days))
        if verdict.odd[place]
    ]
