"""Purchases in another currency than their member's: held apart, released at a rate, or left out.

No rate is guessed. A person states one with its source; the purchase then rounds up as if it had
been made in the member's currency for that amount, half to even, also when the bank corrects it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec
from pydantic import Field

from myriad.kit.errors import ConflictError
from myriad.products.kamioi.money.rates import StatedRate, put_rate
from myriad.products.kamioi.money.task_names import ACCRUE_TASK
from myriad.products.kamioi.repository import sql as queries
from myriad.scale.data import ReadSession, Session
from myriad.scale.directory import Principal
from myriad.scale.directory.audit import record_event
from myriad.scale.jobs.enqueue import enqueue

SHOWN = 200
_DECIDED_DAYS = 90


class Rate(StatedRate):
    """A rate for what was booked from `first` to `last`."""

    first: date = Field(ge=date(1970, 1, 1), le=date(2100, 12, 31))
    last: date = Field(ge=date(1970, 1, 1), le=date(2100, 12, 31))


class Waiting(msgspec.Struct, frozen=True):
    """A purchase that waits for a rate."""

    booked_on: date
    purchase_id: UUID
    member_id: UUID
    member: str
    raw: str
    amount_minor: int
    currency: str
    into_currency: str
    held_at: datetime


class Decided(msgspec.Struct, frozen=True):
    """One that was released at a rate, or left out."""

    booked_on: date
    purchase_id: UUID
    member_id: UUID
    member: str
    raw: str
    amount_minor: int
    currency: str
    into_currency: str
    state: str
    rate: Decimal | None
    source: str
    decided_at: datetime
    decided_by: str


class Foreign(msgspec.Struct, frozen=True):
    """What waits, by pair of currencies, and what was decided in the last ninety days."""

    waiting: tuple[Waiting, ...]
    decided: tuple[Decided, ...]

    def pairs(self) -> list[tuple[str, str, date, date, list[Waiting]]]:
        """Return what waits by (currency, into, first day, last day, purchases)."""
        found: dict[tuple[str, str], list[Waiting]] = {}
        for one in self.waiting:
            found.setdefault((one.currency, one.into_currency), []).append(one)
        return [
            (currency, into, group[0].booked_on, group[-1].booked_on, group)
            for (currency, into), group in found.items()
        ]


async def get_foreign(session: ReadSession, now: datetime) -> Foreign:
    """Return the programme's purchases in foreign currencies."""
    found = await queries.fetch_all(
        session,
        {
            "list_foreign_waiting": {"limit": SHOWN},
            "list_foreign_decided": {"since": now - timedelta(days=_DECIDED_DAYS), "limit": SHOWN},
        },
    )
    return Foreign(
        msgspec.convert(found["list_foreign_waiting"], tuple[Waiting, ...]),
        msgspec.convert(found["list_foreign_decided"], tuple[Decided, ...]),
    )


async def release(session: Session, given: Rate, caller: Principal, now: datetime) -> int:
    """Release what waits of a pair of currencies at a rate; return how many purchases.

    They round up with the job that is queued. Raises InvalidInputError for one currency on both
    sides, ConflictError when nothing waits.
    """
    row = await queries.get(
        session,
        "release_foreign",
        minor_rate=given.minor_rate(),
        by=caller.id,
        now=now,
        **given.model_dump(),
    )
    count: int = row["purchases"]
    if not count:
        raise ConflictError("nothing waits for this rate any more; look at what was decided")
    await put_rate(session, given, row["last"], caller.id)
    await _accrue(session, row["first"], row["last"])
    record_event(
        session,
        caller.tenant_id,
        "kamioi.foreign_released",
        actor=caller,
        purchases=count,
        rate=f"1 {given.currency} = {given.rate} {given.into_currency}",
        source=given.source,
    )
    return count


async def skip(
    session: Session, booked_on: date, purchase_id: UUID, caller: Principal, now: datetime
) -> None:
    """Leave a purchase out: it rounds up nothing. Raises ConflictError when it does not wait."""
    row = await queries.find(
        session,
        "skip_foreign",
        booked_on=booked_on,
        purchase_id=purchase_id,
        by=caller.id,
        now=now,
    )
    if row is None:
        raise ConflictError("this purchase does not wait any more; look at what was decided")
    await _accrue(session, booked_on, booked_on)
    record_event(
        session,
        caller.tenant_id,
        "kamioi.foreign_skipped",
        actor=caller,
        subject=f"purchase:{purchase_id}",
    )


async def _accrue(session: Session, first: date, last: date) -> None:
    await enqueue(session, ACCRUE_TASK, {"first": first.isoformat(), "last": last.isoformat()})
