"""What the nightly run notes for the next one: how far it has come, and when.

A note is only ever a shortcut. `since` of a note lies a quarter of an hour before it, because a
row's time is that at which its transaction began: one that was under way then may have been
committed unseen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from myriad.products.keeper.repository.sql import Row, execute_soon, fetch
from myriad.scale.data import ReadSession, Session

MARGIN = timedelta(minutes=15)
WHOLE_EVERY_DAYS = 7


@dataclass(frozen=True, slots=True)
class Note:
    """What was noted on `business_date`, at `noted_at`."""

    business_date: date
    noted_at: datetime
    facts: dict[str, Any]

    @property
    def whole_on(self) -> date | None:
        """The day on which everything was last worked out anew."""
        whole = self.facts.get("whole_on")
        return date.fromisoformat(whole) if whole else None

    def serves(self, day: date) -> bool:
        """Whether a night on `day` may do only what is new; once a week it does everything."""
        whole = self.whole_on
        if whole is None or self.business_date > day:
            return False
        return (day - whole).days < WHOLE_EVERY_DAYS


async def find_note(session: ReadSession, agent: str) -> Note | None:
    """Return the note of that name, or None; within a transaction it is read once."""
    known: dict[str, Note | None] = session.info.setdefault("notes", {})
    if agent not in known:
        know_notes(session, [agent], await fetch(session, "agent_notes", agents=[agent]))
    return known[agent]


def know_notes(session: ReadSession, agents: Sequence[str], rows: Sequence[Row]) -> None:
    """Take the `rows` of the query `agent_notes` for the notes of `agents` in this transaction."""
    known: dict[str, Note | None] = session.info.setdefault("notes", {})
    known.update(dict.fromkeys(agents))
    for row in rows:
        known[row["agent"]] = Note(row["business_date"], row["noted_at"], row["facts"])


async def store_note(session: Session, agent: str, day: date, facts: dict[str, Any]) -> None:
    """Keep a note, stamped with the beginning of this transaction."""
    session.info.get("notes", {}).pop(agent, None)
    await execute_soon(session, "store_agent_note", agent=agent, day=day, facts=facts)


async def drop_note(session: Session, agent: str) -> None:
    """Forget a note, so that the next night does everything."""
    session.info.get("notes", {}).pop(agent, None)
    await execute_soon(session, "drop_agent_note", agent=agent)
