"""Signing in and out, and switching the tenant.

A session ends two weeks after sign-in, or three days after it was last seen. Every sign-in makes
a new token and ends the one that the browser came with, so a planted token is worth nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from myriad.kit.clock import utc_now
from myriad.kit.errors import NotFoundError, UnauthorizedError
from myriad.scale.data import Database, Session
from myriad.scale.directory.audit import record_event
from myriad.scale.directory.errors import WrongCredentialsError
from myriad.scale.directory.models import LoginSession, Tenant, UserAccount
from myriad.scale.directory.passwords import hash_password, needs_rehash, verify_password
from myriad.scale.directory.principal import Principal, TenantFacts
from myriad.scale.directory.throttle import count_attempt, forgive
from myriad.scale.directory.tokens import hash_token, new_token
from myriad.scale.directory.users import find_user_by_email, list_tenants_of
from myriad.scale.tenancy import TenantId

LIFETIME = timedelta(days=14)
IDLE_LIFETIME = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh session: the token goes to the browser and is known nowhere else."""

    token: str
    expires_at: datetime
    user_id: UUID


async def sign_in(
    database: Database,
    email: str,
    password: str,
    *,
    replacing: str | None = None,
    came_from: str = "",
) -> SignedIn:
    """Check the password and begin a session; ends the session `replacing`.

    `came_from` is the network address, for which repeated failures are slowed.

    Raises WrongCredentialsError, or TooManyRequestsError after repeated failures.
    """
    address, now = email.strip().lower(), utc_now()
    async with database.crossing("sign in: find the user") as session:
        await count_attempt(session, address, now, came_from)
        user = await find_user_by_email(session, address)
    encoded = user.password_hash if user else None
    matches = await verify_password(encoded, password)
    if user is None or encoded is None or not matches or user.disabled_at is not None:
        raise WrongCredentialsError("no user has this e-mail address and password")
    renewed = await hash_password(password) if needs_rehash(encoded) else None
    async with database.crossing("sign in: begin the session") as session:
        await forgive(session, address, now, came_from)
        if renewed is not None:
            await session.execute(
                update(UserAccount).where(UserAccount.id == user.id).values(password_hash=renewed)
            )
        return await begin_session(session, user, now, replacing=replacing)


async def begin_session(
    session: Session,
    user: UserAccount,
    now: datetime,
    *,
    replacing: str | None = None,
    tenant_id: TenantId | None = None,
) -> SignedIn:
    """Begin a session that acts for `tenant_id`, else for the user's oldest active tenant.

    Needs a crossing session; ends the session `replacing` and those of the user that are over.
    """
    ended = (LoginSession.user_id == user.id) & (LoginSession.expires_at < now)
    if replacing is not None:
        ended |= LoginSession.token_hash == hash_token(replacing)
    await session.execute(delete(LoginSession).where(ended))
    tenants = [tenant.id for tenant in await list_tenants_of(session, user.id)]
    current = tenant_id if tenant_id in tenants else next(iter(tenants), None)
    signed_in = SignedIn(new_token(), now + LIFETIME, user.id)
    await session.execute(
        insert(LoginSession).values(
            token_hash=hash_token(signed_in.token),
            user_id=user.id,
            current_tenant_id=current,
            last_seen_at=now,
            expires_at=signed_in.expires_at,
        )
    )
    if current is not None:
        record_event(session, current, "user.signed_in", subject=str(user.id))
    return signed_in


async def sign_out(database: Database, token: str) -> None:
    """End the session of this token; an unknown token is no error."""
    async with database.crossing("sign out") as session:
        await session.execute(
            delete(LoginSession).where(LoginSession.token_hash == hash_token(token))
        )


async def switch_tenant(
    database: Database, token: str, principal: Principal, tenant_id: TenantId
) -> TenantFacts:
    """Let the session act for another tenant of its user, or raise NotFoundError."""
    async with database.crossing("switch the tenant") as session:
        mine = await list_tenants_of(session, principal.id)
        if tenant_id not in {tenant.id for tenant in mine}:
            raise NotFoundError("there is no such account among yours")
        changed = await session.scalar(
            update(LoginSession)
            .where(LoginSession.token_hash == hash_token(token))
            .values(current_tenant_id=tenant_id)
            .returning(LoginSession.user_id)
        )
        if changed != principal.id:
            raise UnauthorizedError("the session has ended; sign in again")
        found = await session.scalars(select(Tenant).where(Tenant.id == tenant_id))
        return facts_of(found.one())


def facts_of(tenant: Tenant) -> TenantFacts:
    """Return what pages and logs need of a tenant."""
    return TenantFacts(
        id=TenantId(tenant.id),
        name=tenant.name,
        timezone=tenant.timezone,
        plan=tenant.plan,
        is_suspended=tenant.status != "active",
    )
