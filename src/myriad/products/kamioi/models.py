"""Kamioi's tables that grow: by which month their rows stand, and what is counted of them.

The columns stand in the migrations; here is what the rest of the house asks of a table.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from myriad.scale.data import Model
from myriad.scale.data.partitions import Monthly, by_month
from myriad.scale.data.rollups import Rollup, with_rollups

# All months stay: every entry since the first accounts for a member's money. 240 leaves are twenty
# years, of which a query with a bound on `booked_on` plans those it needs.
MONTHS = Monthly("booked_on", ahead=3, keep_months=None, leaves=240)

PURCHASE_DAY = Rollup(
    target="kamioi.purchase_day",
    source="kamioi.purchase",
    keys={
        "tenant_id": "tenant_id",
        "day": "booked_on",
        "state": "state",
        "kind": "kind",
        "currency": "currency",
    },
    count="purchases",
    sums={"amount_minor": "amount_minor"},
)
DESCRIPTOR_USE = Rollup(
    target="kamioi.descriptor_use",
    source="kamioi.purchase",
    keys={"tenant_id": "tenant_id", "descriptor_id": "descriptor_id", "currency": "currency"},
    count="purchases",
    sums={"amount_minor": "amount_minor"},
    where="descriptor_id IS NOT NULL AND kind = 'purchase' AND state IN ('pending', 'posted')",
)
MAPPING_STATE = Rollup(
    target="kamioi.mapping_state",
    source="kamioi.mapping",
    keys={"tenant_id": "tenant_id", "state": "state", "method": "method"},
    count="mappings",
    where="valid_to IS NULL",
)
DECISION_DAY = Rollup(
    target="kamioi.decision_day",
    source="kamioi.mapping",
    keys={
        "tenant_id": "tenant_id",
        "day": "(valid_from AT TIME ZONE 'UTC')::date",
        "method": "method",
        "model": "coalesce(model, '')",
    },
    count="decisions",
    sums={"cost_usd_micros": "cost_usd_micros"},
)
ROUND_UP_DAY = Rollup(
    target="kamioi.round_up_day",
    source="kamioi.round_up",
    keys={
        "tenant_id": "tenant_id",
        "day": "booked_on",
        "state": "state",
        "destination": "destination",
        "currency": "currency",
    },
    count="round_ups",
    sums={"amount_minor": "amount_minor"},
)


class _Row(Model):
    """A row of one tenant that was booked on a day, which never changes."""

    __abstract__ = True

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    booked_on: Mapped[date] = mapped_column(primary_key=True)


def _arguments(*rollups: Rollup) -> dict[str, Any]:
    return {"schema": "kamioi", **by_month(MONTHS, with_rollups(*rollups))}


class Purchase(_Row):
    """What a member bought, as the bank says."""

    __tablename__ = "purchase"
    __table_args__ = _arguments(PURCHASE_DAY, DESCRIPTOR_USE)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    member_id: Mapped[UUID]
    account_id: Mapped[UUID]
    external_id: Mapped[str]
    state: Mapped[str]
    kind: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    descriptor_id: Mapped[UUID | None]


class RoundUp(_Row):
    """What a purchase rounds up by, and where that goes."""

    __tablename__ = "round_up"
    __table_args__ = _arguments(ROUND_UP_DAY)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    purchase_id: Mapped[UUID]
    member_id: Mapped[UUID]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    destination: Mapped[str]
    state: Mapped[str]


class LedgerEntry(_Row):
    """One line of a transfer; what a transfer moves comes to zero."""

    __tablename__ = "ledger_entry"
    __table_args__ = _arguments()

    transfer_id: Mapped[UUID] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str]
    member_id: Mapped[UUID | None]
    amount_minor: Mapped[int]
    currency: Mapped[str]


class Mapping(Model):
    """What a descriptor stands for, in versions; the one without an end holds."""

    __tablename__ = "mapping"
    __table_args__ = {"schema": "kamioi", "info": with_rollups(MAPPING_STATE, DECISION_DAY)}  # noqa: RUF012

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    descriptor_id: Mapped[UUID]
    state: Mapped[str]
    method: Mapped[str]
