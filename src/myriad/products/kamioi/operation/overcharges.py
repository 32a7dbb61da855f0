"""What a broker took above what was ordered: who owes it, and what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from myriad.kit.errors import ConflictError, NotFoundError
from myriad.products.kamioi.broker.market import market_day
from myriad.products.kamioi.repository import sql as queries
from myriad.scale.data import ReadSession, Session
from myriad.scale.directory import Principal
from myriad.scale.directory.audit import record_event

SHOWN = 100
_SETTLED_DAYS = 90
Outcome = Literal["returned", "borne"]


class Overcharge(msgspec.Struct, frozen=True):
    """So much that an order cost above its notional; open until somebody says what became of it."""

    id: UUID
    client_order_id: str
    ticker: str
    name: str
    window_at: datetime
    notional_minor: int
    amount_minor: int
    currency: str
    state: Literal["open", "returned", "borne"]
    noted_at: datetime
    note: str
    settled_at: datetime | None
    settled_by: str


async def list_overcharges(session: ReadSession, now: datetime) -> tuple[Overcharge, ...]:
    """Return up to 100, the open ones first, and those settled within ninety days."""
    since = now - timedelta(days=_SETTLED_DAYS)
    rows = await queries.fetch(session, "list_overcharges", since=since, limit=SHOWN)
    return msgspec.convert(rows, tuple[Overcharge, ...])


async def settle_overcharge(
    session: Session,
    overcharge_id: UUID,
    outcome: Outcome,
    note: str,
    caller: Principal,
    now: datetime,
) -> None:
    """Book what became of it: the broker gave the money back, or the programme bears it.

    Raises NotFoundError for an unknown one, ConflictError for one that is settled already.
    """
    if await queries.find(session, "find_overcharge", id=overcharge_id) is None:
        raise NotFoundError("there is no such overcharge")
    facts = {"state": outcome, "note": note, "by": caller.id, "now": now, "day": market_day(now)}
    row = await queries.find(session, "settle_overcharge", id=overcharge_id, **facts)
    if row is None:
        raise ConflictError("this overcharge is settled already")
    record_event(
        session,
        caller.tenant_id,
        "kamioi.overcharge_settled",
        actor=caller,
        subject=f"overcharge:{overcharge_id}",
        outcome=outcome,
        note=note,
        **row,
    )
