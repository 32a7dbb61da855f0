"""Template filters: how numbers, money, days and moments read on a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from myriad.kit.clock import get_zone
from myriad.kit.money import Money
from myriad.scale.ui.charts.marks import drawn

NOTHING = "\N{EN DASH}"
_STEPS = ((60, 1, "second"), (3600, 60, "minute"), (86400, 3600, "hour"), (2592000, 86400, "day"))
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def money(value: Money | None, *, whole: bool = False) -> str:
    """Return an amount such as `$1,240.50`; `whole` rounds to the main unit."""
    return NOTHING if value is None else value.format(whole=whole)


def number(value: float | None, digits: int = 0) -> str:
    """Return a number with thousands separators and a fixed count of decimals."""
    return NOTHING if value is None else f"{value:,.{digits}f}"


def percent(value: float | None, digits: int = 0) -> str:
    """Return a share between 0 and 1 as a percentage."""
    return NOTHING if value is None else f"{value * 100:.{digits}f}%"


def signed_percent(value: float | None, digits: int = 0) -> str:
    """Return a change with its sign, such as `+12%` or `-3%` with a true minus sign."""
    if value is None:
        return NOTHING
    text = f"{abs(value) * 100:.{digits}f}%"
    return f"\N{MINUS SIGN}{text}" if value < 0 else f"+{text}"


def in_words(value: int) -> str:
    """Return a count up to ten in words, larger ones in digits, as running text wants it."""
    return _WORDS[value] if 0 <= value < len(_WORDS) else f"{value:,}"


def plural(value: int, one: str, many: str | None = None) -> str:
    """Return `1 day` or `3 days`; `many` when the plural is not formed with s."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def capital(value: str) -> str:
    """Return the text with a capital first letter and the rest as it was."""
    return value[:1].upper() + value[1:]


def day(value: date | None, *, year: bool | None = None, weekday: bool = False) -> str:
    """Return a day such as `3 May 2026`; without the year when `year` is False."""
    if value is None:
        return NOTHING
    text = _day_and_month(value)
    text = f"{value:%a} {text}" if weekday else text
    return text if year is False else f"{text} {value.year}"


@lru_cache(maxsize=4096)
def _day_and_month(value: date) -> str:
    # Naming a month asks the locale, and a list of people says fifty days.
    return f"{value.day} {value:%b}"


@pass_context
def moment(context: Context, value: datetime | None, *, seconds: bool = False) -> Markup | str:
    """Return a `<time>` element in the account's zone, such as `3 May 2026, 14:05`."""
    if value is None:
        return NOTHING
    local = value.astimezone(get_zone(context["page"].zone))
    clock = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    return drawn(
        '<time datetime="{}">{}, {}</time>',
        value.isoformat(timespec="seconds"),
        day(local.date()),
        clock,
    )


@pass_context
def ago(context: Context, value: datetime | None) -> Markup | str:
    """Return how long ago a moment was, with the moment itself as the tooltip."""
    if value is None:
        return "never"
    page = context["page"]
    return page.holes.ago(value) if page.holes else ago_element(value, page.now, page.zone)


def ago_element(value: datetime, now: datetime, zone: str) -> Markup:
    """Return a `<time>` element that says how long before `now` a moment was."""
    local = value.astimezone(get_zone(zone))
    return drawn(
        '<time datetime="{}" title="{}">{}</time>',
        value.isoformat(timespec="seconds"),
        f"{day(local.date())}, {local:%H:%M}",
        relative((now - value).total_seconds()),
    )


def relative(seconds: float) -> str:
    """Return a span before now (negative: after now) in words, such as `3 hours ago`."""
    size = abs(seconds)
    if size < 5:
        return "just now"
    for limit, unit, name in _STEPS:
        if size < limit:
            return _directed(plural(max(1, int(size // unit)), name), seconds)
    return _directed(plural(int(size // 86400), "day"), seconds)


def _directed(text: str, seconds: float) -> str:
    return f"in {text}" if seconds < 0 else f"{text} ago"


def duration(milliseconds: int | None) -> str:
    """Return a span such as `840 ms`, `4.2 s` or `3 min 5 s`."""
    if milliseconds is None:
        return NOTHING
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def phone(value: str | None) -> str:
    """Return a number for the eye: North American numbers grouped, others as they are."""
    if not value:
        return NOTHING
    if value.startswith("+1") and len(value) == 12 and value[1:].isdigit():
        return f"({value[2:5]}) {value[5:8]}-{value[8:]}"
    return value


def title_case_key(value: str) -> str:
    """Return `likely_lapsed` as `Likely lapsed`."""
    return capital(value.replace("_", " "))


FILTERS: Mapping[str, Callable[..., Any]] = {
    "ago": ago,
    "capital": capital,
    "day": day,
    "duration": duration,
    "in_words": in_words,
    "label": title_case_key,
    "moment": moment,
    "money": money,
    "number": number,
    "percent": percent,
    "phone": phone,
    "plural": plural,
    "signed_percent": signed_percent,
}
