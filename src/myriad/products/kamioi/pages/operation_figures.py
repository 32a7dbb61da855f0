"""Charts of quality and cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from markupsafe import Markup

from myriad.products.kamioi.mapping.confidence import AUTO_FROM
from myriad.products.kamioi.operation.costs import Month
from myriad.products.kamioi.operation.quality import Precision, Quality, Tenth
from myriad.products.kamioi.pages.operation_words import METHODS, micros
from myriad.scale.ui.charts import Estimate, Point, bar_chart, interval_chart, line_chart
from myriad.scale.ui.charts.intervals import Kind
from myriad.scale.ui.filters import capital, day, percent


def calibration(found: Sequence[Tenth]) -> Markup:
    """Return how often decisions believed alike were right, with how far they were believed."""
    rows = [
        Estimate(
            f"Believed {percent(one.believed, 1)}",
            one.precision.share or 0.0,
            *one.precision.interval,
            _right(one.precision),
            _kind(one.believed, *one.precision.interval),
        )
        for one in found
    ]
    return _shares(rows, "How often decisions were right, by how far they were believed")


def methods(found: Sequence[Precision]) -> Markup:
    """Return the audited precision of each method against what deciding alone takes."""
    rows = [
        Estimate(
            capital(METHODS.get(one.label, one.label)),
            one.share or 0.0,
            *one.interval,
            _right(one),
            "good" if one.interval[0] >= AUTO_FROM else "info",
        )
        for one in found
    ]
    return _shares(rows, "Audited precision by method", ((AUTO_FROM, "may decide alone"),))


def coverage(days: Sequence[tuple[date, Quality]]) -> Markup:
    """Return the share of purchases whose string is decided, day by day."""
    points = coverage_points(days)
    return line_chart(
        points,
        title="Purchases whose string is decided",
        desc=f"From {points[0].text} to {points[-1].text}." if points else "Nothing yet.",
        unit=lambda value: percent(value),
    )


def coverage_points(days: Sequence[tuple[date, Quality]]) -> list[Point]:
    """Return the same as points."""
    return [
        Point(day(on, year=False), one.coverage_tx or 0.0, percent(one.coverage_tx, 1))
        for on, one in days
    ]


def borne(months: Sequence[Month]) -> Markup:
    """Return what each month bore, the oldest first."""
    points = borne_points(months)
    return bar_chart(
        points,
        title="What each month bears",
        desc="; ".join(point.reading for point in points),
        unit=lambda value: micros(value),
    )


def borne_points(months: Sequence[Month]) -> list[Point]:
    """Return the same as points."""
    return [
        Point(f"{one.month:%b %y}", one.borne_usd_micros, micros(one.borne_usd_micros))
        for one in reversed(months)
    ]


def _shares(
    rows: Sequence[Estimate], title: str, marks: Sequence[tuple[float, str]] = ()
) -> Markup:
    desc = " ".join(f"{row.name}: {row.text}." for row in rows)
    return interval_chart(rows, title=title, desc=desc, marks=marks, least=0.0, most=1.0)


def _right(one: Precision) -> str:
    low, high = one.interval
    return f"{one.right_ones:,} of {one.total:,} right, {percent(low, 1)} to {percent(high, 1)}"


def _kind(believed: float, low: float, high: float) -> Kind:
    return "good" if low <= believed <= high else "bad"
