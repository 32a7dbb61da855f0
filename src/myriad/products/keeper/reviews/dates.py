"""Dates of reviews as people and exports write them, read in the account's zone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from myriad.products.keeper.reviews.errors import ReviewDateError

NOON = time(12)
# English, German, French, Spanish, Italian and Dutch, without accents.
_MONTH_NAMES = """
jan january januar janvier enero gennaio januari,feb february februar fevrier febrero febbraio
februari,mar march marz mrz mars marzo maart,apr april avril abril aprile,may mai mayo maggio mei,
jun june juni juin junio giugno,jul july juli juillet julio luglio,
aug august aout agosto augustus,sep sept september septembre septiembre settembre,
oct october okt oktober octobre octubre ottobre,nov november novembre noviembre,
dec december dez dezember decembre diciembre dicembre
"""
_MONTHS = {
    name: number
    for number, names in enumerate(_MONTH_NAMES.strip().split(","), start=1)
    for name in names.split()
}
_CLOCK = (
    r"(?:[\sT,]+(?:at\s+)?(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[ap]\.?m\.?)?)?"
)
_FORMS = tuple(
    re.compile(form + _CLOCK, re.IGNORECASE)
    for form in (
        r"(?P<first>\d{1,2})(?P<mark>[/.-])(?P<second_part>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})",
        r"(?P<year>\d{4})[/.](?P<month>\d{1,2})[/.](?P<day>\d{1,2})",
        r"(?:[a-z]+,\s*)?(?P<name>[a-z]{3,10})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})",
        r"(?:[a-z]+,\s*)?(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?[\s-]+(?:de\s+)?(?P<name>[a-z]{3,10})\.?,?[\s-]+(?:de\s+)?(?P<year>\d{4})",
    )
)
_TWO_NUMBERS = re.compile(r"\s*(\d{1,2})[/-](\d{1,2})[/-]\d{2,4}\b")
_ASKED = "write it as 2026-03-05 or 2026-03-05T14:30:00Z"
# The zones whose people write the month first.
_MONTH_FIRST = ("America/", "US/", "Pacific/Honolulu", "Pacific/Guam", "Asia/Manila")
_EXCEL_EPOCH = date(1899, 12, 30)
_EXCEL_DAYS = range(20_000, 80_000)


def guess_day_first(samples: Iterable[str], zone: str) -> bool:
    """Say whether "03/05/2026" is the third of May in a file with these dates.

    A number above twelve decides, by majority; without one the zone does: month first in America,
    day first elsewhere.
    """
    votes = 0
    for sample in samples:
        match = _TWO_NUMBERS.match(sample)
        if match:
            votes += (int(match[1]) > 12) - (int(match[2]) > 12)
    return votes > 0 if votes else not zone.startswith(_MONTH_FIRST)


def parse_moment(typed: str, zone: ZoneInfo, *, day_first: bool) -> datetime:
    """Return the moment in UTC; a time without zone is the account's, a day alone is its noon.

    Read are ISO 8601, numbers with slashes, dots (day first always) or hyphens, names of months,
    seconds or milliseconds since 1970, and day numbers of spreadsheets. Raises ReviewDateError,
    also for what is relative ("2 weeks ago"): it cannot be said when it was written.
    """
    spelt = unicodedata.normalize("NFKD", typed.strip().strip("'\"="))
    text = "".join(letter for letter in spelt if not unicodedata.combining(letter))
    try:
        found = _iso(text) or _number(text) or _spoken(text, day_first)
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise ReviewDateError(f"{typed.strip()[:40]!r} is no date: {_ASKED}", typed=typed[:200])
    try:
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        raise ReviewDateError(f"{typed.strip()[:40]!r} is no date: {_ASKED}") from None


def _iso(text: str) -> datetime | None:
    if not re.match(r"\d{4}-?\d{2}-?\d{2}(?!\d)", text):
        return None
    try:
        return datetime.combine(date.fromisoformat(text), NOON)
    except ValueError:
        trimmed = re.sub(r"\s*(UTC|GMT)$", "+00:00", text)
        return datetime.fromisoformat(re.sub(r"\s+(?=[+-]\d)", "", trimmed))


def _number(text: str) -> datetime | None:
    if not text.isascii() or not text.isdigit():
        return None
    if len(text) in (10, 13):
        return datetime.fromtimestamp(int(text[:10]), UTC)
    if len(text) == 5 and int(text) in _EXCEL_DAYS:
        return datetime.combine(_EXCEL_EPOCH + timedelta(days=int(text)), NOON)
    return None


def _spoken(text: str, day_first: bool) -> datetime | None:
    for form in _FORMS:
        match = form.fullmatch(text)
        if match:
            return datetime.combine(_day(match, day_first), _clock(match))
    return None


def _day(match: re.Match[str], day_first: bool) -> date:
    parts = match.groupdict()
    year = int(parts["year"])
    if "first" in parts:
        first, second = int(parts["first"]), int(parts["second_part"])
        # A number above twelve is the day whatever the rest of the file does.
        is_day_first = first > 12 or (second <= 12 and (day_first or parts["mark"] == "."))
        day, month = (first, second) if is_day_first else (second, first)
        return date(year + 2000 if year < 100 else year, month, day)
    month = int(parts["month"]) if "month" in parts else _MONTHS.get(parts["name"].casefold(), 0)
    return date(year, month, int(parts["day"]))


def _clock(match: re.Match[str]) -> time:
    if match["hour"] is None:
        return NOON
    hour, half = int(match["hour"]), (match["half"] or "").casefold()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError("a twelve-hour clock ends at twelve")
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    return time(hour, int(match["minute"]), int(match["second"] or 0))
