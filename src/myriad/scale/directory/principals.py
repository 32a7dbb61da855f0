"""Finding the caller behind a session token or an API key, before any tenant is known."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import aliased

from myriad.kit.clock import utc_now
from myriad.scale.data import Database
from myriad.scale.directory.models import ApiKey, LoginSession, Membership, Tenant, UserAccount
from myriad.scale.directory.principal import Principal, Role, TenantFacts
from myriad.scale.directory.sessions import IDLE_LIFETIME, facts_of
from myriad.scale.directory.tokens import API_KEY_PREFIX, hash_token

# Last-seen times are written at most this often, so that reading pages does not mean writing.
_SEEN_EVERY = timedelta(minutes=1)

_tenant = aliased(Tenant)


async def find_principal_by_session(database: Database, token: str) -> Principal | None:
    """Return the person whose browser holds this session token, or None."""
    now, token_hash = utc_now(), hash_token(token)
    query = (
        select(LoginSession.last_seen_at, UserAccount, Membership.role, _tenant)
        .join(UserAccount, UserAccount.id == LoginSession.user_id)
        .outerjoin(
            Membership,
            (Membership.tenant_id == LoginSession.current_tenant_id)
            & (Membership.user_id == LoginSession.user_id),
        )
        .outerjoin(_tenant, _tenant.id == Membership.tenant_id)
        .where(
            LoginSession.token_hash == token_hash,
            LoginSession.expires_at > now,
            LoginSession.last_seen_at > now - IDLE_LIFETIME,
            UserAccount.disabled_at.is_(None),
        )
    )
    async with database.crossing("find the caller by session") as session:
        row = (await session.execute(query)).one_or_none()
        if row is None:
            return None
        seen_at, user, role, tenant = row
        if _is_stale(seen_at, now):
            seen = update(LoginSession).where(LoginSession.token_hash == token_hash)
            await session.execute(seen.values(last_seen_at=now))
    return _person(user, role, tenant)


def _person(user: UserAccount, role: str | None, tenant: Tenant | None) -> Principal:
    return Principal(
        kind="user",
        id=user.id,
        name=user.name,
        email=user.email,
        tenant=facts_of(tenant) if tenant is not None else None,
        role=Role(role) if role is not None else None,
        is_operator=user.is_operator,
    )


async def find_principal_by_key(database: Database, token: str) -> Principal | None:
    """Return the program that holds this API key, or None."""
    if not token.startswith(API_KEY_PREFIX):
        return None
    now = utc_now()
    query = (
        select(ApiKey, _tenant)
        .join(_tenant, _tenant.id == ApiKey.tenant_id)
        .where(ApiKey.token_hash == hash_token(token), ApiKey.revoked_at.is_(None))
        .where(ApiKey.expires_at.is_(None) | (ApiKey.expires_at > now))
    )
    async with database.crossing("find the caller by key") as session:
        row = (await session.execute(query)).one_or_none()
        if row is None:
            return None
        key, tenant = row
        if key.last_used_at is None or _is_stale(key.last_used_at, now):
            key.last_used_at = now
    return _program(key, facts_of(tenant))


def _program(key: ApiKey, tenant: TenantFacts) -> Principal:
    return Principal(
        kind="key",
        id=key.id,
        name=key.name,
        email="",
        tenant=tenant,
        role=Role(key.role),
        scopes=frozenset(key.scopes),
    )


def _is_stale(seen_at: datetime, now: datetime) -> bool:
    return now - seen_at > _SEEN_EVERY
