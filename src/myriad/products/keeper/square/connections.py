"""The stored connection: sealed tokens, status and notice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from myriad.products.keeper.square.sql import ask, run
from myriad.scale.data import ReadSession, Session
from myriad.scale.tenancy import current_tenant
from myriad.scale.vault import Vault


@dataclass(frozen=True)
class Tokens:
    """What Square gives for a permission; plain text, held only in memory."""

    access: str
    refresh: str
    expires_at: datetime | None
    merchant_id: str


@dataclass(frozen=True)
class StoredConnection:
    """A seller's connection as synchronisation needs it; tokens still sealed."""

    id: UUID
    merchant_id: str
    merchant_name: str
    base_url: str
    access_token_enc: bytes | None
    refresh_token_enc: bytes | None
    expires_at: datetime | None
    refreshed_at: datetime | None
    status: str
    plan_flags: dict[str, Any]
    scopes: list[str]


def _place(merchant_id: str, which: str) -> str:
    return f"keeper:square:{current_tenant()}:{merchant_id}:{which}"


def unseal(vault: Vault, connection: StoredConnection, which: str) -> str | None:
    """Return the `access` or `refresh` token, or None when none is stored."""
    sealed = connection.access_token_enc if which == "access" else connection.refresh_token_enc
    if sealed is None:
        return None
    return vault.decrypt(bytes(sealed), _place(connection.merchant_id, which)).decode()


def _sealed(vault: Vault, tokens: Tokens) -> dict[str, bytes]:
    return {
        "access": vault.encrypt(tokens.access.encode(), _place(tokens.merchant_id, "access")),
        "refresh": vault.encrypt(tokens.refresh.encode(), _place(tokens.merchant_id, "refresh")),
    }


async def store_connection(
    session: Session,
    vault: Vault,
    tokens: Tokens,
    *,
    merchant_name: str,
    base_url: str,
    scopes: list[str],
) -> UUID:
    """Store a permission, sealed; a seller who returns gets his old connection back."""
    rows = await ask(
        session,
        "store_connection",
        merchant_id=tokens.merchant_id,
        merchant_name=merchant_name,
        base_url=base_url,
        scopes=scopes,
        expires_at=tokens.expires_at,
        **_sealed(vault, tokens),
    )
    return UUID(str(rows[0]["id"]))


async def store_refreshed(
    session: Session, vault: Vault, connection_id: UUID, tokens: Tokens
) -> None:
    """Store the tokens of a refresh."""
    await run(
        session,
        "store_refreshed_tokens",
        connection_id=connection_id,
        expires_at=tokens.expires_at,
        **_sealed(vault, tokens),
    )


async def list_connections(
    session: ReadSession, connection_id: UUID | None = None
) -> list[StoredConnection]:
    """Return the tenant's connections to Square, or the one of that id."""
    rows = await ask(session, "sync_connections", connection_id=connection_id)
    return [StoredConnection(**row) for row in rows]


async def mark_revoked(
    session: Session,
    notice: str,
    *,
    connection_id: UUID | None = None,
    merchant_id: str | None = None,
) -> bool:
    """Stop reading, forget the tokens, keep the data, and say so; return whether it was read."""
    ended = await run(
        session,
        "revoke_connection",
        notice=notice,
        connection_id=connection_id,
        merchant_id=merchant_id,
    )
    return ended > 0


async def note(
    session: Session, connection_id: UUID, notice: str | None, plan_flags: dict[str, Any]
) -> None:
    """Store what the owner should know about a connection."""
    await run(
        session,
        "note_connection",
        connection_id=connection_id,
        notice=notice,
        plan_flags=Jsonb(plan_flags),
    )
