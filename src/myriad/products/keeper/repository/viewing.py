"""Who looked at whom, and who did what: written once an hour, read page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from myriad.products.keeper.repository.keys import join_key, moment_part, split_key, uuid_part
from myriad.products.keeper.repository.sql import Row, execute, fetch
from myriad.scale.cache import changes_no_view
from myriad.scale.data import Database, ReadSession, Session
from myriad.scale.directory.principal import Principal

Place = Literal["page", "api", "timeline", "export", "review"]


@dataclass(frozen=True, slots=True)
class ViewRow:
    """Somebody looked at a person within an hour, and where (page, api, timeline, review …)."""

    person_id: UUID
    person: str
    hour: datetime
    seen_at: datetime
    actor_kind: str
    actor_id: UUID
    actor: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One thing that somebody did; `subject` is the id of what it was done to."""

    id: UUID
    occurred_at: datetime
    action: str
    subject: str
    detail: dict[str, Any]
    actor_kind: str
    actor_id: UUID | None
    actor: str


async def note_view(database: Database, caller: Principal, person_id: UUID, place: Place) -> None:
    """Write that the caller looked at a person, once an hour, in a transaction of its own.

    It is written before the person is shown: what cannot be noted is not shown.
    """
    async with database.session(caller.tenant_id) as session:
        changes_no_view(session)
        await note_view_in(session, caller, person_id, place)


async def note_view_in(session: Session, caller: Principal, person_id: UUID, place: Place) -> None:
    """Write that the caller looked at a person within the caller's transaction."""
    await execute(
        session,
        "note_view",
        person_id=person_id,
        actor_id=caller.id,
        actor_kind=caller.kind,
        place=place,
    )


async def list_views(
    session: ReadSession, after: str | None, limit: int, person_id: UUID | None = None
) -> tuple[list[ViewRow], str | None]:
    """Return one page of looks, newest first, of everybody or at one person; and the next key."""
    hour, person, actor = split_key(after, 3)
    rows = await fetch(
        session,
        "list_views",
        person_id=person_id,
        after_hour=moment_part(hour),
        after_person=uuid_part(person),
        after_actor=uuid_part(actor),
        limit=limit + 1,
    )
    more, rows = len(rows) > limit, rows[:limit]
    last = rows[-1] if more else None
    key = join_key(last["hour"], last["person_id"], last["actor_id"]) if last else None
    return [_view(row) for row in rows], key


async def list_audit(
    session: ReadSession, after: str | None, limit: int
) -> tuple[list[AuditRow], str | None]:
    """Return one page of what was done in the account, newest first, and the next page's key."""
    rows = await fetch(session, "list_audit", after_id=uuid_part(after), limit=limit + 1)
    more, rows = len(rows) > limit, rows[:limit]
    return [AuditRow(**row) for row in rows], str(rows[-1]["id"]) if more else None


def _view(row: Row) -> ViewRow:
    return ViewRow(**{**row, "places": tuple(row["places"])})
