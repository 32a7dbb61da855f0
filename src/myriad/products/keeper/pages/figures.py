"""The charts of the Keeper screens, and the few numbers that need a step before they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from myriad.kit.money import Money, minor_digits
from myriad.products.keeper.reports.points import takings_point, visits_point
from myriad.products.keeper.views import Change, ReportView, TodayView
from myriad.scale.ui.charts import Point, bar_chart, line_chart
from myriad.scale.ui.filters import plural

_SUNDAY = 7


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawn chart, its points for the table, and what its caption says at rest."""

    chart: Markup
    points: tuple[Point, ...]
    rest: str


def change(value: Change) -> float | None:
    """Return the relative change, or None without an earlier figure to compare with."""
    return (value.now - value.before) / value.before if value.before else None


def cents(minor: float, currency: str) -> str:
    """Return minor units as whole money."""
    return Money(round(minor), currency).format(whole=True)


def cents_exact(minor: float, currency: str) -> str:
    """Return minor units as money to the cent."""
    return Money(round(minor), currency).format()


def weekly_visits(view: TodayView) -> Figure:
    """Return visits per week; weeks with a day out of the ordinary stand out."""
    points = tuple(visits_point(week.week_start, week.visits) for week in view.weeks)
    odd = {_week(row.local_date) for row in view.anomalies if row.metric == "visits"}
    marked = [i for i, week in enumerate(view.weeks) if _week(week.week_start) in odd]
    chart = bar_chart(points, title="Visits per week", desc=_span(points), marked=marked)
    return Figure(chart, points, _weeks_in_words(view))


def weekly_takings(view: TodayView) -> Figure:
    """Return net takings per week."""
    pairs = [(week.week_start, week.revenue) for week in view.weeks]
    return _takings(pairs, view.currency, "Takings per week", _weeks_in_words(view))


def daily_visits(view: ReportView) -> Figure:
    """Return visits per day of a report."""
    points = tuple(visits_point(row.local_date, row.visits) for row in view.days)
    chart = bar_chart(points, title="Visits per day", desc=_span(points))
    return Figure(chart, points, plural(len(points), "day"))


def daily_takings(view: ReportView) -> Figure:
    """Return net takings per day of a report."""
    pairs = [(row.local_date, row.revenue) for row in view.days]
    return _takings(pairs, view.currency, "Takings per day", plural(len(pairs), "day"))


def _takings(pairs: Sequence[tuple[date, Money]], currency: str, title: str, rest: str) -> Figure:
    scale = 10 ** minor_digits(currency)
    points = tuple(takings_point(when, money) for when, money in pairs)

    def unit(value: float) -> str:
        return Money(round(value * scale), currency).format(whole=True)

    chart = line_chart(points, title=title, desc=_span(points), unit=unit)
    return Figure(chart, points, rest)


def _weeks_in_words(view: TodayView) -> str:
    """Return how many weeks are shown, and that the last is not over when it is not."""
    weeks = plural(len(view.weeks), "week")
    is_over = view.last_whole_day is None or view.last_whole_day.isoweekday() == _SUNDAY
    return weeks if is_over else f"{weeks}, the last one still running"


def _week(value: date) -> int:
    """Return the count of Mondays up to a day; ordinal 1 is a Monday."""
    return (value.toordinal() - 1) // 7


def _span(points: Sequence[Point]) -> str:
    if not points:
        return "No values."
    low = min(points, key=lambda point: point.value)
    high = max(points, key=lambda point: point.value)
    return f"Between {low.reading} and {high.reading}."
