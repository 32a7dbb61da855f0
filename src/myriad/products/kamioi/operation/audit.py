"""Who did what in a programme, and who looked at whom; the newest first."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from myriad.products.kamioi.repository import sql as queries
from myriad.scale.data import ReadSession


class Look(msgspec.Struct, frozen=True):
    """One person at one member's rows on one day."""

    id: UUID
    day: date
    member_id: UUID
    member: str
    viewer_kind: str
    place: str
    first_at: datetime
    last_at: datetime
    times: int
    viewer: str


class Deed(msgspec.Struct, frozen=True):
    """Something that somebody, a program or the system did."""

    id: UUID
    occurred_at: datetime
    action: str
    subject: str
    detail: dict[str, Any]
    actor_kind: str
    actor: str


async def list_looks(session: ReadSession, after: UUID | None, limit: int) -> list[Look]:
    """Return who looked, those before `after` only."""
    rows = await queries.fetch(session, "list_looks", after_id=after, limit=limit)
    return msgspec.convert(rows, list[Look])


async def list_deeds(session: ReadSession, after: UUID | None, limit: int) -> list[Deed]:
    """Return what was done, before `after` only."""
    rows = await queries.fetch(session, "list_deeds", after_id=after, limit=limit)
    return msgspec.convert(rows, list[Deed])
