"""Round-ups: one for each posted purchase, made, made anew, reversed.

Rows are worked on by the million: everything is one statement over a range of days and members,
and the same range may be worked on again after a kill.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from myriad.products.kamioi.money.refunds import REFUND_DAYS, undo_refunded
from myriad.products.kamioi.repository import sql as queries
from myriad.products.kamioi.repository.planning import planned_for_sets
from myriad.scale.data import ReadSession, Session

MEMBERS_AT_ONCE = 5_000
# So many round-ups of one string are looked up in whole tables, fewer by the index.
SETS_FROM = 1_000
_LOWEST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Members:
    """The members of one part of the work: ids from `low`, below `high` (None: to the end)."""

    low: UUID = _LOWEST
    high: UUID | None = None

    @classmethod
    def only(cls, member_id: UUID) -> Members:
        """Return the part that is one member."""
        return cls(member_id, UUID(int=member_id.int + 1))

    @property
    def is_one(self) -> bool:
        """Whether the part is one member's."""
        return self.high is not None and self.high.int - self.low.int == 1


EVERYBODY = Members()


@dataclass(frozen=True, slots=True)
class Accrued:
    """What a pass over a range did: round-ups made (and their sum), made anew, reversed."""

    made: int = 0
    amount_minor: int = 0
    recomputed: int = 0
    reversed: int = 0


async def list_parts(session: ReadSession, size: int = MEMBERS_AT_ONCE) -> list[Members]:
    """Return all members of the tenant in parts of `size`, in the order of their ids."""
    rows = await queries.fetch(session, "list_member_ranges", size=size)
    return [Members(row["low"], row["high"]) for row in rows]


async def accrue(
    session: Session, first: date, last: date, members: Members = EVERYBODY
) -> Accrued:
    """Bring the round-ups of purchases booked from `first` to `last` up to date.

    Amounts that changed while accrued are made anew, purchases that are gone and refunds reverse
    theirs, and every posted purchase without a round-up gets one. Working twice changes nothing.
    """
    if members.is_one:
        return await _accrue(session, first, last, members)
    async with planned_for_sets(session):
        return await _accrue(session, first, last, members)


async def _accrue(session: Session, first: date, last: date, members: Members) -> Accrued:
    part = {"first": first, "last": last, "low": members.low, "high": members.high}
    await queries.execute(session, "hold_caps", **part)
    dropped = await queries.get(session, "drop_changed_round_ups", **part)
    gone = await queries.get(session, "reverse_gone_purchases", **part)
    owed = await queries.get(session, "owe_gone_purchases", **part)
    made = await queries.get(session, "accrue_round_ups", **part, descriptor_id=None)
    undone = await undo_refunded(session, part)
    return Accrued(
        made["made"],
        made["amount_minor"],
        dropped["dropped"],
        gone["reversed"] + owed["made"] + undone,
    )


async def redecide(session: Session, descriptor_id: UUID, members: Members = EVERYBODY) -> int:
    """Make these members' open round-ups of a descriptor anew, as it is decided now; return how many.

    What holds for everybody is told to those whose purchases counted as another company until now.
    """
    if members == EVERYBODY:
        facts = {"descriptor_id": descriptor_id, "days": REFUND_DAYS}
        await queries.execute(session, "tell_mapping_changed", **facts)
    part = {"descriptor_id": descriptor_id, "low": members.low, "high": members.high}
    await queries.execute(session, "hold_caps_of_descriptor", **part)
    dropped = await queries.get(session, "drop_undecided_round_ups", **part)
    if not dropped["dropped"]:
        return 0
    days = {"first": dropped["first"], "last": dropped["last"]}
    many = planned_for_sets(session) if dropped["dropped"] > SETS_FROM else nullcontext()
    async with many:
        made = await queries.get(session, "accrue_round_ups", **days, **part)
    return int(made["made"])
