"""What a member's shares were worth on each day, from movements and closes alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from myriad.products.kamioi.money.arithmetic import minor_of
from myriad.products.kamioi.money.returns import CashFlow, DayValue


@dataclass(frozen=True, slots=True)
class Movement:
    """Shares that came (or went, below zero) on a day: how many, their cost, what was paid in."""

    day: date
    security_id: UUID
    qty: Decimal
    cost_minor: int
    paid_minor: int = 0


@dataclass(frozen=True, slots=True)
class Close:
    """What a share closed at on a day, in which currency, as `source` tells it."""

    day: date
    security_id: UUID
    close: Decimal
    currency: str
    source: str = ""


_RowT = TypeVar("_RowT", Movement, Close)


@dataclass
class _Book:
    """Shares, costs and last closes as a day ends."""

    qty: dict[UUID, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    cost_minor: dict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    closes: dict[UUID, Close] = field(default_factory=dict)

    def move(self, movement: Movement) -> None:
        self.qty[movement.security_id] += movement.qty
        self.cost_minor[movement.security_id] += movement.cost_minor

    def worth(self) -> int:
        """Return the value of all shares; one without any close counts as what it cost."""
        return sum(
            value_at(qty, self.closes.get(key), self.cost_minor[key])
            for key, qty in self.qty.items()
            if qty
        )


def value_at(qty: Decimal, close: Close | None, cost_minor: int) -> int:
    """Return what shares are worth at a close, half to even; what they cost while none is known."""
    return cost_minor if close is None else minor_of(qty * close.close, close.currency)


def day_values(
    movements: Sequence[Movement],
    closes: Sequence[Close],
    payouts: Mapping[date, int],
    first: date,
    last: date,
) -> list[DayValue]:
    """Return the value of each day from `first` to `last` on which something is known, in order.

    What was held before `first` stands as paid in on the day before it, so that returns begin there.
    A close holds until the next one. `payouts` are cash that the shares brought, by day.
    """
    moved, closed = _by_day(movements), _by_day(closes)
    book = _Book()
    for day in sorted(day for day in {*moved, *closed} if day < first):
        _pass(book, moved.get(day, ()), closed.get(day, ()))
    found = []
    opening = book.worth()
    if opening:
        found.append(DayValue(first - timedelta(days=1), opening, in_minor=opening))
    for day in sorted(day for day in {*moved, *closed, *payouts} if first <= day <= last):
        _pass(book, moved.get(day, ()), closed.get(day, ()))
        paid = sum(one.paid_minor for one in moved.get(day, ()))
        value, out = book.worth(), payouts.get(day, 0)
        if found or value or paid or out:
            found.append(DayValue(day, value, in_minor=paid, out_minor=out))
    return found


def held_on(movements: Iterable[Movement], last: date) -> dict[UUID, tuple[Decimal, int]]:
    """Return shares and cost by security as `last` ends."""
    book = _Book()
    for movement in movements:
        if movement.day <= last:
            book.move(movement)
    return {key: (qty, book.cost_minor[key]) for key, qty in book.qty.items() if qty}


def flows_of(days: Sequence[DayValue]) -> list[CashFlow]:
    """Return what went in and came out, and the last day's value as if it were taken out then."""
    flows = [
        CashFlow(one.day, amount)
        for one in days
        for amount in (-one.in_minor, one.out_minor)
        if amount
    ]
    return [*flows, CashFlow(days[-1].day, days[-1].value_minor)] if days else []


def _pass(book: _Book, movements: Iterable[Movement], closes: Iterable[Close]) -> None:
    for movement in movements:
        book.move(movement)
    for one in closes:
        book.closes[one.security_id] = one


def _by_day(rows: Iterable[_RowT]) -> dict[date, list[_RowT]]:
    found: dict[date, list[_RowT]] = defaultdict(list)
    for row in rows:
        found[row.day].append(row)
    return found
