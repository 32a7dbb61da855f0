"""The charts of a portfolio."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from myriad.kit.money import Money, minor_digits
from myriad.products.kamioi.holding.portfolio import Portfolio
from myriad.products.kamioi.money.returns import DayValue
from myriad.scale.ui import charts
from myriad.scale.ui.filters import day

MOST_POINTS = 120


def thinned(days: Sequence[DayValue], most: int = MOST_POINTS) -> list[DayValue]:
    """Return at most so many of the days, evenly, the last always among them."""
    if len(days) <= most:
        return list(days)
    step = (len(days) - 1) / (most - 1)
    return [days[round(at * step)] for at in range(most)]


def points(view: Portfolio) -> list[charts.Point]:
    """Return the value of each day that is drawn."""
    unit = 10 ** minor_digits(view.currency)
    return [
        charts.Point(
            day(one.day), one.value_minor / unit, Money(one.value_minor, view.currency).format()
        )
        for one in thinned(view.performance.days)
    ]


def value_chart(view: Portfolio) -> Markup:
    """Return the value of all shares by day."""
    drawn = points(view)
    desc = "No days yet."
    if drawn:
        desc = f"From {drawn[0].text} on {drawn[0].label} to {drawn[-1].text} on {drawn[-1].label}."
    return charts.line_chart(drawn, title="Value of your shares by day", desc=desc)
