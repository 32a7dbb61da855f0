"""When New York trades: days, hours, holidays by their rules (NYSE Rule 7.2), two windows a day.

Half days count as whole ones: both windows lie before their early close at one o'clock or are
taken as closed by the broker, which then leaves an order for the next window. Banks keep other days:
they are open on Good Friday and closed on Columbus and Veterans Day.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
OPENS, CLOSES = time(9, 30), time(16)
WINDOWS = (time(10, 0), time(15, 0))
_SUNDAY, _SATURDAY, _FRIDAY, _MONDAY, _THURSDAY = 6, 5, 4, 0, 3
_JUNETEENTH_SINCE = 2022


def is_trading_day(day: date) -> bool:
    """Whether the exchange opens on this day."""
    return day.weekday() < _SATURDAY and day not in _holidays(day.year)


def is_banking_day(day: date) -> bool:
    """Whether money moves between banks on this day (Federal Reserve, "Holiday Schedules")."""
    return day.weekday() < _SATURDAY and day not in _bank_holidays(day.year)


def is_open(moment: datetime) -> bool:
    """Whether the exchange trades at this moment."""
    local = moment.astimezone(NEW_YORK)
    return is_trading_day(local.date()) and OPENS <= local.time() < CLOSES


def market_day(moment: datetime) -> date:
    """Return the calendar day in New York."""
    return moment.astimezone(NEW_YORK).date()


def last_closed_day(moment: datetime) -> date:
    """Return the last day of trading whose close had come at `moment`."""
    local = moment.astimezone(NEW_YORK)
    day = local.date() if local.time() >= CLOSES else local.date() - timedelta(days=1)
    while not is_trading_day(day):
        day -= timedelta(days=1)
    return day


def next_window(moment: datetime) -> datetime:
    """Return the first order window at or after `moment`, in UTC."""
    day = market_day(moment)
    while True:
        if is_trading_day(day):
            for at in WINDOWS:
                window = datetime.combine(day, at, NEW_YORK).astimezone(UTC)
                if window >= moment:
                    return window
        day += timedelta(days=1)


@lru_cache(maxsize=64)
def _holidays(year: int) -> frozenset[date]:
    fixed = [_observed(date(year, 7, 4)), _observed(date(year, 12, 25))]
    new_year = date(year, 1, 1)
    if new_year.weekday() != _SATURDAY:
        fixed.append(_observed(new_year))
    if year >= _JUNETEENTH_SINCE:
        fixed.append(_observed(date(year, 6, 19)))
    return frozenset([*fixed, *_moving(year), _easter(year) - timedelta(days=2)])


@lru_cache(maxsize=64)
def _bank_holidays(year: int) -> frozenset[date]:
    fixed = [date(year, 1, 1), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)]
    if year >= _JUNETEENTH_SINCE:
        fixed.append(date(year, 6, 19))
    # One on a Sunday is kept on the Monday, one on a Saturday on no other day.
    kept = [day if day.weekday() == _SATURDAY else _observed(day) for day in fixed]
    return frozenset([*kept, *_moving(year), _nth(year, 10, _MONDAY, 2)])


def _moving(year: int) -> list[date]:
    """Return the holidays on a weekday of their month that the exchange and banks both keep."""
    return [
        _nth(year, 1, _MONDAY, 3),
        _nth(year, 2, _MONDAY, 3),
        _nth(year, 6, _MONDAY, 1) - timedelta(days=7),
        _nth(year, 9, _MONDAY, 1),
        _nth(year, 11, _THURSDAY, 4),
    ]


def _observed(day: date) -> date:
    if day.weekday() == _SATURDAY:
        return day - timedelta(days=1)
    return day + timedelta(days=1) if day.weekday() == _SUNDAY else day


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def _easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (the anonymous computus)."""
    golden, century = year % 19, year // 100
    leap = century // 4
    epact = (19 * golden + century - leap - (8 * century + 13) // 25 + 15) % 30
    moon = epact - (epact // 28) * (1 - (29 // (epact + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + moon + 2 - century + leap) % 7
    ahead = moon - weekday
    month = 3 + (ahead + 40) // 44
    return date(year, month, ahead + 28 - 31 * (month // 4))
