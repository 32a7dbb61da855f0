"""Keys of the last row shown, as text: what a page hands back to ask for the next one."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from myriad.kit.errors import InvalidInputError

_MARK = "~"


def join_key(*parts: object) -> str:
    """Return the parts as one text."""
    return _MARK.join(
        part.isoformat() if isinstance(part, date | datetime) else str(part) for part in parts
    )


def split_key(after: str | None, parts: int) -> list[str | None]:
    """Return the parts of a key, all None without one; raises InvalidInputError."""
    if after is None:
        return [None] * parts
    found = after.rsplit(_MARK, parts - 1)
    if len(found) != parts:
        raise InvalidInputError("this page mark does not belong to this list")
    return list(found)


def uuid_part(part: str | None) -> UUID | None:
    """Return the id in a part of a key; raises InvalidInputError."""
    try:
        return None if part is None else UUID(part)
    except ValueError:
        raise InvalidInputError("this page mark does not belong to this list") from None


def date_part(part: str | None) -> date | None:
    """Return the day in a part of a key; raises InvalidInputError."""
    try:
        return None if part is None else date.fromisoformat(part)
    except ValueError:
        raise InvalidInputError("this page mark does not belong to this list") from None


def moment_part(part: str | None) -> datetime | None:
    """Return the moment in a part of a key; raises InvalidInputError."""
    try:
        return None if part is None else datetime.fromisoformat(part)
    except ValueError:
        raise InvalidInputError("this page mark does not belong to this list") from None


def number_part(part: str | None) -> float | None:
    """Return the number in a part of a key; raises InvalidInputError."""
    try:
        return None if part is None else float(part)
    except ValueError:
        raise InvalidInputError("this page mark does not belong to this list") from None
