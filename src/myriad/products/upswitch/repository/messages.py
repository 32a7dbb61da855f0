"""What was said in a session, in its order."""

from __future__ import annotations

from uuid import UUID

from myriad.products.upswitch.repository.sql import Row, fetch, find
from myriad.products.upswitch.views.sessions import MessageView, Role, SpokenBy
from myriad.scale.data import ReadSession, Session

SHOWN = 60


async def list_messages(
    session: ReadSession, session_id: UUID, *, limit: int = SHOWN
) -> tuple[MessageView, ...]:
    """Return the last messages of a session, the oldest of them first."""
    rows = await fetch(session, "list_messages", session_id=session_id, limit=limit)
    return tuple(_message(row) for row in reversed(rows))


async def insert_message(
    session: Session,
    session_id: UUID,
    *,
    role: Role,
    content: str,
    spoken_by: SpokenBy,
    answers: int | None = None,
    request_key: str | None = None,
    tokens: int = 0,
    cost_usd_micros: int = 0,
) -> MessageView:
    """Keep a message at the end; the session's row must be locked."""
    rows = await fetch(
        session,
        "insert_message",
        session_id=session_id,
        role=role,
        content=content,
        spoken_by=spoken_by,
        answers=answers,
        request_key=request_key,
        tokens=tokens,
        cost_usd_micros=cost_usd_micros,
    )
    return _message(rows[0])


async def find_message_of_request(
    session: ReadSession, session_id: UUID, request_key: str
) -> MessageView | None:
    """Return the message that came with an idempotency key, or None."""
    row = await find(
        session, "find_message_of_request", session_id=session_id, request_key=request_key
    )
    return None if row is None else _message(row)


async def find_answer_to(session: ReadSession, session_id: UUID, seq: int) -> MessageView | None:
    """Return the answer to a message, or None while there is none."""
    row = await find(session, "find_answer_to", session_id=session_id, seq=seq)
    return None if row is None else _message(row)


def _message(row: Row) -> MessageView:
    return MessageView(
        seq=row["seq"],
        role=row["role"],
        content=row["content"],
        spoken_by=row["spoken_by"],
        created_at=row["created_at"],
    )
