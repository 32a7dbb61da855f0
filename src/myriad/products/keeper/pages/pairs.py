"""Duplicates: pairs of profiles, joined or kept apart, and back."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Form
from starlette.requests import Request
from starlette.responses import Response

from myriad.products.keeper.deciding import decide_pair
from myriad.products.keeper.pages import links, screens
from myriad.products.keeper.pages.route import is_partial, own_path, page_router, see_other
from myriad.products.keeper.repository.connections import find_live_job
from myriad.products.keeper.repository.duplicates import get_duplicate, list_duplicates
from myriad.products.keeper.views import DuplicateFilter
from myriad.scale.http import PageRequest, Staff, TenantReadSession, TenantSession
from myriad.scale.ui.page import CurrentPage

DUPLICATES = "/keeper/duplicates"
Back = Annotated[str, Form(max_length=500)]

router = page_router()


@router.get("/duplicates")
async def duplicates(
    page: CurrentPage,
    session: TenantReadSession,
    paging: PageRequest,
    show: Literal["open", "linked", "apart"] = "open",
) -> Response:
    """Show pairs to decide, linked ones, or those kept apart."""
    asked = DuplicateFilter(show=show, after=paging.after_key)
    view = await list_duplicates(session, asked)
    live = screens.Live(await find_live_job(session))
    return screens.duplicates(page, view, links.place(paging, view.next_after), live)


async def _after(
    request: Request, page: CurrentPage, session: TenantSession, link_id: UUID, back: str
) -> Response:
    if not is_partial(request):
        return see_other(own_path(back, DUPLICATES))
    live = screens.Live(await find_live_job(session))
    return screens.pair(page, await get_duplicate(session, link_id), live)


@router.post("/duplicates/{link_id}/link")
async def link(
    request: Request,
    page: CurrentPage,
    caller: Staff,
    session: TenantSession,
    link_id: UUID,
    back: Back = DUPLICATES,
) -> Response:
    """Join two profiles into one person."""
    await decide_pair(session, link_id, "linked", caller)
    return await _after(request, page, session, link_id, back)


@router.post("/duplicates/{link_id}/reject")
async def reject(
    request: Request,
    page: CurrentPage,
    caller: Staff,
    session: TenantSession,
    link_id: UUID,
    back: Back = DUPLICATES,
) -> Response:
    """Keep two profiles apart."""
    await decide_pair(session, link_id, "rejected", caller)
    return await _after(request, page, session, link_id, back)


@router.post("/duplicates/{link_id}/undo")
async def undo(
    request: Request,
    page: CurrentPage,
    caller: Staff,
    session: TenantSession,
    link_id: UUID,
    back: Back = DUPLICATES,
) -> Response:
    """Take a link back."""
    await decide_pair(session, link_id, "undone", caller)
    return await _after(request, page, session, link_id, back)
