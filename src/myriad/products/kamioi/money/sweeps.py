"""Sweeps: round-ups pulled from a member's bank, settled, refused, taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from myriad.products.kamioi.broker.market import market_day
from myriad.products.kamioi.money.bank import Bank
from myriad.products.kamioi.money.errors import SweepRaceError
from myriad.products.kamioi.money.round_ups import EVERYBODY, Members
from myriad.products.kamioi.repository import sql as queries
from myriad.products.kamioi.repository.planning import planned_for_sets
from myriad.scale.data import Session

SWEEPS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Settled:
    """How many pulls settled, how many the bank refused."""

    settled: int = 0
    rejected: int = 0


async def request(session: Session, bank: Bank, now: datetime, members: Members = EVERYBODY) -> int:
    """Request a pull for each of these members that is due one; return how many.

    Due is who has decided round-ups of the threshold or more, a bank that can be read, a balance that
    keeps its guard after the pull, none in flight, and none refused in the last seven days.
    """
    async with planned_for_sets(session):
        return await _request(session, bank, now, members)


async def _request(session: Session, bank: Bank, now: datetime, members: Members) -> int:
    day = market_day(now)
    rows = await queries.fetch(
        session,
        "request_sweeps",
        now=now,
        day=day,
        settles_on=bank.settles_on(day),
        low=members.low,
        high=members.high,
    )
    if not rows:
        return 0
    ids = [row["id"] for row in rows]
    taken = await queries.get(session, "take_round_ups", ids=ids, day=day)
    if taken["sweeps"] != len(ids):
        raise SweepRaceError("round-ups changed while they were swept; the job tries again")
    await queries.execute(session, "tell_pulled", ids=ids)
    return len(ids)


async def settle(session: Session, bank: Bank, now: datetime) -> Settled:
    """Settle or reject up to 10,000 pulls that are due; nothing left means both are zero."""
    day = market_day(now)
    await queries.get(session, "hold_money")
    due = await queries.fetch(session, "list_due_sweeps", day=day, limit=SWEEPS_AT_ONCE)
    refused: dict[str, list[UUID]] = {}
    settled: list[UUID] = []
    for row in due:
        reason = bank.find_refusal(row["id"], row["member_id"])
        (settled if reason is None else refused.setdefault(reason, [])).append(row["id"])
    async with planned_for_sets(session):
        if settled:
            await queries.get(session, "settle_sweeps", ids=settled, now=now, day=day)
        for reason, ids in refused.items():
            await queries.get(session, "reject_sweeps", ids=ids, reason=reason, now=now, day=day)
    return Settled(len(settled), len(due) - len(settled))


async def take_back(session: Session, sweep_id: UUID, reason: str, now: datetime) -> bool:
    """Let the bank take a settled pull back; return whether there was one.

    What is not spent yet is no longer to be bought. When shares were bought with it already, the
    member's cash is below zero and nothing more is pulled from a frozen member: nobody's shares are
    sold without being asked.
    """
    await queries.get(session, "hold_money")
    row = await queries.find(
        session, "return_sweep", id=sweep_id, reason=reason, now=now, day=market_day(now)
    )
    if row is None:
        return False
    whose = {"member_id": row["member_id"], "currency": row["currency"]}
    cash = -(await queries.get(session, "get_balance", account="member_cash", **whose))[
        "amount_minor"
    ]
    bound = (await queries.get(session, "get_bound_cash", **whose))["amount_minor"]
    await _lower_earmarks(session, whose, cash - bound)
    if cash < bound:
        await queries.execute(session, "freeze_member", member_id=row["member_id"], now=now)
    return True


async def _lower_earmarks(session: Session, whose: dict[str, object], free: int) -> None:
    """Let no more be earmarked than cash that is free."""
    kept = await queries.fetch(session, "list_earmarks", **whose)
    excess = sum(row["amount_minor"] for row in kept) - max(free, 0)
    for row in kept:
        if excess <= 0:
            return
        cut = min(excess, row["amount_minor"])
        await queries.execute(
            session, "lower_earmark", security_id=row["security_id"], amount_minor=cut, **whose
        )
        excess -= cut
