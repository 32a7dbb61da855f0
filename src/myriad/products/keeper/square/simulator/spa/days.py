"""When the spa is open and how busy its days are."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/New_York")
_MONDAY, _THURSDAY = 0, 3
_WEEKDAY = (0.0, 0.8, 0.9, 1.0, 1.3, 1.6, 0.9)
_MONTH = (0.80, 0.92, 1.0, 1.0, 1.12, 1.0, 0.95, 0.93, 1.0, 1.0, 1.05, 1.22)


@lru_cache(maxsize=16)
def holidays(year: int) -> frozenset[date]:
    """Return the days of the year on which the spa stays closed."""
    november = date(year, 11, 1)
    thanksgiving = november + timedelta(days=(_THURSDAY - november.weekday()) % 7 + 21)
    return frozenset(
        {date(year, 1, 1), date(year, 7, 4), thanksgiving, date(year, 12, 24), date(year, 12, 25)}
    )


def is_open(day: date) -> bool:
    """Whether the spa opens on this day: not on Mondays and not on holidays."""
    return day.weekday() != _MONDAY and day not in holidays(day.year)


def appeal(day: date) -> float:
    """Return how much customers like to come on this day, 0 when it is closed."""
    return _WEEKDAY[day.weekday()] * _MONTH[day.month - 1] if is_open(day) else 0.0
