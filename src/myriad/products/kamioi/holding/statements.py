"""A month of a member's money: what it began and ended with, and everything between."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from myriad.kit.errors import NotFoundError
from myriad.products.kamioi.holding.history import value_at
from myriad.products.kamioi.holding.portfolio import (
    Action,
    History,
    Whose,
    list_actions,
    read_history,
)
from myriad.products.kamioi.money.returns import time_weighted
from myriad.products.kamioi.repository.sql import QUERIES
from myriad.scale.http import BoundReader

MOST_ENTRIES = 5_000


class MonthFigures(msgspec.Struct, frozen=True):
    """What a month moved: rounded up, pulled from the bank, bought, paid by shares, fees, cash."""

    month: date
    rounded_minor: int
    pulled_minor: int
    bought_minor: int
    paid_minor: int
    fees_minor: int
    cash_minor: int


class Entry(msgspec.Struct, frozen=True):
    """One movement of cash; above zero came in. `ticker` names the share that it is about."""

    day: date
    reason: str
    amount_minor: int
    ticker: str


@dataclass(frozen=True, slots=True)
class Held:
    """Shares of one security as a month ended, valued at a close that `source` tells."""

    ticker: str
    name: str
    qty: Decimal
    cost_minor: int
    value_minor: int
    close: Decimal | None
    source: str | None


@dataclass(frozen=True, slots=True)
class Statement:
    """A month, or the part of it that has passed (`is_whole` tells)."""

    month: date
    last: date
    currency: str
    is_whole: bool
    figures: MonthFigures
    cash_before_minor: int
    value_before_minor: int
    held: tuple[Held, ...]
    entries: tuple[Entry, ...]
    actions: tuple[Action, ...]
    return_rate: float | None

    @property
    def value_minor(self) -> int:
        """Value of all shares at the end."""
        return sum(one.value_minor for one in self.held)

    @property
    def cash_minor(self) -> int:
        """Cash at the end."""
        return self.cash_before_minor + self.figures.cash_minor

    @property
    def change_minor(self) -> int:
        """What prices and companies changed: all that is neither bought nor paid out."""
        figures = self.figures
        return (
            self.value_minor - self.value_before_minor - figures.bought_minor + figures.paid_minor
        )


def month_of(text: str) -> date:
    """Return the first day of a month written as `2026-11`, or raise NotFoundError."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise NotFoundError(f"{text} is no month; write it as in 2026-11") from None


def last_day(month: date) -> date:
    """Return the last day of a month."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


async def list_months(reader: BoundReader, whose: Whose) -> list[MonthFigures]:
    """Return the months in which a member's money moved, the last first."""
    asked = {"member_id": whose.member_id, "currency": whose.currency, "last": whose.day}
    rows = await reader.rows(QUERIES["kamioi_member_months"], asked)
    return [msgspec.convert(row, MonthFigures) for row in rows]


async def get_statement(reader: BoundReader, whose: Whose, month: date) -> Statement:
    """Return a month's statement; raises NotFoundError for one before anything moved, or to come."""
    then = replace(whose, day=min(last_day(month), whose.day))
    months = await list_months(reader, then)
    if not months or months[-1].month > month or month > whose.day:
        raise NotFoundError("there is no statement of that month; choose one from the list")
    history = await read_history(reader, then, month)
    days = history.days()
    return Statement(
        month=month,
        last=then.day,
        currency=whose.currency,
        is_whole=whose.day > last_day(month),
        figures=months[0] if months[0].month == month else _nothing(month),
        cash_before_minor=sum(one.cash_minor for one in months if one.month < month),
        value_before_minor=days[0].value_minor if days and days[0].day < month else 0,
        held=await _held(reader, history),
        entries=await _entries(reader, then, month),
        actions=await list_actions(reader, whose.member_id, month, then.day),
        return_rate=time_weighted(days) if days else None,
    )


def _nothing(month: date) -> MonthFigures:
    return MonthFigures(month, 0, 0, 0, 0, 0, 0)


async def _entries(reader: BoundReader, whose: Whose, month: date) -> tuple[Entry, ...]:
    asked: dict[str, Any] = {
        "member_id": whose.member_id,
        "currency": whose.currency,
        "first": month,
        "last": whose.day,
        "limit": MOST_ENTRIES,
    }
    rows = await reader.rows(QUERIES["kamioi_month_entries"], asked)
    return tuple(msgspec.convert(row, Entry) for row in rows)


async def _held(reader: BoundReader, history: History) -> tuple[Held, ...]:
    held, closes = history.held(), history.last_closes()
    asked = {"ids": list(held), "day": history.last}
    rows = await reader.rows(QUERIES["kamioi_securities"], asked) if held else []
    found = []
    for row in rows:
        (qty, cost), last = held[row["id"]], closes.get(row["id"])
        close, source = (last.close, last.source) if last else (None, None)
        worth = value_at(qty, last, cost)
        found.append(Held(row["ticker"], row["name"], qty, cost, worth, close, source))
    return tuple(sorted(found, key=lambda one: (-one.value_minor, one.ticker)))
