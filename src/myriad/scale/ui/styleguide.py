"""What the styleguide shows: every component with values that could be real."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from myriad.kit.clock import utc_now
from myriad.kit.money import Money
from myriad.scale.ui.charts import Point

_TODAY = date(2026, 11, 20)


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of an evidence list."""

    label: str
    value: str
    weight: float | None = None


def _weeks() -> tuple[Point, ...]:
    begin = _TODAY - timedelta(weeks=25)
    values = [round(58 + 14 * math.sin(i / 3.1) + (i * 37 % 11)) for i in range(26)]
    days = [begin + timedelta(weeks=i) for i in range(26)]
    return tuple(
        Point(f"{day.day} {day:%b}", value, f"{value} visits")
        for day, value in zip(days, values, strict=True)
    )


def _calendar() -> dict[date, float]:
    days = [_TODAY - timedelta(days=i) for i in range(364)]
    return {day: 0.0 if day.weekday() == 6 else float(day.toordinal() * 7 % 17) for day in days}


@dataclass(frozen=True, slots=True)
class Sample:
    """Values for every component of the styleguide."""

    today: date = _TODAY
    now: datetime = field(default_factory=utc_now)
    weeks: tuple[Point, ...] = field(default_factory=_weeks)
    gaps: tuple[float, ...] = tuple(14 + (i * 29 % 31) + (i * 13 % 17) for i in range(160))
    calendar: dict[date, float] = field(default_factory=_calendar)
    calendar_start: date = _TODAY - timedelta(days=363)
    visits: tuple[date, ...] = tuple(_TODAY - timedelta(days=58 + 24 * i) for i in range(9))[::-1]
    amounts: tuple[Money, ...] = (Money(124050, "USD"), Money(-1999, "USD"), Money(1200, "JPY"))
    facts: tuple[Fact, ...] = (
        Fact("Gap since the last visit", "58 days, usually 24", 0.8),
        Fact("Visits in a year", "13", 0.3),
        Fact("Last ticket", "$84, as always", -0.2),
        Fact("Source", "Card payments", None),
    )


def sample() -> Sample:
    """Return the values that the styleguide page draws."""
    return Sample()
