"""Pairs of profiles that may be one person."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from starlette.responses import Response

from myriad.products.keeper import repository
from myriad.products.keeper.deciding import decide_pair
from myriad.products.keeper.endpoints.paging import page
from myriad.products.keeper.views import DuplicateFilter, DuplicatePair
from myriad.scale.http import Page, PageRequest, Router, Staff, TenantReadSession, TenantSession

router = Router()


@router.get("/duplicates")
async def list_duplicates(
    paging: PageRequest,
    session: TenantReadSession,
    response: Response,
    show: Literal["open", "linked", "apart"] = "open",
) -> Page[DuplicatePair]:
    """Return pairs with the weights that speak for and against them, the heaviest first."""
    wanted = DuplicateFilter(show=show, after=paging.after_key, limit=paging.limit)
    view = await repository.list_duplicates(session, wanted)
    return page(paging, response, view.pairs, view.next_after)


@router.get("/duplicates/{link_id}")
async def get_duplicate(link_id: UUID, session: TenantReadSession) -> DuplicatePair:
    """Return one pair."""
    return await repository.get_duplicate(session, link_id)


@router.post("/duplicates/{link_id}/link")
async def link_pair(link_id: UUID, caller: Staff, session: TenantSession) -> DuplicatePair:
    """Join two profiles into one person, within seconds; can be undone."""
    await decide_pair(session, link_id, "linked", caller)
    return await repository.get_duplicate(session, link_id)


@router.post("/duplicates/{link_id}/reject")
async def reject_pair(link_id: UUID, caller: Staff, session: TenantSession) -> DuplicatePair:
    """Keep two profiles apart, also in later runs."""
    await decide_pair(session, link_id, "rejected", caller)
    return await repository.get_duplicate(session, link_id)


@router.post("/duplicates/{link_id}/undo")
async def undo_pair(link_id: UUID, caller: Staff, session: TenantSession) -> DuplicatePair:
    """Take a link back: the persons are again what they were before."""
    await decide_pair(session, link_id, "undone", caller)
    return await repository.get_duplicate(session, link_id)
