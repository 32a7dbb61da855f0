"""Finding the caller behind a session token or an API key, before any tenant is known.

Every request asks, so both are named SQL in one round trip, which also brings what a page's shell
needs: whoever signs out or loses a membership is so at the next request, in every process.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import update

from myriad.kit.clock import utc_now
from myriad.scale.data import Database, NamedQueries
from myriad.scale.directory.models import ApiKey, LoginSession
from myriad.scale.directory.principal import SCOPES, Principal, Role, TenantFacts, TenantOfUser
from myriad.scale.directory.sessions import IDLE_LIFETIME
from myriad.scale.directory.tokens import API_KEY_PREFIX, hash_token
from myriad.scale.tenancy import TenantId

# Last-seen times are written at most this often, so that reading pages does not mean writing.
_SEEN_EVERY = timedelta(minutes=1)
_QUERIES = NamedQueries.load("myriad.scale.directory")


async def find_principal_by_session(database: Database, token: str) -> Principal | None:
    """Return the person whose browser holds this session token, or None."""
    now, token_hash = utc_now(), hash_token(token)
    rows = await database.crossing_rows(
        "find the caller by session",
        _QUERIES["by_session"],
        {"token_hash": token_hash, "now": now, "idle_since": now - IDLE_LIFETIME},
    )
    if not rows:
        return None
    if _is_stale(rows[0]["seen_at"], now):
        async with database.crossing("note when a session was seen") as session:
            seen = update(LoginSession).where(LoginSession.token_hash == token_hash)
            await session.execute(seen.values(last_seen_at=now))
    return _principal("user", rows[0], SCOPES)


async def find_principal_by_key(database: Database, token: str) -> Principal | None:
    """Return the program that holds this API key, or None."""
    if not token.startswith(API_KEY_PREFIX):
        return None
    now, token_hash = utc_now(), hash_token(token)
    rows = await database.crossing_rows(
        "find the caller by key", _QUERIES["by_key"], {"token_hash": token_hash, "now": now}
    )
    if not rows:
        return None
    if _is_stale(rows[0]["seen_at"], now):
        async with database.crossing("note when a key was used") as session:
            used = update(ApiKey).where(ApiKey.token_hash == token_hash)
            await session.execute(used.values(last_used_at=now))
    return _principal("key", rows[0], frozenset(rows[0]["scopes"]))


def _principal(
    kind: Literal["user", "key"], row: Mapping[str, Any], scopes: frozenset[str]
) -> Principal:
    return Principal(
        kind=kind,
        id=row["id"],
        name=row["name"],
        email=row["email"],
        tenant=_tenant(row) if row["tenant_id"] is not None else None,
        role=Role(row["role"]) if row["role"] is not None else None,
        scopes=scopes,
        is_operator=row["is_operator"],
        tenants=tuple(
            TenantOfUser(TenantId(UUID(id_)), name, Role(role))
            for id_, name, role in row.get("tenants") or ()
        ),
    )


def _tenant(row: Mapping[str, Any]) -> TenantFacts:
    return TenantFacts(
        id=TenantId(row["tenant_id"]),
        name=row["tenant_name"],
        timezone=row["timezone"],
        plan=row["plan"],
        is_suspended=row["status"] != "active",
    )


def _is_stale(seen_at: datetime | None, now: datetime) -> bool:
    return seen_at is None or now - seen_at > _SEEN_EVERY
