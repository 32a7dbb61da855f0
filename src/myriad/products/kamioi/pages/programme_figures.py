"""The chart of a programme's purchases."""

from __future__ import annotations

from markupsafe import Markup

from myriad.products.kamioi.repository.dashboards import ProgrammeCounts
from myriad.scale.ui.charts import Point, bar_chart
from myriad.scale.ui.filters import day, plural


def purchases(view: ProgrammeCounts) -> Markup:
    """Return purchases by day."""
    points = purchase_points(view)
    said = f"From {points[0].label} to {points[-1].label}, most on one day: "
    most = max(points, key=lambda point: point.value)
    return bar_chart(points, title="Purchases by day", desc=said + most.reading)


def purchase_points(view: ProgrammeCounts) -> list[Point]:
    """Return the same as points."""
    return [
        Point(day(when, year=False), count, plural(count, "purchase"))
        for when, count in view.by_day(view.since).items()
    ]
