"""Notices: the list, what nobody has seen, and marking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from myriad.kit.errors import NotFoundError
from myriad.products.keeper.repository.keys import uuid_part
from myriad.products.keeper.repository.sql import QUERIES, Row, execute, fetch, find
from myriad.products.keeper.views.notices import NoticeCard, NoticeShow, NoticesView, Unseen
from myriad.scale.data import Reader, ReadSession, Session
from myriad.scale.tenancy import TenantId

PAGE = 20
STRIP = 3
MOST_IN_DIGEST = 50


@dataclass(frozen=True, slots=True)
class Letter:
    """One notice on its way to one member by e-mail."""

    delivery_id: UUID
    user_id: UUID
    state: str
    card: NoticeCard


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
    return _unseen(await fetch(session, "unseen_notices", is_owner=is_owner, limit=STRIP))


async def read_unseen(reader: Reader, tenant_id: TenantId, *, is_owner: bool) -> Unseen:
    """Return the same in a single round trip: every page asks."""
    asked = {"tenant_id": tenant_id, "is_owner": is_owner, "limit": STRIP}
    return _unseen(await reader.rows(tenant_id, QUERIES["unseen_notices"], asked))


def _unseen(rows: Sequence[Row]) -> Unseen:
    return Unseen(rows[0]["unseen"] if rows else 0, tuple(_card(row) for row in rows))


async def mark_seen(session: Session, notice_id: UUID, by: str, *, is_owner: bool) -> None:
    """Note that somebody has seen it, for the first time; raises NotFoundError."""
    await get_notice(session, notice_id, is_owner=is_owner)
    await execute(session, "mark_notice_seen", notice_id=notice_id, seen_by=by)


async def mark_all_seen(session: Session, until: UUID, by: str, *, is_owner: bool) -> int:
    """Note that everything up to the notice `until` was seen; return how many that were."""
    return await execute(session, "mark_notices_seen", until=until, seen_by=by, is_owner=is_owner)


async def count_own_mails(session: ReadSession, user_id: UUID, since: datetime) -> int:
    """Return how many messages of their own somebody got, or will get, that were planned since."""
    row = await find(session, "count_own_mails", user_id=user_id, since=since)
    return int(row["mails"]) if row else 0


async def store_delivery(
    session: Session, notice_id: UUID, user_id: UUID, form: str, due_at: datetime
) -> UUID | None:
    """Plan a mail and return its id, None when it was planned before."""
    row = await find(
        session, "store_delivery", notice_id=notice_id, user_id=user_id, form=form, due_at=due_at
    )
    return row["id"] if row else None


async def lock_delivery(session: Session, delivery_id: UUID) -> Letter | None:
    """Return a planned mail, held until the transaction ends; None when it is gone."""
    row = await find(session, "lock_delivery", delivery_id=delivery_id)
    return await _letter(session, row) if row else None


async def find_due_letters(session: Session, user_id: UUID, now: datetime) -> Sequence[Letter]:
    """Return what waits for somebody's daily message, the oldest first, held."""
    rows = await fetch(session, "lock_due_letters", user_id=user_id, now=now, limit=MOST_IN_DIGEST)
    found = [await _letter(session, row) for row in rows]
    return [letter for letter in found if letter is not None]


async def _letter(session: ReadSession, row: Row) -> Letter | None:
    card = await find_notice(session, row["notice_id"], is_owner=True)
    return Letter(row["id"], row["user_id"], row["state"], card) if card else None


async def note_deliveries(
    session: Session,
    ids: Sequence[UUID],
    state: str,
    *,
    provider_id: str | None = None,
    error: str | None = None,
) -> None:
    """Note what became of planned mails: sent, failed or skipped."""
    await execute(
        session, "note_deliveries", ids=list(ids), state=state, provider_id=provider_id, error=error
    )


def _card(row: Row) -> NoticeCard:
    return NoticeCard(**{name: row[name] for name in NoticeCard.__slots__})
