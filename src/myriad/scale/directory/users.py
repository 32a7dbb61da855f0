"""Users and their memberships."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from myriad.kit.clock import utc_now
from myriad.kit.errors import InvalidInputError
from myriad.kit.ids import new_id
from myriad.scale.data import ReadSession, Session
from myriad.scale.directory.audit import record_event
from myriad.scale.directory.errors import AlreadyExistsError
from myriad.scale.directory.models import LoginSession, Membership, Tenant, UserAccount
from myriad.scale.directory.passwords import hash_password
from myriad.scale.directory.principal import Role, TenantOfUser
from myriad.scale.tenancy import TenantId

# With this address the first owner of an installation signs in, until somebody changes it.
FIRST_OWNER_EMAIL = "owner@example.com"
_LONGEST_EMAIL = 254
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Member:
    """A person who runs the tenant, as the others who do see them."""

    user_id: UUID
    email: str
    name: str
    role: Role


def normalise_email(email: str) -> str:
    """Return the address trimmed and in small letters, or raise InvalidInputError."""
    cleaned = email.strip().lower()
    local, at, domain = cleaned.rpartition("@")
    if not (local and at and "." in domain) or len(cleaned) > _LONGEST_EMAIL or " " in cleaned:
        expected = "an address such as name@example.com"
        raise InvalidInputError(f"{email!r} is no e-mail address", [("/email", expected)])
    return cleaned


def normalise_name(name: str) -> str:
    """Return a person's name with single spaces, or raise InvalidInputError."""
    cleaned = " ".join(name.split())
    if not 0 < len(cleaned) <= _LONGEST_NAME:
        expected = f"a name of up to {_LONGEST_NAME} characters"
        raise InvalidInputError(f"name: {expected}", [("/name", expected)])
    return cleaned


async def create_user(
    session: Session,
    *,
    email: str,
    name: str,
    password: str | None = None,
    is_operator: bool = False,
) -> UUID:
    """Make a user and return the id; needs a crossing session.

    Without a password nobody can sign in as this user yet.
    """
    user_id = new_id()
    values = {
        "id": user_id,
        "email": normalise_email(email),
        "name": name,
        "password_hash": await hash_password(password) if password is not None else None,
        "is_operator": is_operator,
    }
    try:
        async with session.begin_nested():
            await session.execute(insert(UserAccount).values(**values))
    except IntegrityError:
        raise AlreadyExistsError(f"a user with the address {email!r} exists already") from None
    return user_id


async def find_user_by_email(session: ReadSession, email: str) -> UserAccount | None:
    """Return the user of this address, or None; needs a crossing session."""
    query = select(UserAccount).where(UserAccount.email == email.strip().lower())
    return (await session.scalars(query)).one_or_none()


async def own_tenants_of_nobody(session: Session, user_id: UUID) -> int:
    """Make the user owner of every tenant that nobody runs, and return how many there were.

    Needs a crossing session. A tenant made on the command line before anybody could sign in
    would otherwise be seen by no one.
    """
    runs = (Membership.tenant_id == Tenant.id) & (Membership.role != Role.MEMBER.value)
    is_run = select(Membership.user_id).where(runs).exists()
    lonely = (await session.scalars(select(Tenant.id).where(~is_run))).all()
    for tenant_id in lonely:
        await add_member(session, TenantId(tenant_id), user_id, Role.OWNER)
    return len(lonely)


async def set_password(session: Session, user_id: UUID, password: str) -> None:
    """Give a user another password and sign them out everywhere; needs a crossing session."""
    encoded = await hash_password(password)
    await session.execute(
        update(UserAccount)
        .where(UserAccount.id == user_id)
        .values(password_hash=encoded, updated_at=utc_now())
    )
    await session.execute(delete(LoginSession).where(LoginSession.user_id == user_id))


async def add_member(session: Session, tenant_id: TenantId, user_id: UUID, role: Role) -> None:
    """Make the user a member of the tenant, or change the role of one."""
    values = {"tenant_id": tenant_id, "user_id": user_id, "role": role.value}
    await session.execute(
        upsert(Membership)
        .values(values)
        .on_conflict_do_update(index_elements=["tenant_id", "user_id"], set_={"role": role.value})
    )
    record_event(session, tenant_id, "member.added", subject=str(user_id), role=role.value)
    await session.flush()


async def list_members(session: ReadSession, tenant_id: TenantId) -> Sequence[Member]:
    """Return who runs the session's tenant, by name; those whom it serves are not among them."""
    query = (
        select(UserAccount.id, UserAccount.email, UserAccount.name, Membership.role)
        .join(Membership, Membership.user_id == UserAccount.id)
        .where(Membership.tenant_id == tenant_id, Membership.role != Role.MEMBER.value)
        .order_by(UserAccount.name, UserAccount.id)
    )
    rows = await session.execute(query)
    return [Member(row.id, row.email, row.name, Role(row.role)) for row in rows]


async def list_tenants_of(session: ReadSession, user_id: UUID) -> Sequence[TenantOfUser]:
    """Return the active tenants of a user, oldest membership first; needs a crossing session."""
    query = (
        select(Tenant.id, Tenant.name, Membership.role)
        .join(Membership, Membership.tenant_id == Tenant.id)
        .where(Membership.user_id == user_id, Tenant.status == "active")
        .order_by(Membership.created_at, Tenant.id)
    )
    rows = await session.execute(query)
    return [TenantOfUser(TenantId(row.id), row.name, Role(row.role)) for row in rows]
