"""Days and weeks as points of a chart, on screens and in reports alike."""

from __future__ import annotations

from datetime import date

from myriad.kit.money import Money, minor_digits
from myriad.products.keeper.reports.words import short_day
from myriad.scale.ui.charts import Point
from myriad.scale.ui.filters import plural


def visits_point(when: date, visits: int) -> Point:
    """Return how many visits there were from `when` on."""
    return Point(short_day(when), visits, plural(visits, "visit"))


def takings_point(when: date, takings: Money) -> Point:
    """Return what came in from `when` on, in major units of its currency."""
    scale = 10 ** minor_digits(takings.currency)
    return Point(short_day(when), takings.minor / scale, takings.format(whole=True))
