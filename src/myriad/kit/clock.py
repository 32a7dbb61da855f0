"""Time with a zone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from myriad.kit.errors import InvalidInputError


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def get_zone(name: str) -> ZoneInfo:
    """Return the IANA time zone `name`, or raise InvalidInputError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"{name!r} is no time zone; use an IANA name such as America/New_York"
        raise InvalidInputError(message, zone=name) from None


def local_date(moment: datetime, zone: str) -> date:
    """Return the calendar day of `moment` in `zone`."""
    return moment.astimezone(get_zone(zone)).date()
