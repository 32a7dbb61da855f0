"""Letting people in: a link that is worth one membership, once, for a week.

Whoever holds the link sets the password of an address that has none here, or, signed in as that
address, takes the membership. An address that somebody has already never gets another password by
it: that would let one tenant into what its owner sees in another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from myriad.kit.clock import utc_now
from myriad.kit.errors import ConflictError, ForbiddenError, NotFoundError
from myriad.kit.ids import new_id
from myriad.scale.data import Database, ReadSession, Session
from myriad.scale.directory.audit import record_event
from myriad.scale.directory.models import Invitation, Membership, Tenant, UserAccount
from myriad.scale.directory.principal import Principal, Role
from myriad.scale.directory.tokens import hash_token, new_token
from myriad.scale.directory.users import create_user, normalise_email
from myriad.scale.tenancy import TenantId, current_tenant

LIFETIME = timedelta(days=7)


class InvitationGoneError(NotFoundError):
    """The link was used, is older than a week, or was replaced by a newer one."""

    code = "invitation_gone"
    title = "This invitation is no longer good"

    def __init__(self) -> None:
        super().__init__(
            "this invitation was used, replaced, or is older than a week; ask for another"
        )


class SignInFirstError(ConflictError):
    """The invited address has a password here: its owner must sign in to take the invitation."""

    code = "sign_in_first"
    title = "Sign in first"


@dataclass(frozen=True, slots=True)
class Invited:
    """A new invitation; `token` cannot be shown again."""

    id: UUID
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SentInvitation:
    """An invitation that was made anew, and the address that it is for."""

    invited: Invited
    email: str


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """An invitation that can be taken; `is_known` says that its address can sign in already."""

    id: UUID
    tenant_id: TenantId
    tenant_name: str
    email: str
    name: str
    role: Role
    is_known: bool


@dataclass(frozen=True, slots=True)
class WaitingInvitation:
    """An invitation that nobody has taken, as those who run the tenant see it; it may be over."""

    id: UUID
    email: str
    name: str
    role: Role
    invited_by: str
    expires_at: datetime

    @property
    def is_over(self) -> bool:
        """Whether it can be taken no more."""
        return self.expires_at <= utc_now()


def link_of(base_url: str, token: str) -> str:
    """Return the address that lets the invited person in."""
    return f"{base_url.rstrip('/')}/join/{token}"


async def invite(
    session: Session, actor: Principal, *, email: str, name: str, role: Role, about: str = ""
) -> Invited:
    """Invite an address into the actor's tenant; an open invitation for the same ends.

    The same is whatever the invitation is about, whoever was invited to it; of one that is about
    nothing, the address. Raises InvalidInputError for what is no address, ForbiddenError for a role
    that the actor may not give: members are invited by staff, staff by an owner, owners by nobody.
    """
    if role is Role.OWNER or not _may_decide(actor, role):
        raise ForbiddenError(f"you may not invite somebody as {role.value}")
    tenant_id, address = actor.tenant_id, normalise_email(email)
    same = Invitation.about == about
    if not about:
        same &= Invitation.email == address
    # Of two who invite to the same at once the later waits, and ends what the earlier sent.
    key = func.hashtextextended(f"invitation {tenant_id} {about or address}", 0)
    await session.execute(select(func.pg_advisory_xact_lock(key)))
    await session.execute(delete(Invitation).where(_open_in(tenant_id), same))
    made = Invited(new_id(), new_token(), utc_now() + LIFETIME)
    session.add(
        Invitation(
            tenant_id=tenant_id,
            id=made.id,
            email=address,
            name=name,
            role=role.value,
            about=about,
            token_hash=hash_token(made.token),
            created_by=actor.id if actor.kind == "user" else None,
            expires_at=made.expires_at,
        )
    )
    record_event(
        session, tenant_id, "member.invited", actor=actor, subject=str(made.id), role=role.value
    )
    await session.flush()
    return made


async def find_waiting(
    session: ReadSession, *, about: str = "", invitation_id: UUID | None = None
) -> WaitingInvitation | None:
    """Return the session's tenant's invitation about something, or of this id, that nobody took."""
    is_it = Invitation.about == about if invitation_id is None else Invitation.id == invitation_id
    found = await _list_waiting(session, is_it, limit=1)
    return found[0] if found else None


async def list_waiting(session: ReadSession, *, about: str) -> Sequence[WaitingInvitation]:
    """Return the session's tenant's invitations about something that nobody took, newest first."""
    return await _list_waiting(session, Invitation.about == about)


async def _list_waiting(
    session: ReadSession, which: ColumnElement[bool], limit: int | None = None
) -> Sequence[WaitingInvitation]:
    query = (
        select(Invitation, UserAccount.name)
        .outerjoin(UserAccount, UserAccount.id == Invitation.created_by)
        .where(_open_in(current_tenant()), which)
        .order_by(Invitation.expires_at.desc())
        .limit(limit)
    )
    return [
        WaitingInvitation(
            one.id, one.email, one.name, Role(one.role), invited_by or "", one.expires_at
        )
        for one, invited_by in await session.execute(query)
    ]


async def withdraw(session: Session, actor: Principal, invitation_id: UUID) -> None:
    """End an invitation that nobody has taken: its link is good no more.

    Raises InvitationGoneError when it was taken or is not the tenant's, ForbiddenError for one that
    the actor could not have sent.
    """
    found = await find_waiting(session, invitation_id=invitation_id)
    if found is None:
        raise InvitationGoneError
    if not _may_decide(actor, found.role):
        raise ForbiddenError(f"you may not withdraw an invitation as {found.role.value}")
    is_it = _open_in(actor.tenant_id) & (Invitation.id == invitation_id)
    # Who takes it at this moment holds the row; what is taken then is not withdrawn.
    if await session.scalar(delete(Invitation).where(is_it).returning(Invitation.id)) is None:
        raise InvitationGoneError
    record_event(
        session,
        actor.tenant_id,
        "member.invitation_withdrawn",
        actor=actor,
        subject=str(invitation_id),
        role=found.role.value,
    )


def _may_decide(actor: Principal, role: Role) -> bool:
    return actor.is_owner or (actor.is_staff and role is Role.MEMBER)


def _open_in(tenant_id: TenantId) -> ColumnElement[bool]:
    return (Invitation.tenant_id == tenant_id) & Invitation.accepted_at.is_(None)


async def get_invitation(database: Database, token: str) -> OpenInvitation:
    """Return the invitation of a link, or raise InvitationGoneError."""
    async with database.crossing("who holds an invitation has no tenant yet") as session:
        return await _get(session, token, is_taken=False)


async def accept_as_new(database: Database, token: str, password: str) -> OpenInvitation:
    """Make the invited user with this password, and let them in.

    Raises InvitationGoneError, SignInFirstError for an address that can sign in already, and
    InvalidInputError for a password that breaks the rules.
    """
    async with database.crossing("an invited person comes in") as session:
        found = await _get(session, token, is_taken=True)
        if found.is_known:
            raise SignInFirstError("this address has a password here: sign in, then open the link")
        user_id = await create_user(session, email=found.email, name=found.name, password=password)
        await _let_in(session, found, user_id)
    return found


async def accept_as(database: Database, token: str, person: Principal) -> OpenInvitation:
    """Let the person who is signed in take the invitation that was sent to their address.

    Raises InvitationGoneError, and ForbiddenError for anybody else.
    """
    async with database.crossing("a known person takes an invitation") as session:
        found = await _get(session, token, is_taken=True)
        if person.kind != "user" or person.email != found.email:
            raise ForbiddenError(f"this invitation is for {found.email}; sign in as that address")
        await _let_in(session, found, person.id)
    return found


async def list_accepted(session: ReadSession, user_id: UUID) -> Sequence[str]:
    """Return what the invitations were about that the user took in the session's tenant."""
    query = select(Invitation.about).where(Invitation.accepted_by == user_id)
    return (await session.scalars(query)).all()


