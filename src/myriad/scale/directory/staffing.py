"""Letting in those who run a tenant with its owner, and who of them owns it.

They are invited as staff by their address, and made owners once they are there: a link that was
handed over by hand proves no address, and must not be worth the whole tenant.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, update

from myriad.kit.errors import ConflictError, ForbiddenError, InvalidInputError
from myriad.scale.data import ReadSession, Session
from myriad.scale.directory.audit import record_event
from myriad.scale.directory.invitations import (
    InvitationGoneError,
    Invited,
    SentInvitation,
    WaitingInvitation,
    invite,
    list_waiting,
)
from myriad.scale.directory.leaving import end_staff_invitations, hold_membership, revoke_keys_of
from myriad.scale.directory.models import Membership, UserAccount
from myriad.scale.directory.principal import Principal, Role
from myriad.scale.directory.users import normalise_email, normalise_name

# So many links let somebody in at a time, and so long is the list that a page shows whole.
MOST_WAITING = 50


class AlreadyMemberError(ConflictError):
    """Whoever has the invited address belongs to the tenant."""

    code = "already_member"
    title = "Already in this account"


class AlreadyInvitedError(ConflictError):
    """An invitation that is still good waits for this address."""

    code = "already_invited"
    title = "Already invited"


class TooManyInvitationsError(ConflictError):
    """As many invitations wait as may."""

    code = "too_many_invitations"
    title = "Too many invitations wait"


async def invite_staff(session: Session, actor: Principal, *, email: str, name: str) -> Invited:
    """Invite an address to run the actor's tenant as staff; only an owner may.

    An invitation of theirs that is over ends. Raises InvalidInputError for what is no address or
    no name, AlreadyMemberError, AlreadyInvitedError, TooManyInvitationsError.
    """
    address, cleaned = normalise_email(email), normalise_name(name)
    await _ensure_may_invite(session, actor)
    await _ensure_no_member(session, actor, address)
    waiting = await list_staff_invitations(session)
    if any(one.email == address and not one.is_over for one in waiting):
        raise AlreadyInvitedError(
            f"{address} is invited already: make another link below, or withdraw the invitation"
        )
    if sum(1 for one in waiting if one.email != address) >= MOST_WAITING:
        raise TooManyInvitationsError(
            f"{MOST_WAITING} invitations wait already; withdraw one that nobody will take"
        )
    return await invite(session, actor, email=address, name=cleaned, role=Role.STAFF)


async def invite_staff_again(
    session: Session, actor: Principal, invitation_id: UUID
) -> SentInvitation:
    """Make another link for an address that is invited as staff; the older one ends.

    Raises InvitationGoneError when it was taken, withdrawn or is not the tenant's,
    AlreadyMemberError.
    """
    await _ensure_may_invite(session, actor)
    waiting = await list_staff_invitations(session)
    found = next((one for one in waiting if one.id == invitation_id), None)
    if found is None:
        raise InvitationGoneError
    await _ensure_no_member(session, actor, found.email)
    invited = await invite(session, actor, email=found.email, name=found.name, role=found.role)
    return SentInvitation(invited, found.email)


async def list_staff_invitations(session: ReadSession) -> Sequence[WaitingInvitation]:
    """Return the invitations to run the session's tenant that nobody took, the newest first."""
    return [one for one in await list_waiting(session, about="") if one.role is Role.STAFF]


async def change_role(session: Session, actor: Principal, user_id: UUID, role: Role) -> None:
    """Make somebody who runs the actor's tenant its owner, or an owner staff.

    What only an owner may have ends with the ownership: their owner's keys, staff they invited.
    Raises InvalidInputError for a member's role, ForbiddenError unless the actor is an owner at
    that moment, NotFoundError for who is no member, LastOwnerError, ConflictError for a member
    whom the tenant serves.
    """
    if role is Role.MEMBER:
        expected = "owner or staff"
        raise InvalidInputError(f"who runs an account is {expected}", [("/role", expected)])
    if not actor.is_owner:
        raise ForbiddenError("only an owner of the account may change a role")
    before = await hold_membership(session, actor, user_id)
    if before is Role.MEMBER:
        raise ConflictError("a member whom the account serves does not run it")
    if before is role:
        return
    is_theirs = (Membership.tenant_id == actor.tenant_id) & (Membership.user_id == user_id)
    await session.execute(update(Membership).where(is_theirs).values(role=role.value))
    if before is Role.OWNER:
        await revoke_keys_of(session, actor, user_id, role=Role.OWNER)
        await end_staff_invitations(session, actor.tenant_id, user_id)
    record_event(
        session,
        actor.tenant_id,
        "member.role_changed",
        actor=actor,
        subject=str(user_id),
        role=role.value,
        before=before.value,
    )


async def _ensure_may_invite(session: Session, actor: Principal) -> None:
    if not actor.is_owner:
        raise ForbiddenError("only an owner of the account may invite staff")
    # What is counted and looked for stays so until this invitation is made.
    key = func.hashtextextended(f"staff invitations {actor.tenant_id}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(key)))


async def _ensure_no_member(session: ReadSession, actor: Principal, address: str) -> None:
    query = (
        select(Membership.role)
        .join(UserAccount, UserAccount.id == Membership.user_id)
        .where(Membership.tenant_id == actor.tenant_id, UserAccount.email == address)
    )
    role = await session.scalar(query)
    if role == Role.MEMBER.value:
        raise AlreadyMemberError(
            f"{address} is a member whom this account serves; invite another address of theirs"
        )
    if role is not None:
        raise AlreadyMemberError(f"{address} is in this account already, as {role}")
