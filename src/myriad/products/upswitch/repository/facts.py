"""Facts: each is kept as it was; a newer one takes its place."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from psycopg.types.json import Jsonb

from myriad.kit.ids import new_id
from myriad.products.upswitch.repository.sql import Row, execute, fetch
from myriad.products.upswitch.views.sessions import FactView
from myriad.scale.data import ReadSession, Session

_MOST_HISTORY = 50


async def list_facts(session: ReadSession, session_id: UUID) -> list[FactView]:
    """Return what holds and what is proposed, by key and year; a proposal after what holds."""
    return [_fact(row) for row in await fetch(session, "list_facts", session_id=session_id)]


async def list_history(session: ReadSession, session_id: UUID, key: str) -> list[FactView]:
    """Return every value that a key has had, the newest first."""
    rows = await fetch(
        session, "list_fact_history", session_id=session_id, key=key, limit=_MOST_HISTORY
    )
    return [_fact(row) for row in rows]


async def list_filed(session: ReadSession, session_id: UUID) -> list[FactView]:
    """Return everything that was ever taken over from a register, the newest first."""
    return [_fact(row) for row in await fetch(session, "list_filed_facts", session_id=session_id)]


def _fact(row: Row) -> FactView:
    return FactView(**{name: row[name] for name in row if name != "id"})


async def keep_facts(
    session: Session,
    session_id: UUID,
    facts: Sequence[FactView],
    *,
    beside_proposals: bool = False,
) -> None:
    """Keep facts in the place of those with the same key and year.

    A fact that is not confirmed never takes the place of one that is: it stands beside it. One
    that is takes the place of proposals too, unless it stands `beside_proposals`.
    """
    for fact in facts:
        fact_id = new_id()
        place = {"session_id": session_id, "key": fact.key, "period": fact.period}
        await execute(
            session,
            "supersede_facts",
            id=fact_id,
            over_held=fact.confirmed,
            over_proposed=not (fact.confirmed and beside_proposals),
            **place,
        )
        await execute(
            session,
            "insert_fact",
            id=fact_id,
            value=Jsonb(fact.value),
            unit=fact.unit,
            source=fact.source,
            confidence=fact.confidence,
            evidence=fact.evidence,
            confirmed=fact.confirmed,
            **place,
        )


async def confirm_fact(session: Session, session_id: UUID, key: str, period: str) -> bool:
    """Let a proposal hold; return whether there was one."""
    place = {"session_id": session_id, "key": key, "period": period}
    await execute(session, "supersede_held_fact", **place)
    return await execute(session, "confirm_fact", **place) > 0


async def withdraw_fact(
    session: Session, session_id: UUID, key: str, period: str, *, proposed_only: bool = False
) -> bool:
    """Take a fact back, so that the default holds again; return whether there was one."""
    place = {"session_id": session_id, "key": key, "period": period}
    return await execute(session, "withdraw_fact", proposed_only=proposed_only, **place) > 0
