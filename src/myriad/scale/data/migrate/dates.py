"""How SQLite's dates and times become PostgreSQL's: texts of any form, seconds, days of Julius.

SQLite has no type for them. Its own functions read ISO texts, seconds since 1970 and Julian days;
programs write others besides.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from myriad.scale.data.migrate.errors import ValueRefusedError
from myriad.scale.data.migrate.values import Converter, Values, each

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_JULIAN_EPOCH = Decimal("2440587.5")
_MILLISECOND = dt.timedelta(milliseconds=1)
# What is counted, as microseconds; from where on.
_COUNTED = {
    "epoch": (1_000_000, Decimal(0)),
    "epoch_ms": (1_000, Decimal(0)),
    "epoch_us": (1, Decimal(0)),
    "julian": (86_400_000_000, _JULIAN_EPOCH),
}
COUNTED = tuple(_COUNTED)
_zone_of = attrgetter("tzinfo")


def moments(zone_name: str) -> Converter:
    """Return the converter of texts as 2024-05-01 12:00:00; without an offset in the zone given.

    An hour that the clocks repeated is its first; one that they left out is refused.
    """
    zone = ZoneInfo(zone_name)
    # A fixed offset needs no look at the clocks' changes, value by value.
    is_utc = zone_name in ("UTC", "Etc/UTC")
    read = dt.datetime.fromisoformat

    def one(value: Any) -> dt.datetime | None:
        if value == "":
            return None
        try:
            found = read(value)
        except (TypeError, ValueError):
            raise ValueRefusedError("no date and time that can be read") from None
        if found.tzinfo is not None:
            return found.astimezone(dt.UTC)
        return _in_zone(found, zone)

    slowly = each(one).many
    return Converter(one, (lambda values: _utc_moments(values, slowly)) if is_utc else slowly)


def _utc_moments(values: Values, slowly: Callable[[Values], Values]) -> Values:
    # With the offset in the text a moment is made once; behind a bare day it would be read as a time.
    try:
        found = list(map(dt.datetime.fromisoformat, [value + "+00:00" for value in values]))
    except (ValueError, TypeError):
        return slowly(values)
    return found if set(map(_zone_of, found)) <= {dt.UTC} else slowly(values)


def _in_zone(found: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    there = found.replace(tzinfo=zone).astimezone(dt.UTC)
    if there.astimezone(zone).replace(tzinfo=None) != found:
        raise ValueRefusedError(f"an hour that the clocks of {zone.key} left out")
    return there


def days() -> Converter:
    """Return the converter of texts that begin with a day, as 2024-05-01."""

    def one(value: Any) -> dt.date | None:
        if value == "":
            return None
        try:
            return dt.datetime.fromisoformat(value).date()
        except (TypeError, ValueError):
            raise ValueRefusedError("no date that can be read") from None

    return each(one)


def counted_moments(unit: str, zone_name: str, *, is_day: bool) -> Converter:
    """Return the converter of numbers since 1970 (`epoch`, `epoch_ms`, `epoch_us`) or Julian days.

    A day (`is_day`) is that of the zone given. Julian days are floats, true to the millisecond.
    """
    microseconds, start = _COUNTED[unit]
    zone = ZoneInfo(zone_name)

    def one(value: Any) -> dt.datetime | dt.date:
        if type(value) not in (int, float):
            raise ValueRefusedError("no number where a date is counted")
        try:
            since = round((Decimal(repr(value)) - start) * microseconds)
            found = _EPOCH + dt.timedelta(microseconds=since)
        except (OverflowError, ValueError, ArithmeticError):
            raise ValueRefusedError("a number that is no date") from None
        if unit == "julian":
            found = _EPOCH + round((found - _EPOCH) / _MILLISECOND) * _MILLISECOND
        return found.astimezone(zone).date() if is_day else found

    return each(one)


def count_back(unit: str, zone_name: str) -> Callable[[Any], int | float]:
    """Return what counts a moment, or the first one of a day, as SQLite did."""
    microseconds, start = _COUNTED[unit]
    zone = ZoneInfo(zone_name)

    def back(value: Any) -> int | float:
        is_moment = isinstance(value, dt.datetime)
        moment = value if is_moment else dt.datetime.combine(value, dt.time(), zone)
        since = (moment - _EPOCH) // dt.timedelta(microseconds=1)
        if start:
            return float(Decimal(since) / microseconds + start)
        return since // microseconds if since % microseconds == 0 else since / microseconds

    return back


def written_moments(form: str, zone_name: str, *, is_day: bool) -> Converter:
    """Return the converter of texts of one form, as "%d.%m.%Y"; a moment is one of the zone given."""
    zone = ZoneInfo(zone_name)

    def one(value: Any) -> dt.datetime | dt.date | None:
        if value == "":
            return None
        try:
            found = dt.datetime.strptime(value, form)  # noqa: DTZ007 - its zone comes next.
        except (TypeError, ValueError):
            raise ValueRefusedError(f"no date of the form {form}") from None
        if is_day:
            return found.date()
        return found.astimezone(dt.UTC) if found.tzinfo else _in_zone(found, zone)

    return each(one)


def write_back(form: str, zone_name: str) -> Callable[[Any], str]:
    """Return what writes a moment or a day in one form."""
    zone = ZoneInfo(zone_name)

    def back(value: Any) -> str:
        there = value.astimezone(zone) if isinstance(value, dt.datetime) else value
        return str(there.strftime(form))

    return back
