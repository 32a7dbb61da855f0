"""Notices as JSON."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from myriad.products.keeper.endpoints.paging import page
from myriad.products.keeper.repository.accounts import get_account
from myriad.products.keeper.repository.notices import get_notice, list_notices, mark_seen
from myriad.products.keeper.views.notices import NoticeCard, NoticeShow
from myriad.scale.http import Page, PageRequest, Router, Staff, TenantReadSession, TenantSession

router = Router()


@router.get("/notices")
async def list_all(
    paging: PageRequest,
    caller: Staff,
    session: TenantReadSession,
    response: Response,
    show: NoticeShow = "all",
) -> Page[NoticeCard]:
    """Return what people were told, newest first; staff see what is for everyone."""
    await get_account(session)
    view = await list_notices(
        session, is_owner=caller.is_owner, show=show, after=paging.after_key, limit=paging.limit
    )
    return page(paging, response, view.cards, view.next_after)


@router.get("/notices/{notice_id}")
async def get_one(notice_id: UUID, caller: Staff, session: TenantReadSession) -> NoticeCard:
    """Return one notice."""
    return await get_notice(session, notice_id, is_owner=caller.is_owner)


@router.post("/notices/{notice_id}/seen")
async def see(notice_id: UUID, caller: Staff, session: TenantSession) -> NoticeCard:
    """Mark a notice as seen; a second time changes nothing."""
    await mark_seen(session, notice_id, str(caller.id), is_owner=caller.is_owner)
    return await get_notice(session, notice_id, is_owner=caller.is_owner)
