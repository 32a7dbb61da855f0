"""Days that were out of the ordinary: visits by a count model, takings by robust residuals."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import holidays

from myriad.products.keeper.repository.sql import Row
from myriad.products.keeper.retention.anomaly import (
    LEAD_DAYS,
    Anomalies,
    count_anomalies,
    revenue_anomalies,
)
from myriad.products.keeper.retention.earlier import JUDGED_AGAIN_FROM_SHARE, JUDGED_EVERY_DAYS
from myriad.products.keeper.retention.errors import NotEnoughDaysError
from myriad.products.keeper.retention.trading_days import DayModel
from myriad.products.keeper.views.preferences import Preferences

_JUDGES: dict[str, Callable[..., Anomalies]] = {
    "visits": count_anomalies,
    "revenue": revenue_anomalies,
}


@dataclass(frozen=True, slots=True)
class DayModels:
    """What days were judged by on the ordinal day `as_of`, by metric.

    `sums` are what all days up to then brought, `wishes` a sign of holidays and closed days.
    """

    as_of: int
    wishes: str
    sums: Mapping[str, int]
    models: Mapping[str, DayModel]

    def hold_for(self, as_of: int, wishes: str, sums: Mapping[str, int]) -> bool:
        """Tell whether days up to `as_of` may be judged by these: for a week, of like sums."""
        if wishes != self.wishes or set(self.models) != set(_JUDGES):
            return False
        return 0 <= as_of - self.as_of < JUDGED_EVERY_DAYS and all(
            abs(sums[name] - then) <= JUDGED_AGAIN_FROM_SHARE * then
            for name, then in self.sums.items()
        )

    def as_dict(self) -> dict[str, Any]:
        """The models as plain JSON values."""
        models = {name: model.as_dict() for name, model in self.models.items()}
        own = {"as_of": self.as_of, "wishes": self.wishes, "sums": dict(self.sums)}
        return {**own, "models": models}

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> DayModels:
        """Read what `as_dict` wrote."""
        models = {name: DayModel.from_dict(model) for name, model in facts["models"].items()}
        return cls(facts["as_of"], facts["wishes"], facts["sums"], models)


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
    return judge_days(totals, judged_days, country, preferences)[0]


def judge_days(
    totals: Sequence[Row],
    judged_days: int,
    country: str,
    preferences: Preferences = Preferences(),
    earlier: DayModels | None = None,
) -> tuple[list[dict[str, Any]], DayModels | None]:
    """Return what `find_anomalies` does, and by what the days were judged.

    That is what an `earlier` night learned, as long as it holds; None without any trade.
    """
    first = next((place for place, row in enumerate(totals) if row["visits"]), len(totals))
    known = totals[first:]
    if not known:
        return [], None
    chosen = country if preferences.public_holidays else ""
    wishes, as_of = _wishes(chosen, preferences), known[-1]["local_date"].toordinal()
    sums = {name: sum(row[name] for row in known) for name in _JUDGES}
    if earlier and earlier.hold_for(as_of, wishes, sums):
        known = known[-(judged_days + LEAD_DAYS) :]
        return _judge(known, judged_days, chosen, preferences, earlier.models)[0], earlier
    found, models = _judge(known, judged_days, chosen, preferences, {})
    return found, DayModels(as_of, wishes, sums, models)


def _judge(
    known: Sequence[Row],
    judged_days: int,
    country: str,
    preferences: Preferences,
    models: Mapping[str, DayModel],
) -> tuple[list[dict[str, Any]], dict[str, DayModel]]:
    days = [row["local_date"] for row in known]
    ordinals = [day.toordinal() for day in days]
    flags = {"holiday": holiday_flags(days, country), "closed": preferences.closed_among(days)}
    found: list[dict[str, Any]] = []
    learned: dict[str, DayModel] = {}
    for metric, judge in _JUDGES.items():
        values = [max(row[metric], 0) for row in known]
        try:
            verdict = judge(ordinals, values, **flags, known=models.get(metric))
        except NotEnoughDaysError:
            continue
        learned[metric] = verdict.model
        found += _rows(verdict, days, metric, len(days) - judged_days)
    return found, learned


def _wishes(country: str, preferences: Preferences) -> str:
    """Return a sign of what says which days are holidays or closed."""
    said = repr((country, preferences.closed_days, preferences.opening_hours))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


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
