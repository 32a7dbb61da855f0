"""The periods that figures of staff are made for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from myriad.products.keeper.team.definitions import REVISIT_DAYS

Period = Literal["days_90", "days_365", "month"]

ROLLING: dict[Period, int] = {"days_90": 90, "days_365": 365}
MONTHS_KEPT = 12
_A_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Span:
    """One period from `first` to `last`, both included; a month in progress ends on the day."""

    period: Period
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class KnownSpan:
    """A period that is stored; `basis` is the digest of the settled past that it was made from."""

    period: str
    first: date
    last: date
    basis: str


def settled_before(day: date) -> date:
    """Return the first day of the month before that of `day`: older data seldom change."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def kept_from(day: date) -> date:
    """Return from which day on days are kept: what the oldest period that `day` asks for reaches."""
    oldest = day.replace(day=1)
    for _ in range(MONTHS_KEPT):
        oldest = (oldest - timedelta(days=1)).replace(day=1)
    return oldest - timedelta(days=max(REVISIT_DAYS))


def spans_for(
    day: date, first_day: date, known: Collection[KnownSpan] = (), basis: str = ""
) -> list[Span]:
    """Return what has to be reckoned on `day`.

    The last 90 days and the present month always; the last 365 days once a week; the month before
    for a week, because sales arrive late; and whatever is missing or was made from another settled
    past than `basis`. `first_day` is that of the data.
    """
    good = {(item.period, item.first) for item in known if item.basis == basis}
    week = {
        item.period
        for item in known
        if item.basis == basis and day - _A_WEEK < item.last <= day and item.period == "days_365"
    }
    spans = [
        Span(name, day - timedelta(days=days - 1), day)
        for name, days in ROLLING.items()
        if name not in week
    ]
    return spans + [
        Span("month", month, min(day, _end_of(month)))
        for month in _months(day, first_day)
        if _may_change(month, day) or ("month", month) not in good
    ]


def _months(day: date, first_day: date) -> Iterator[date]:
    month = day.replace(day=1)
    for _ in range(MONTHS_KEPT):
        if month < first_day.replace(day=1):
            return
        yield month
        month = (month - timedelta(days=1)).replace(day=1)


def _may_change(month: date, day: date) -> bool:
    return month >= (day - _A_WEEK).replace(day=1)


def _end_of(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
