"""A member's portfolio: positions, cash, what shares brought, and how they did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from myriad.products.kamioi.holding.history import (
    Close,
    Movement,
    day_values,
    flows_of,
    held_on,
)
from myriad.products.kamioi.money.arithmetic import minor_of
from myriad.products.kamioi.money.returns import (
    YEAR_DAYS,
    DayReturn,
    DayValue,
    daily_returns,
    money_weighted,
    xirr,
)
from myriad.products.kamioi.repository.sql import QUERIES
from myriad.scale.http import BoundReader, Paging

# Nobody's history begins before a bank can tell of it.
FIRST_DAY = date(2000, 1, 1)
_ACTIONS_SHOWN = 100


class Position(msgspec.Struct, frozen=True):
    """Shares of one security: how many, their cost, and their value at the last close.

    `close` is that of `closed_on`, as `close_source` tells it.
    """

    security_id: UUID
    ticker: str
    name: str
    status: str
    qty: Decimal
    cost_minor: int
    currency: str
    lots: int
    since: date
    close: Decimal | None = None
    closed_on: date | None = None
    close_source: str | None = None

    @property
    def value_minor(self) -> int:
        """Value at the last close; cost while there is none."""
        if self.close is None:
            return self.cost_minor
        return minor_of(self.qty * self.close, self.currency)

    @property
    def gain_minor(self) -> int:
        """Value less cost."""
        return self.value_minor - self.cost_minor

    @property
    def gain(self) -> float | None:
        """Gain as a share of the cost; None for shares that cost nothing."""
        return self.gain_minor / self.cost_minor if self.cost_minor else None


class Cash(msgspec.Struct, frozen=True):
    """A member's cash, what shares ever paid into it, and what of it is meant for shares.

    Meant for shares is what is earmarked for one, or in open orders.
    """

    cash_minor: int
    paid_minor: int
    earmarked_minor: int
    ordered_minor: int


class Action(msgspec.Struct, frozen=True):
    """What a company did to a member's shares."""

    id: UUID
    kind: str
    ex_date: date
    name: str
    ticker: str
    new_ticker: str
    qty: Decimal
    new_qty: Decimal
    paid_minor: int
    ratio_num: int | None = None
    ratio_den: int | None = None
    cash_per_share: Decimal | None = None


class Lot(msgspec.Struct, frozen=True):
    """One purchase of a share, as corporate actions left it; `price` is that of its fill."""

    id: UUID
    security_id: UUID
    ticker: str
    name: str
    opened_on: date
    qty: Decimal
    cost_minor: int
    currency: str
    is_bought: bool
    closed_on: date | None = None
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Performance:
    """How the shares did: day by day, linked, and, when asked for, by when money came.

    `money_weighted` is that of the whole time, `yearly` the same as a yearly rate, which is told
    from a year on only: a shorter time says nothing of a year (GIPS 2020, provision 2.A.27).
    """

    days: tuple[DayValue, ...]
    returns: tuple[DayReturn, ...]
    money_weighted: float | None = None
    yearly: float | None = None

    @property
    def time_weighted(self) -> float | None:
        """The linked return; None before the first purchase."""
        return self.returns[-1].total_return if self.returns else None


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Everything of a member on a day."""

    day: date
    currency: str
    positions: tuple[Position, ...]
    cash: Cash
    actions: tuple[Action, ...]
    performance: Performance

    @property
    def paid_minor(self) -> int:
        """What shares have paid: dividends, and the cash of mergers."""
        return self.cash.paid_minor

    @property
    def value_minor(self) -> int:
        """Value of all shares."""
        return sum(one.value_minor for one in self.positions)

    @property
    def cost_minor(self) -> int:
        """Cost of all shares."""
        return sum(one.cost_minor for one in self.positions)

    @property
    def gain_minor(self) -> int:
        """Value less cost of all shares held."""
        return self.value_minor - self.cost_minor

    @property
    def total_minor(self) -> int:
        """Shares and cash together."""
        return self.value_minor + self.cash.cash_minor


@dataclass(frozen=True, slots=True)
class History:
    """What moved a member's shares up to `last`, with the closes since `first`."""

    movements: list[Movement]
    closes: list[Close]
    payouts: Mapping[date, int]
    first: date
    last: date

    def days(self) -> list[DayValue]:
        """Return the value of each day."""
        return day_values(self.movements, self.closes, self.payouts, self.first, self.last)

    def held(self) -> dict[UUID, tuple[Decimal, int]]:
        """Return shares and cost by security at the end."""
        return held_on(self.movements, self.last)

    def last_closes(self) -> dict[UUID, Close]:
        """Return the last close of each security."""
        return {one.security_id: one for one in sorted(self.closes, key=lambda one: one.day)}


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose portfolio is asked for, in which currency, as of which day."""

    member_id: UUID
    currency: str
    day: date


async def get_portfolio(
    reader: BoundReader, whose: Whose, *, since: date = FIRST_DAY, with_xirr: bool = False
) -> Portfolio:
    """Return a member's portfolio; `since` is where its performance begins."""
    given = {"member_id": whose.member_id, "day": whose.day, "currency": whose.currency}
    positions = await reader.rows(QUERIES["kamioi_positions"], given)
    cash = await reader.row(QUERIES["kamioi_member_cash"], given)
    actions = await list_actions(reader, whose.member_id, FIRST_DAY, whose.day)
    performance = await get_performance(reader, whose, since, with_xirr=with_xirr)
    return Portfolio(
        whose.day,
        whose.currency,
        tuple(msgspec.convert(row, Position) for row in positions),
        msgspec.convert(cash, Cash),
        actions,
        performance,
    )


