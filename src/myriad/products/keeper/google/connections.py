"""The stored connection to Google: sealed tokens, locations, status and notice."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from myriad.products.keeper.google.client import PlaceOnGoogle
from myriad.products.keeper.google.sql import ask, run
from myriad.scale.data import ReadSession, Session
from myriad.scale.tenancy import current_tenant
from myriad.scale.vault import Vault

GONE_NOTICE = "Google no longer lets Keeper in. Connect again to go on; your reviews are kept."
ENDED_NOTICE = "Disconnected. Your reviews are kept; connect again to go on."
_UNVERIFIED = (
    "Google shows no reviews for {}: the location is not verified. Verify it in your Business "
    "Profile, then read again."
)


@dataclass(frozen=True, slots=True)
class GoogleTokens:
    """What Google gives for a permission; plain text, held only in memory."""

    access: str
    refresh: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class GoogleConnection:
    """One business account; tokens still sealed. `account` is its name, `accounts/…`."""

    id: UUID
    account: str
    title: str
    base_url: str
    access_token_enc: bytes | None
    refresh_token_enc: bytes | None
    expires_at: datetime | None
    status: str
    plan_flags: dict[str, Any]
    notice: str | None

    @property
    def places(self) -> tuple[PlaceOnGoogle, ...]:
        """The locations as they were when they were last asked for."""
        return tuple(PlaceOnGoogle(**place) for place in self.plan_flags.get("places", ()))


def _place(account: str, which: str) -> str:
    return f"keeper:google:{current_tenant()}:{account}:{which}"


def unseal(vault: Vault, connection: GoogleConnection, which: str) -> str | None:
    """Return the `access` or `refresh` token, or None when none is stored."""
    sealed = connection.access_token_enc if which == "access" else connection.refresh_token_enc
    if sealed is None:
        return None
    return vault.decrypt(bytes(sealed), _place(connection.account, which)).decode()


def _sealed(vault: Vault, account: str, tokens: GoogleTokens) -> dict[str, Any]:
    return {
        "access": vault.encrypt(tokens.access.encode(), _place(account, "access")),
        "refresh": vault.encrypt(tokens.refresh.encode(), _place(account, "refresh")),
        "expires_at": tokens.expires_at,
    }


async def store_google(
    session: Session,
    vault: Vault,
    tokens: GoogleTokens,
    *,
    account: str,
    title: str,
    base_url: str,
    scopes: list[str],
    places: list[PlaceOnGoogle],
) -> UUID:
    """Store a permission, sealed; an account that returns gets its old connection back."""
    rows = await ask(
        session,
        "store_google_connection",
        account=account,
        title=title,
        base_url=base_url,
        scopes=scopes,
        notice=describe_places(places),
        flags=_flags(places),
        **_sealed(vault, account, tokens),
    )
    return UUID(str(rows[0]["id"]))


async def store_token(
    session: Session, vault: Vault, connection: GoogleConnection, tokens: GoogleTokens
) -> None:
    """Store the tokens of a refresh."""
    sealed = _sealed(vault, connection.account, tokens)
    await run(session, "store_google_token", connection_id=connection.id, **sealed)


async def list_google(
    session: ReadSession, connection_id: UUID | None = None
) -> list[GoogleConnection]:
    """Return the tenant's connections to Google, or the one of that id."""
    rows = await ask(session, "google_connections", connection_id=connection_id)
    return [GoogleConnection(**row) for row in rows]


async def end_google(session: Session, connection_id: UUID, notice: str) -> bool:
    """Stop reading, forget the tokens, keep the reviews, and say so; return whether it was read."""
    named = {"connection_id": connection_id, "notice": notice}
    return await run(session, "end_google_connection", **named) > 0


async def note_google(
    session: Session, connection_id: UUID, places: list[PlaceOnGoogle], notice: str | None = None
) -> None:
    """Store the locations as they are now, and what the owner should know."""
    await run(
        session,
        "note_google_connection",
        connection_id=connection_id,
        flags=_flags(places),
        notice=" ".join(filter(None, (describe_places(places), notice))) or None,
    )


def describe_places(places: list[PlaceOnGoogle]) -> str | None:
    """Return what the owner should know about the locations, or None."""
    if not places:
        return "This Google account has no business location."
    unverified = [place.title for place in places if not place.verified]
    return _UNVERIFIED.format(", ".join(unverified)) if unverified else None


def _flags(places: list[PlaceOnGoogle]) -> dict[str, Any]:
    return {"places": [asdict(place) for place in places]}
