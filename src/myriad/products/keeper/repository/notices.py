"""Notices: the list, what nobody has seen, and marking."""

from __future__ import annotations

from uuid import UUID

from myriad.kit.errors import NotFoundError
from myriad.products.keeper.repository.keys import uuid_part
from myriad.products.keeper.repository.sql import Row, execute, fetch, find
from myriad.products.keeper.views.notices import NoticeCard, NoticeShow, NoticesView, Unseen
from myriad.scale.data import ReadSession, Session

PAGE = 20
STRIP = 3


async def list_notices(
    session: ReadSession,
    *,
    is_owner: bool,
    show: NoticeShow = "all",
    after: str | None = None,
    limit: int = PAGE,
) -> NoticesView:
    """Return one page of notices, newest first; staff see those for everyone."""
    rows = await fetch(
        session,
        "list_notices",
        is_owner=is_owner,
        unseen_only=show == "unseen",
        after_id=uuid_part(after),
        limit=limit + 1,
    )
    more, rows = len(rows) > limit, rows[:limit]
    unseen = await find_unseen(session, is_owner=is_owner)
    cards = tuple(_card(row) for row in rows)
    return NoticesView(show, unseen.count, cards, str(cards[-1].id) if more else None)


async def get_notice(session: ReadSession, notice_id: UUID, *, is_owner: bool) -> NoticeCard:
    """Return one notice, or raise NotFoundError."""
    found = await find_notice(session, notice_id, is_owner=is_owner)
    if found is None:
        raise NotFoundError("no such notice")
    return found


async def find_notice(
    session: ReadSession, notice_id: UUID, *, is_owner: bool
) -> NoticeCard | None:
    """Return one notice, or None."""
    row = await find(session, "get_notice", notice_id=notice_id, is_owner=is_owner)
    return _card(row) if row else None


async def find_unseen(session: ReadSession, *, is_owner: bool) -> Unseen:
    """Return what nobody has seen: how many, and the first of them by level and age."""
    rows = await fetch(session, "unseen_notices", is_owner=is_owner, limit=STRIP)
    return Unseen(rows[0]["unseen"] if rows else 0, tuple(_card(row) for row in rows))


async def mark_seen(session: Session, notice_id: UUID, by: str, *, is_owner: bool) -> None:
    """Note that somebody has seen it, for the first time; raises NotFoundError."""
    await get_notice(session, notice_id, is_owner=is_owner)
    await execute(session, "mark_notice_seen", notice_id=notice_id, seen_by=by)


async def mark_all_seen(session: Session, until: UUID, by: str, *, is_owner: bool) -> int:
    """Note that everything up to the notice `until` was seen; return how many that were."""
    return await execute(session, "mark_notices_seen", until=until, seen_by=by, is_owner=is_owner)


def _card(row: Row) -> NoticeCard:
    return NoticeCard(**{name: row[name] for name in NoticeCard.__slots__})
