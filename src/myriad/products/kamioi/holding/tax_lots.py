"""Lots as a tax return asks for them: what was paid, what came back, for how long it was held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import msgspec

from myriad.products.kamioi.holding.portfolio import FIRST_DAY, Whose
from myriad.products.kamioi.money.arithmetic import apportion, units_of
from myriad.products.kamioi.money.returns import is_long_term
from myriad.products.kamioi.repository.sql import QUERIES
from myriad.scale.http import BoundReader


class LotRow(msgspec.Struct, frozen=True):
    """A lot as it stands in the tables; `qty` and `cost_minor` are those with which it ended.

    `carried_minor` is what the shares cost that an action gave for it.
    """

    id: UUID
    security_id: UUID
    ticker: str
    name: str
    opened_on: date
    currency: str
    qty: Decimal
    cost_minor: int
    closed_on: date | None = None
    action_id: UUID | None = None
    kind: str | None = None
    is_exchanged: bool | None = None
    carried_minor: int | None = None


@dataclass(frozen=True, slots=True)
class TaxLot:
    """One lot for the tax year.

    `proceeds_minor` and `gain_minor` are None while it is held, and for a lot that became shares of
    another company and nothing else: its cost goes on with those, under the day on which it was
    opened (26 U.S.C. 1223(1)). With cash beside the shares that cash is the proceeds, the gain is
    what of it is taxed, and `carried_minor` the cost that goes on.
    """

    lot: LotRow
    outcome: Literal["held", "sold", "worthless", "exchanged"]
    proceeds_minor: int | None = None
    gain_minor: int | None = None

    @property
    def term(self) -> str:
        """`long` after more than a year, `short` before, nothing while held."""
        if self.lot.closed_on is None:
            return ""
        return "long" if is_long_term(self.lot.opened_on, self.lot.closed_on) else "short"


async def list_tax_lots(reader: BoundReader, whose: Whose) -> list[TaxLot]:
    """Return every lot that a member ever had, the oldest first, with what it came to."""
    asked: dict[str, Any] = {
        "member_id": whose.member_id,
        "day": whose.day,
        "first": FIRST_DAY,
        "last": whose.day,
    }
    rows = await reader.rows(QUERIES["kamioi_tax_lots"], asked)
    payouts = await reader.rows(QUERIES["kamioi_payouts"], asked)
    paid = {row["action_id"]: row["amount_minor"] for row in payouts if row["kind"] == "merger"}
    return reckon([msgspec.convert(row, LotRow) for row in rows], paid)


def reckon(lots: Sequence[LotRow], paid: Mapping[UUID, int]) -> list[TaxLot]:
    """Return the lots with what they brought; `paid` is the cash of each action, which is shared.

    A share of the cash goes to each lot by its number of shares, to the cent by largest remainder.
    """
    ended: dict[UUID, list[LotRow]] = defaultdict(list)
    for lot in lots:
        if lot.action_id is not None and lot.kind == "merger":
            ended[lot.action_id].append(lot)
    cash: dict[UUID, int] = {}
    for action_id, together in ended.items():
        shares = apportion(paid.get(action_id, 0), [units_of(lot.qty) for lot in together])
        cash |= {lot.id: amount for lot, amount in zip(together, shares, strict=True)}
    return [_reckoned(lot, cash.get(lot.id, 0)) for lot in lots]


def _reckoned(lot: LotRow, cash_minor: int) -> TaxLot:
    if lot.closed_on is None:
        return TaxLot(lot, "held")
    if lot.is_exchanged and cash_minor and lot.carried_minor is not None:
        taxed = cash_minor + lot.carried_minor - lot.cost_minor
        return TaxLot(lot, "exchanged", cash_minor, taxed)
    if lot.is_exchanged:
        return TaxLot(lot, "exchanged")
    if lot.kind == "worthless":
        return TaxLot(lot, "worthless", 0, -lot.cost_minor)
    return TaxLot(lot, "sold", cash_minor, cash_minor - lot.cost_minor)
