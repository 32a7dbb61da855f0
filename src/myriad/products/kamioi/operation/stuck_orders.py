"""Orders that a person must look at: with a fault beside them, or open for longer than a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from myriad.kit.errors import NotFoundError
from myriad.products.kamioi.money.task_names import END_TASK
from myriad.products.kamioi.repository import sql as queries
from myriad.scale.data import ReadSession, Session
from myriad.scale.directory import Principal
from myriad.scale.directory.audit import record_event
from myriad.scale.jobs.enqueue import enqueue

SHOWN = 100
# Orders are for the day: one that is open after it was not told how it ended.
_OVERDUE = timedelta(days=1)


class StuckOrder(msgspec.Struct, frozen=True):
    """An open order of so many members' parts, and why it stands here."""

    id: UUID
    client_order_id: str
    ticker: str
    name: str
    window_at: datetime
    notional_minor: int
    currency: str
    state: str
    reason: str
    members: int

    @property
    def is_sent(self) -> bool:
        """Whether the broker has taken it."""
        return self.state != "new"

    @property
    def may_end(self) -> bool:
        """Whether a person may have it ended, if the broker does not know it."""
        return self.is_sent or bool(self.reason)

    @property
    def fault(self) -> str:
        """What is wrong with it."""
        if self.reason:
            return self.reason
        if self.is_sent:
            return "the broker has not told in a day how it ended"
        return "it was not sent in a day"

    @property
    def advice(self) -> str:
        """What to do about it."""
        if not self.may_end:
            return "It is sent with the next fills; look under Jobs why those of before failed."
        return (
            "The broker is asked again every quarter of an hour of trading. What it has wrong must "
            "be put right there. What it does not know may be ended here: its money then waits for "
            "the next window."
        )


async def list_stuck_orders(session: ReadSession, now: datetime) -> tuple[StuckOrder, ...]:
    """Return up to 100 orders of the tenant that need a person, the oldest first."""
    rows = await queries.fetch(session, "list_stuck_orders", overdue=now - _OVERDUE, limit=SHOWN)
    return msgspec.convert(rows, tuple[StuckOrder, ...])


async def ask_to_end(session: Session, order_id: UUID, caller: Principal) -> None:
    """Queue that the broker is asked once more of an order, which ends if it is still unknown.

    Raises NotFoundError when no open order that was to be sent has this id.
    """
    row = await queries.find(session, "find_order_to_end", id=order_id)
    if row is None:
        raise NotFoundError("there is no such order, or it has ended")
    await enqueue(session, END_TASK, {"order_id": str(order_id)}, dedup_key=f"end {order_id}")
    record_event(
        session,
        caller.tenant_id,
        "kamioi.order_end_asked",
        actor=caller,
        subject=f"trade_order:{order_id}",
        ticker=row["ticker"],
    )