async def list_lots(
    reader: BoundReader, whose: Whose, paging: Paging, security_id: UUID | None = None
) -> list[Lot]:
    """Return a page of lots, the last opened first, with one more than the page shows."""
    after_day, after_id = paging.after or (date.max, UUID(int=2**128 - 1))
    asked: dict[str, Any] = {
        "member_id": whose.member_id,
        "day": whose.day,
        "security_id": security_id,
        "after_day": after_day,
        "after_id": after_id,
        "limit": paging.fetch,
    }
    rows = await reader.rows(QUERIES["kamioi_lots"], asked)
    return [msgspec.convert(row, Lot) for row in rows]


async def list_actions(
    reader: BoundReader, member_id: UUID, first: date, last: date
) -> tuple[Action, ...]:
    """Return up to 100 actions that touched a member's shares within some days, the last first."""
    asked = {"member_id": member_id, "first": first, "last": last, "limit": _ACTIONS_SHOWN}
    rows = await reader.rows(QUERIES["kamioi_member_actions"], asked)
    return tuple(msgspec.convert(row, Action) for row in rows)


async def get_performance(
    reader: BoundReader, whose: Whose, since: date, *, with_xirr: bool = False
) -> Performance:
    """Return how a member's shares did from `since` on."""
    days = (await read_history(reader, whose, since)).days()
    returns = tuple(daily_returns(days))
    if not with_xirr or not days:
        return Performance(tuple(days), returns)
    flows = flows_of(days)
    is_year = (days[-1].day - days[0].day).days >= YEAR_DAYS
    return Performance(
        tuple(days), returns, money_weighted(flows), xirr(flows) if is_year else None
    )


async def read_history(reader: BoundReader, whose: Whose, since: date) -> History:
    """Return what moved a member's shares and their value up to a day."""
    asked: dict[str, Any] = {"member_id": whose.member_id, "first": since, "last": whose.day}
    rows = await reader.rows(QUERIES["kamioi_movements"], asked)
    movements = [Movement(**row) for row in rows]
    paid: dict[date, int] = defaultdict(int)
    for row in await reader.rows(QUERIES["kamioi_payouts"], asked):
        paid[row["day"]] += row["amount_minor"]
    closes = await _closes(reader, movements, since, whose.day)
    return History(movements, closes, paid, since, whose.day)


async def _closes(
    reader: BoundReader, movements: list[Movement], first: date, last: date
) -> list[Close]:
    """Return the closes of what moved, within the days and the last before them."""
    if not movements:
        return []
    ids = list({movement.security_id for movement in movements})
    asked: dict[str, Any] = {"ids": ids, "first": max(first, movements[0].day), "last": last}
    before = await reader.rows(QUERIES["kamioi_closes_before"], asked)
    within = await reader.rows(QUERIES["kamioi_closes"], asked)
    return [Close(**row) for row in (*before, *within)]
