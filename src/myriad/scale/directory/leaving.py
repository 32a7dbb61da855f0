"""Taking a membership away: who had it acts for the tenant no more, from this moment on.

What they did and what is about them stays; only what would let them act or come back by themselves
ends with it: their sessions, their keys, invitations. What a product must put right is told by its
manifest (`leaving`) and done in the same transaction.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, or_, select, update

from myriad.kit.clock import utc_now
from myriad.kit.errors import ConflictError, ForbiddenError, NotFoundError
from myriad.scale.data import Database, ReadSession, Session
from myriad.scale.directory.audit import record_event
from myriad.scale.directory.models import (
    ApiKey,
    Invitation,
    LoginSession,
    Membership,
    UserAccount,
)
from myriad.scale.directory.principal import Principal, Role
from myriad.scale.tenancy import TenantId

# What a product puts right of a user whose membership ends, in the transaction that ends it.
Leaving = Callable[[Session, UUID], Awaitable[object]]


class LastOwnerError(ConflictError):
    """Without this owner nobody could run the tenant."""

    code = "last_owner"
    title = "The last owner stays"

    def __init__(self) -> None:
        super().__init__(
            "an account cannot be without an owner; make somebody else its owner first"
        )


@dataclass(frozen=True, slots=True)
class Left:
    """Whose membership has ended, and how many keys ended with it."""

    user_id: UUID
    name: str
    role: Role
    keys: int


async def remove_member(
    database: Database,
    actor: Principal,
    user_id: UUID,
    *,
    also: Sequence[Leaving] = (),
    revokes_keys: bool = True,
) -> Left:
    """Take a user's membership of the actor's tenant away, and sign them out of it.

    With `revokes_keys` the keys that they issued end too: a key acts for the tenant, so somebody
    else may use it, and whoever issued it has seen it. Raises ForbiddenError unless the actor is an
    owner at that moment, NotFoundError for who is no member, LastOwnerError.
    """
    if not actor.is_owner:
        raise ForbiddenError("only an owner of the account may take a membership away")
    async with database.session(actor.tenant_id) as session:
        role = await hold_membership(session, actor, user_id)
        person = await _person(session, user_id)
        for put_right in also:
            await put_right(session, user_id)
        keys = await revoke_keys_of(session, actor, user_id) if revokes_keys else 0
        await _end_invitations(session, actor.tenant_id, user_id, person.email)
        is_theirs = (Membership.tenant_id == actor.tenant_id) & (Membership.user_id == user_id)
        await session.execute(delete(Membership).where(is_theirs))
        left = Left(user_id, person.name, role, keys)
        _record(session, actor, left)
    await _sign_out(database, actor.tenant_id, user_id)
    return left


@dataclass(frozen=True, slots=True)
class _Person:
    name: str
    email: str


async def hold_membership(session: Session, actor: Principal, user_id: UUID) -> Role:
    """Return the user's role, with the owners' memberships locked until the transaction ends.

    Of two owners who remove each other at once, the second finds that they are none any more.
    """
    owner = Role.OWNER.value
    rows = await session.execute(
        select(Membership.user_id, Membership.role)
        .where(
            Membership.tenant_id == actor.tenant_id,
            or_(Membership.role == owner, Membership.user_id == user_id),
        )
        .order_by(Membership.user_id)
        .with_for_update()
    )
    roles = {row.user_id: Role(row.role) for row in rows}
    if user_id not in roles:
        raise NotFoundError("there is no such person in this account")
    owners = {one for one, role in roles.items() if role is Role.OWNER}
    if actor.kind == "user" and actor.id not in owners:
        raise ForbiddenError("you are an owner of this account no more")
    if owners == {user_id}:
        raise LastOwnerError
    return roles[user_id]


async def _person(session: ReadSession, user_id: UUID) -> _Person:
    query = select(UserAccount.name, UserAccount.email).where(UserAccount.id == user_id)
    row = (await session.execute(query)).one()
    return _Person(row.name, row.email)


async def revoke_keys_of(
    session: Session, actor: Principal, user_id: UUID, *, role: Role | None = None
) -> int:
    """End the keys that a user issued, or those of one role only, and return how many."""
    theirs = (ApiKey.tenant_id == actor.tenant_id) & (ApiKey.created_by == user_id)
    if role is not None:
        theirs &= ApiKey.role == role.value
    ended = await session.scalars(
        update(ApiKey)
        .where(theirs, ApiKey.revoked_at.is_(None))
        .values(revoked_at=utc_now())
        .returning(ApiKey.id)
    )
    ids = list(ended)
    for key_id in ids:
        record_event(session, actor.tenant_id, "api_key.revoked", actor=actor, subject=str(key_id))
    return len(ids)


async def _end_invitations(
    session: Session, tenant_id: TenantId, user_id: UUID, email: str
) -> None:
    """End what could let them in again: what waits for them, what they took, staff they invited."""
    waits = Invitation.accepted_at.is_(None)
    await session.execute(
        delete(Invitation).where(
            Invitation.tenant_id == tenant_id,
            or_(Invitation.accepted_by == user_id, waits & (Invitation.email == email)),
        )
    )
    await end_staff_invitations(session, tenant_id, user_id)


async def end_staff_invitations(session: Session, tenant_id: TenantId, user_id: UUID) -> None:
    """End the invitations of staff that this user sent and nobody took."""
    await session.execute(
        delete(Invitation).where(
            Invitation.tenant_id == tenant_id,
            Invitation.created_by == user_id,
            Invitation.accepted_at.is_(None),
            Invitation.role != Role.MEMBER.value,
        )
    )


def _record(session: Session, actor: Principal, left: Left) -> None:
    # Who is no member is named nowhere else that the tenant may see.
    record_event(
        session,
        actor.tenant_id,
        "member.removed",
        actor=actor,
        subject=str(left.user_id),
        name=left.name,
        role=left.role.value,
        keys=left.keys,
    )


async def _sign_out(database: Database, tenant_id: TenantId, user_id: UUID) -> None:
    """End the sessions that act for the tenant; those for another tenant of theirs go on.

    Without the membership a session that outlives a crash here opens nothing.
    """
    async with database.crossing("sign out who was removed from a tenant") as session:
        here = or_(
            LoginSession.current_tenant_id == tenant_id, LoginSession.current_tenant_id.is_(None)
        )
        await session.execute(delete(LoginSession).where(LoginSession.user_id == user_id, here))
