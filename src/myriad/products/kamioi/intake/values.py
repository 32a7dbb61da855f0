"""Amounts and days as banks write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Literal

from myriad.kit.money import minor_digits
from myriad.products.kamioi.intake.lines import BadLineError, StatementFileError

DayOrder = Literal["mdy", "dmy", "ymd"]

_MARKS = re.compile(r"[\s$€£¥'\u00a0\u202f]|[A-Z]{3}(?=[\s\d(-])|(?<=\d)\s*[A-Z]{3}$")
_NUMBER = re.compile(r"[0-9]+\.?[0-9]*|\.[0-9]+")
_ISO = re.compile(r"(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})(?:[T ].*)?", re.ASCII)
_PARTS = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})", re.ASCII)
_NAMED = re.compile(
    r"(?:(?P<first>\d{1,2})[-. ]?(?P<month>[a-z]{3,9})|(?P<word>[a-z]{3,9})\.? (?P<day>\d{1,2}))"
    r"[-., ]+(?P<year>\d{4}|\d{2})",
    re.ASCII | re.IGNORECASE,
)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_LONGEST = 40


def read_amount(text: str, currency: str) -> int:
    """Return an amount in minor units, its sign as written: `-$1,234.50`, `(5.00)`, `1.234,50`.

    Raises BadLineError for what is no amount, or has more digits than the currency.
    """
    bare = text.strip().replace("\u2212", "-")
    if not bare or len(bare) > _LONGEST:
        raise BadLineError("its amount is missing" if not bare else "its amount is no number")
    is_negative = bare.startswith("(") and bare.endswith(")")
    bare = _MARKS.sub("", bare.strip("()"))
    if bare.endswith("-") or bare.startswith("-"):
        is_negative, bare = not is_negative, bare.strip("-")
    digits = _with_point(bare.removeprefix("+"))
    if not _NUMBER.fullmatch(digits):
        raise BadLineError("its amount is no number")
    try:
        minor = Decimal(digits).scaleb(minor_digits(currency))
    except InvalidOperation:
        raise BadLineError("its amount is no number") from None
    if minor != int(minor):
        raise BadLineError(f"its amount has more digits than {currency} has")
    return -int(minor) if is_negative else int(minor)


def _with_point(text: str) -> str:
    """Return a number with a decimal point and no marks between thousands."""
    comma, point = text.rfind(","), text.rfind(".")
    if comma > point and (point >= 0 or len(text) - comma - 1 != 3):
        return text.replace(".", "").replace(",", ".", 1)
    return text.replace(",", "")


def read_day(text: str, order: DayOrder) -> date:
    """Return a day; one that begins with its year is read as such whatever the order."""
    bare = text.strip()
    if found := _ISO.fullmatch(bare):
        year, month, day = (int(part) for part in found.groups())
    elif found := _PARTS.fullmatch(bare):
        first, second, year = (int(part) for part in found.groups())
        month, day = (second, first) if order == "dmy" else (first, second)
    elif found := _NAMED.fullmatch(bare):
        month = _month(found["month"] or found["word"])
        day, year = int(found["first"] or found["day"]), int(found["year"])
    else:
        raise BadLineError("its day is no date")
    year += 2000 if year < 100 else 0
    try:
        return date(year, month, day)
    except ValueError:
        raise BadLineError("its day is no day of the calendar") from None


def _month(name: str) -> int:
    """Return a month by the first letters of its English name."""
    if name[:3].lower() not in _MONTHS:
        raise BadLineError("its day is no date")
    return _MONTHS.index(name[:3].lower()) + 1


def find_order(texts: Sequence[str]) -> DayOrder:
    """Return in which order the days of a file are written, as its own days prove.

    Where points divide them the day comes first. Raises StatementFileError where every day could be
    read both ways.
    """
    pairs = [found.groups() for text in texts if (found := _PARTS.fullmatch(text.strip()))]
    if not pairs:
        return "ymd"
    if all("." in text for text in texts) or any(int(pair[0]) > 12 for pair in pairs):
        return "dmy"
    if any(int(pair[1]) > 12 for pair in pairs) or all(pair[0] == pair[1] for pair in pairs):
        return "mdy"
    message = (
        "the days of this file can be read in two ways; say the order of their parts: mdy as in the "
        "US, or dmy"
    )
    raise StatementFileError(message, [("/days", "mdy or dmy")])
