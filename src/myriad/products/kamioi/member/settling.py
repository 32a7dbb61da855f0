"""What a frozen member owes: shown to who runs the programme, and settled by an owner.

A pull that the bank takes back after its money bought shares leaves the member's cash below what is
bound, and stops their pulls. Nobody's shares are sold for it: the money comes from the member by
another way, or from the programme, and somebody must say that it came.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from myriad.kit.errors import ConflictError, NotFoundError
from myriad.kit.money import Money
from myriad.products.kamioi.broker.market import market_day
from myriad.products.kamioi.repository import sql
from myriad.scale.data import ReadSession, Session
from myriad.scale.directory import Principal
from myriad.scale.directory.audit import record_event


async def get_debt(session: ReadSession, member_id: UUID) -> Money:
    """Return what a member's cash lacks of what is bound already; nothing while it covers that.

    Raises NotFoundError for an unknown member.
    """
    return (await _look(session, member_id))[0]


async def settle(session: Session, actor: Principal, member_id: UUID, now: datetime) -> Money:
    """Take in what a frozen member owes and let them go on; return how much that was.

    Afterwards they are paused: whether anything is pulled again is theirs to say. Raises
    NotFoundError for an unknown member, ConflictError for one who is not frozen.
    """
    await sql.get(session, "hold_money")
    debt, state = await _look(session, member_id)
    if state != "frozen":
        raise ConflictError("this member's pulls are not stopped; there is nothing to settle")
    if debt.minor:
        facts = {"amount_minor": debt.minor, "currency": debt.currency, "day": market_day(now)}
        await sql.execute(session, "settle_debt", member_id=member_id, **facts)
    await sql.execute(session, "thaw_member", member_id=member_id, now=now)
    record_event(
        session,
        actor.tenant_id,
        "kamioi.debt_settled",
        actor=actor,
        subject=str(member_id),
        amount_minor=debt.minor,
        currency=debt.currency,
    )
    return debt


async def _look(session: ReadSession, member_id: UUID) -> tuple[Money, str]:
    member = await sql.find(session, "find_member", member_id=member_id)
    if member is None:
        raise NotFoundError("there is no such member")
    whose = {"member_id": member_id, "currency": member["currency"]}
    balance = (await sql.get(session, "get_balance", account="member_cash", **whose))[
        "amount_minor"
    ]
    bound = (await sql.get(session, "get_bound_cash", **whose))["amount_minor"]
    meant = sum(row["amount_minor"] for row in await sql.fetch(session, "list_earmarks", **whose))
    # The ledger's balance of cash is what the programme owes, so it is negative.
    return Money(max(balance + bound + meant, 0), member["currency"]), member["state"]
