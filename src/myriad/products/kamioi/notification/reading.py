"""A member's notifications: the list, what is unread, marking as read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from myriad.kit.errors import NotFoundError
from myriad.products.kamioi.repository import sql
from myriad.products.kamioi.repository.sql import QUERIES
from myriad.scale.data import Session

if TYPE_CHECKING:
    # Workers write notifications and go without the web framework.
    from myriad.scale.http import BoundReader, Paging

_SHOWN = 5
_END = (datetime(9999, 12, 31, tzinfo=UTC), UUID(int=2**128 - 1))


class Notification(msgspec.Struct, frozen=True):
    """One thing that a member was told; `facts` are what its words need."""

    id: UUID
    kind: str
    facts: Mapping[str, Any]
    created_at: datetime
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """How many a member has not read, and the newest five of them."""

    count: int = 0
    newest: tuple[Notification, ...] = ()


async def list_notifications(
    reader: BoundReader, member_id: UUID, paging: Paging, *, only_unread: bool = False
) -> list[Notification]:
    """Return a page of notifications, the newest first, with one more than the page shows."""
    after_at, after_id = paging.after or _END
    asked = {
        "member_id": member_id,
        "unread": only_unread,
        "after_at": after_at,
        "after_id": after_id,
        "limit": paging.fetch,
    }
    rows = await reader.rows(QUERIES["kamioi_notifications"], asked)
    return [msgspec.convert(row, Notification) for row in rows]


async def find_unread(reader: BoundReader, member_id: UUID) -> Unread:
    """Return what a member has not read."""
    rows = await reader.rows(QUERIES["kamioi_unread"], {"member_id": member_id, "limit": _SHOWN})
    if not rows:
        return Unread()
    return Unread(rows[0]["unread"], tuple(msgspec.convert(row, Notification) for row in rows))


async def mark_read(session: Session, member_id: UUID, notification_id: UUID) -> None:
    """Mark one as read; again changes nothing. Raises NotFoundError for one that is not theirs."""
    found = await sql.find(session, "read_notification", id=notification_id, member_id=member_id)
    if found is None:
        raise NotFoundError("there is no such notification")


async def mark_all_read(session: Session, member_id: UUID, until: datetime) -> None:
    """Mark everything up to a moment as read."""
    await sql.execute(session, "read_notifications", member_id=member_id, until=until)
