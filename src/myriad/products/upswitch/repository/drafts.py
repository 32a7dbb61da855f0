"""Words under way: what a model has said so far, for whoever listens in any process."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from myriad.products.upswitch.repository.sql import Row, execute, fetch, find
from myriad.scale.data import ReadSession, Session


@dataclass(frozen=True, slots=True)
class Draft:
    """What was said so far in answer to the message `seq`, and how long ago the last of it came."""

    seq: int
    text: str
    is_stopped: bool
    idle_seconds: float


async def begin_draft(session: Session, session_id: UUID, seq: int) -> None:
    """Begin the words in answer to a message."""
    await execute(session, "begin_draft", session_id=session_id, seq=seq)


async def write_draft(session: Session, session_id: UUID, seq: int, text: str) -> bool:
    """Keep all that was said so far; False when a person wants to hear no more."""
    rows = await fetch(session, "write_draft", session_id=session_id, seq=seq, text=text)
    return bool(rows) and not rows[0]["is_stopped"]


async def find_draft(session: ReadSession, session_id: UUID, seq: int) -> Draft | None:
    """Return the words in answer to a message while they are under way, else None."""
    row = await find(session, "find_draft", session_id=session_id, seq=seq)
    return None if row is None else _draft(row)


async def find_newest_draft(session: ReadSession, session_id: UUID) -> Draft | None:
    """Return the words under way of a session, or None."""
    row = await find(session, "find_newest_draft", session_id=session_id)
    return None if row is None else _draft(row)


async def stop_draft(session: Session, session_id: UUID, seq: int) -> bool:
    """Ask for no more words; False when none are under way."""
    return bool(await execute(session, "stop_draft", session_id=session_id, seq=seq))


async def end_draft(session: Session, session_id: UUID, seq: int) -> None:
    """Forget the words under way: the answer is kept."""
    await execute(session, "end_draft", session_id=session_id, seq=seq)


def _draft(row: Row) -> Draft:
    return Draft(row["seq"], row["text"], row["is_stopped"], row["idle_seconds"])
