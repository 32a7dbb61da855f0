"""What a portfolio returned: daily time-weighted, and money-weighted as XIRR.

Time-weighted return links the days, so that it says how the shares did and not when money came. Of a
day it takes money in as there from the morning on and money out as there until the evening, which
is one of the conventions that GIPS leaves open (Bacon, "Practical Portfolio Performance
Measurement and Attribution", chapter 3); the first purchase then needs no day before it.
Money-weighted return is the yearly rate at which all payments come to nothing today, 365 days to a
year, as spreadsheets' XIRR counts. Both are fractions: 0.05 is five per cent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import exp, expm1, fsum, inf

YEAR_DAYS = 365
_HALVINGS = 64
# The growth that is searched, as a logarithm: money of the last day may have to lose all at once.
_STEEPEST = 1e6
_STEP = 0.02
_WIDENING = 1.08


@dataclass(frozen=True, slots=True)
class DayValue:
    """A portfolio at the close of a day: its value, and what was paid in and taken out that day.

    Minor units of one currency. A dividend paid out as cash is money taken out.
    """

    day: date
    value_minor: int
    in_minor: int = 0
    out_minor: int = 0


@dataclass(frozen=True, slots=True)
class CashFlow:
    """Money on a day, in minor units: below zero is paid in, above zero comes back."""

    day: date
    amount_minor: int


@dataclass(frozen=True, slots=True)
class DayReturn:
    """The return of a day and of all days so far."""

    day: date
    day_return: float
    total_return: float


def daily_returns(days: Iterable[DayValue]) -> Iterator[DayReturn]:
    """Yield the time-weighted return of each day, linked; days in order, one row each.

    A day without any money returns nothing. After a total loss the linked return stays at -1.
    """
    before, growth = 0, 1.0
    for one in days:
        base = before + one.in_minor
        rate = (one.value_minor + one.out_minor) / base - 1.0 if base > 0 else 0.0
        growth *= 1.0 + rate
        before = one.value_minor
        yield DayReturn(one.day, rate, growth - 1.0)


def time_weighted(days: Iterable[DayValue]) -> float:
    """Return the time-weighted return of all days; 0.0 for none."""
    total = 0.0
    for one in daily_returns(days):
        total = one.total_return
    return total


def present_value(flows: Sequence[CashFlow], rate: float) -> float:
    """Return what the flows are worth on the first day at a yearly `rate` above -1, in minor units."""
    first, _ = _span(flows)
    return fsum(
        flow.amount_minor * (1.0 + rate) ** (-(flow.day - first).days / YEAR_DAYS) for flow in flows
    )


def money_weighted(flows: Sequence[CashFlow]) -> float | None:
    """Return the return over all days of the flows, at the one rate that brings them to nothing.

    None unless money went in and money came back, on different days, and there is such a rate. Of
    several the one nearest to no growth is returned; inf for what grows by more than can be told.
    """
    growth = _growth(flows)
    return None if growth is None else _rate(growth)


def xirr(flows: Sequence[CashFlow]) -> float | None:
    """Return `money_weighted` as a yearly rate."""
    growth = _growth(flows)
    return None if growth is None else _rate(growth * YEAR_DAYS / _span(flows)[1])


def drag(fee_minor: int, balance_minor: int, *, times_a_year: int = 12) -> float | None:
    """Return which share of a balance fees of `fee_minor` each take a year; None of no balance."""
    return fee_minor * times_a_year / balance_minor if balance_minor > 0 else None


def is_long_term(opened_on: date, closed_on: date) -> bool:
    """Whether a lot was held for more than a year (IRS Topic 409: from the day after it opened)."""
    try:
        anniversary = opened_on.replace(year=opened_on.year + 1)
    except ValueError:
        anniversary = date(opened_on.year + 1, 3, 1)
        return closed_on >= anniversary
    return closed_on > anniversary


def _span(flows: Sequence[CashFlow]) -> tuple[date, int]:
    """Return the first day and how many days later the last is."""
    days = [flow.day for flow in flows]
    return min(days), (max(days) - min(days)).days


def _rate(growth: float) -> float:
    try:
        return expm1(growth)
    except OverflowError:
        return inf


def _growth(flows: Sequence[CashFlow]) -> float | None:
    """Return the logarithm of the growth over the whole span."""
    signs = {flow.amount_minor > 0 for flow in flows if flow.amount_minor}
    if len(signs) < 2 or not _span(flows)[1]:
        return None
    first, days = _span(flows)
    terms = [(flow.amount_minor, (flow.day - first).days / days) for flow in flows]

    def worth(growth: float) -> float:
        # Looked at from the end that weighs most, no power overflows; the sign is the same.
        since = 0.0 if growth >= 0 else 1.0
        return fsum(amount * exp(-growth * (share - since)) for amount, share in terms)

    if worth(0.0) == 0.0:
        return 0.0
    found = _bracket(worth)
    return None if found is None else _halve(worth, *found)


def _bracket(worth: Callable[[float], float]) -> tuple[float, float] | None:
    """Return the span nearest to no growth within which the worth changes its sign."""
    is_below, near, step = worth(0.0) < 0, 0.0, _STEP
    while near < _STEEPEST:
        far = near + step
        if (worth(far) < 0) != is_below:
            return near, far
        if (worth(-far) < 0) != is_below:
            return -far, -near
        near, step = far, step * _WIDENING
    return None


def _halve(worth: Callable[[float], float], low: float, high: float) -> float:
    is_below = worth(low) < 0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if (worth(middle) < 0) == is_below:
            low = middle
        else:
            high = middle
    return (low + high) / 2