async def _get(session: ReadSession, token: str, *, is_taken: bool) -> OpenInvitation:
    query = (
        select(Invitation, Tenant.name, UserAccount.id)
        .join(Tenant, Tenant.id == Invitation.tenant_id)
        .outerjoin(UserAccount, UserAccount.email == Invitation.email)
        .where(
            Invitation.token_hash == hash_token(token),
            Invitation.accepted_at.is_(None),
            Invitation.expires_at > utc_now(),
            Tenant.status == "active",
        )
    )
    if is_taken:
        query = query.with_for_update(of=Invitation)
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise InvitationGoneError
    one, tenant_name, user_id = row
    return OpenInvitation(
        one.id,
        TenantId(one.tenant_id),
        tenant_name,
        one.email,
        one.name,
        Role(one.role),
        user_id is not None,
    )


async def _let_in(session: Session, found: OpenInvitation, user_id: UUID) -> None:
    """Give the membership; who has one already keeps their role."""
    values = {"tenant_id": found.tenant_id, "user_id": user_id, "role": found.role.value}
    await session.execute(insert(Membership).values(values).on_conflict_do_nothing())
    await session.execute(
        update(Invitation)
        .where(Invitation.tenant_id == found.tenant_id, Invitation.id == found.id)
        .values(accepted_at=utc_now(), accepted_by=user_id)
    )
    record_event(
        session, found.tenant_id, "member.joined", subject=str(user_id), role=found.role.value
    )
