"""Inviting people into a programme, and tying what waits for them to who came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from myriad.kit.errors import ConflictError, NotFoundError
from myriad.kit.ids import new_id
from myriad.kit.money import Money
from myriad.products.kamioi.member.inviting import MailState, find_mail_state
from myriad.products.kamioi.member.settling import get_debt
from myriad.products.kamioi.opening import ensure_running
from myriad.products.kamioi.repository import sql
from myriad.scale.data import Database, ReadSession, Session
from myriad.scale.directory import (
    Invited,
    Principal,
    Role,
    SentInvitation,
    WaitingInvitation,
    find_waiting,
    invite,
    list_accepted,
    normalise_name,
    withdraw,
)
from myriad.scale.tenancy import TenantId

# What an invitation of the directory says that it is about.
_ABOUT = "kamioi.member:"
_LAST_ID = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member as those who run the programme see them.

    `runs_account` says that they run the account too. Who has not come yet may have an invitation,
    which may be over; `mail` tells how its mail stands. `debt` is what a frozen one owes.
    """

    id: UUID
    name: str
    state: str
    can_sign_in: bool
    created_at: datetime
    runs_account: bool
    invitation_id: UUID | None
    invited_email: str
    invited_until: datetime | None
    mail: MailState = "none"
    debt: Money | None = None


async def list_members(
    session: ReadSession, after: tuple[Any, ...] | None, limit: int
) -> Sequence[MemberRow]:
    """Return members after that place, the newest first."""
    asked = {"after_id": after[0] if after else _LAST_ID, "limit": limit, "about": _ABOUT}
    rows = [MemberRow(**row) for row in await sql.fetch(session, "list_members", **asked)]
    return [await _completed(session, row) for row in rows]


async def _completed(session: ReadSession, row: MemberRow) -> MemberRow:
    """Add what only a few rows have: an invitation that waits, a debt."""
    if row.invitation_id is not None:
        row = replace(row, mail=await find_mail_state(session, row.invitation_id))
    if row.state == "frozen":
        row = replace(row, debt=await get_debt(session, row.id))
    return row


async def takes_part(session: ReadSession, user_id: UUID) -> bool:
    """Tell whether this user is a member of the programme."""
    return await sql.find(session, "find_member_of_user", user_id=user_id) is not None


async def count_members(session: ReadSession) -> int:
    """Return how many take part, whether or not they came already."""
    return int((await sql.get(session, "count_members"))["members"])


async def invite_new(session: Session, actor: Principal, *, name: str, email: str) -> Invited:
    """Add a member who has not come yet, and return the invitation to hand over."""
    cleaned = normalise_name(name)
    member_id = new_id()
    # Whom nobody could invite is no member either.
    async with session.begin_nested():
        await sql.execute(session, "add_member", member_id=member_id, name=cleaned)
        return await _invite(session, actor, member_id, cleaned, email)


async def invite_known(
    session: Session, actor: Principal, member_id: UUID, *, email: str
) -> Invited:
    """Invite the person whom a member's row stands for; an older invitation to it ends.

    Raises NotFoundError for an unknown member, ConflictError for one who signs in already.
    """
    row = await sql.find(session, "find_member_sign_in", member_id=member_id)
    if row is None:
        raise NotFoundError("there is no such member")
    if row["user_id"] is not None:
        raise ConflictError("this member signs in already")
    return await _invite(session, actor, member_id, row["name"], email)


async def invite_again(session: Session, actor: Principal, member_id: UUID) -> SentInvitation:
    """Invite a member anew to the address that they were invited to; the older link ends.

    Raises NotFoundError for an unknown member, ConflictError for one whom no invitation waits for.
    """
    found = await _get_waiting(session, member_id)
    invited = await invite_known(session, actor, member_id, email=found.email)
    return SentInvitation(invited, found.email)


async def withdraw_of(session: Session, actor: Principal, member_id: UUID) -> None:
    """End the invitation that waits for a member: its link is good no more, its mail is not sent.

    Raises NotFoundError for an unknown member, ConflictError for one whom no invitation waits for.
    """
    found = await _get_waiting(session, member_id)
    await withdraw(session, actor, found.id)


async def _get_waiting(session: ReadSession, member_id: UUID) -> WaitingInvitation:
    found = await find_waiting(session, about=f"{_ABOUT}{member_id}")
    if found is not None:
        return found
    if await sql.find(session, "find_member_sign_in", member_id=member_id) is None:
        raise NotFoundError("there is no such member")
    raise ConflictError(
        "no invitation waits for this member: they came, or it was withdrawn; "
        "invite them by their address"
    )


async def _invite(
    session: Session, actor: Principal, member_id: UUID, name: str, email: str
) -> Invited:
    # The first member opens the programme of a tenant that was there before it.
    await ensure_running(session, actor.tenant_id)
    about = f"{_ABOUT}{member_id}"
    return await invite(session, actor, email=email, name=name, role=Role.MEMBER, about=about)


async def claim(database: Database, tenant_id: TenantId, user_id: UUID) -> bool:
    """Tie the member whose invitation the user took to them; return whether there was one.

    A member whom somebody else came as meanwhile stays theirs.
    """
    async with database.session(tenant_id) as session:
        taken = await list_accepted(session, user_id)
        ids = [UUID(one.removeprefix(_ABOUT)) for one in taken if one.startswith(_ABOUT)]
        if not ids:
            return False
        return await sql.execute(session, "claim_member", ids=ids, user_id=user_id) > 0
