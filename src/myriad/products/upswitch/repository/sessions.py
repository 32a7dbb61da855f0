"""Sessions: found, listed, begun and kept alive."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from myriad.kit.errors import NotFoundError
from myriad.products.upswitch.registry.numbers import format_number
from myriad.products.upswitch.repository.facts import list_facts
from myriad.products.upswitch.repository.sql import Row, execute, fetch, find
from myriad.products.upswitch.views.sessions import (
    SessionRow,
    SessionState,
    SessionsView,
    SessionView,
)
from myriad.scale.data import ReadSession, Session

PAGE = 30


class SessionNotFoundError(NotFoundError):
    """This account has no such session."""

    code = "upswitch_no_session"
    title = "No such valuation"

    def __init__(self) -> None:
        super().__init__("There is no such valuation in this account.")


async def get_session(session: ReadSession, session_id: UUID) -> SessionView:
    """Return a session with the facts that hold; raises SessionNotFoundError."""
    row = await find(session, "find_session", session_id=session_id)
    if row is None:
        raise SessionNotFoundError
    facts = await list_facts(session, session_id)
    return _view(row, tuple(facts))


def _view(row: Row, facts: tuple[Any, ...]) -> SessionView:
    state: SessionState = row["state"]
    return SessionView(
        id=row["id"],
        company_number=format_number(row["company_number"]),
        company_name=row["company_name"],
        country=row["country"],
        state=state,
        locale=row["locale"],
        expires_at=row["expires_at"],
        created_at=row["created_at"],
        used_at=row["used_at"],
        spent_usd_micros=row["spent_usd_micros"],
        facts=facts,
    )


async def list_sessions(
    session: ReadSession,
    *,
    after: str | None = None,
    limit: int = PAGE,
    company_number: int | None = None,
) -> SessionsView:
    """Return one page of sessions, the one used last first; `after` is a page's `next_after`."""
    used_at, _, last_id = (after or "").partition("|")
    rows = await fetch(
        session,
        "list_sessions",
        after_used_at=datetime.fromisoformat(used_at) if used_at else None,
        after_id=UUID(last_id) if last_id else None,
        company_number=company_number,
        limit=limit + 1,
    )
    shown = tuple(_row(row) for row in rows[:limit])
    more = len(rows) > limit
    last = shown[-1] if more else None
    return SessionsView(
        rows=shown, next_after=f"{last.used_at.isoformat()}|{last.id}" if last else None
    )


def _row(row: Row) -> SessionRow:
    return SessionRow(**row | {"company_number": format_number(row["company_number"])})


async def insert_session(
    session: Session,
    session_id: UUID,
    *,
    user_id: UUID | None,
    company_number: int,
    company_name: str,
    locale: str,
    live: dict[str, Any],
) -> None:
    """Keep a new session, alive for 24 hours."""
    await execute(
        session,
        "insert_session",
        id=session_id,
        user_id=user_id,
        company_number=company_number,
        company_name=company_name,
        country="BE",
        locale=locale,
        live=live,
    )


async def update_session(
    session: Session, session_id: UUID, *, state: str | None = None, locale: str | None = None
) -> None:
    """Change a session, which uses it; raises SessionNotFoundError."""
    changed = await execute(
        session, "update_session", session_id=session_id, state=state, locale=locale
    )
    if not changed:
        raise SessionNotFoundError


async def get_live(session: ReadSession, session_id: UUID) -> dict[str, Any]:
    """Return where the conversation stands as it is stored; empty once it has expired."""
    row = await find(session, "find_session", session_id=session_id)
    if row is None:
        raise SessionNotFoundError
    live: dict[str, Any] = {} if row["state"] == "expired" else row["live"]
    return live


async def lock_session(session: Session, session_id: UUID) -> Row:
    """Return state, live, locale, spent_usd_micros and is_expired, locked until the transaction ends."""
    row = await find(session, "lock_session", session_id=session_id)
    if row is None:
        raise SessionNotFoundError
    return row


async def get_locale(session: ReadSession, session_id: UUID) -> str:
    """Return the language of a session; raises SessionNotFoundError."""
    row = await find(session, "get_locale", session_id=session_id)
    if row is None:
        raise SessionNotFoundError
    return str(row["locale"])


async def keep_live(session: Session, session_id: UUID, live: dict[str, Any]) -> None:
    """Keep where the conversation stands, for another 24 hours."""
    await execute(session, "keep_live_state", session_id=session_id, live=live)


async def keep_spend(session: Session, session_id: UUID, usd_micros: int) -> None:
    """Keep what models have cost in this session; it never grows less."""
    await execute(session, "keep_spend", session_id=session_id, usd_micros=usd_micros)


async def tidy_sessions(session: Session, keep_days: int) -> int:
    """Forget conversations that have expired and sessions beyond retention; return the latter."""
    await execute(session, "forget_expired_conversations")
    return await execute(session, "remove_old_sessions", days=keep_days)
