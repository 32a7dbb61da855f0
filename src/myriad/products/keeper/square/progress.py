"""How far a stream is read: stored with the rows, so that a killed sync goes on where it was."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from myriad.products.keeper.square.sql import ask, run
from myriad.scale.data import Session


@dataclass(frozen=True)
class Place:
    """Which stream: connection, object and location."""

    connection_id: UUID
    object: str
    location: str


@dataclass(frozen=True)
class Position:
    """How far a stream is.

    While a window is in hand, `window_start` and `window_end` bound it and `cursor` is the mark of
    its next page. Everything changed up to `watermark` has been read once the backfill is over.
    """

    phase: str = "backfill"
    watermark: datetime | None = None
    cursor: str | None = None
    window_start: datetime | None = None
    window_end: datetime | None = None
    rows: int = 0

    @property
    def is_in_window(self) -> bool:
        """Whether a window was begun and not finished."""
        return self.window_start is not None

    def in_window(self, start: datetime, end: datetime) -> Position:
        """Return the position at the beginning of a window."""
        return replace(self, window_start=start, window_end=end, cursor=None)


async def load(session: Session, place: Place) -> Position:
    """Return the stored position, made on the first call."""
    rows = await ask(
        session,
        "get_cursor",
        connection_id=place.connection_id,
        object=place.object,
        location=place.location,
    )
    return Position(**rows[0])


async def save(session: Session, place: Place, position: Position) -> None:
    """Store the position within the transaction that holds its rows."""
    await run(session, "save_cursor", **vars(place), **vars(position))


async def note_error(session: Session, place: Place, error: str) -> None:
    """Store why a stream stopped; the next page that is read clears it."""
    await run(session, "note_cursor_error", **vars(place), error=error)


async def reset(session: Session, connection_id: UUID, name: str | None = None) -> None:
    """Forget how far the streams are, so that everything is read again."""
    await run(session, "reset_cursors", connection_id=connection_id, object=name)
