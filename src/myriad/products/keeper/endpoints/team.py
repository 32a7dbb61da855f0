"""Figures of staff: the team, one member, and the caller's own."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel
from starlette.responses import Response

from myriad.products.keeper.endpoints.paging import page
from myriad.products.keeper.repository import staff
from myriad.products.keeper.team.periods import Period
from myriad.products.keeper.views.team import FigureView, MemberRow, MemberView, MeView
from myriad.scale.http import (
    Owner,
    Page,
    PageRequest,
    Router,
    Staff,
    TenantReadSession,
    TenantSession,
)

router = Router()


class Link(BaseModel):
    """Who of those who sign in a member of staff is."""

    user_id: UUID


async def find_sight(caller: Staff, session: TenantReadSession) -> staff.Sight:
    """Return which members of staff the caller may see."""
    return await staff.get_sight(session, caller)


CurrentSight = Annotated[staff.Sight, Depends(find_sight)]


@router.get("/team")
async def list_team(
    paging: PageRequest,
    sight: CurrentSight,
    session: TenantReadSession,
    response: Response,
    period: Period = "days_90",
) -> Page[MemberRow]:
    """Return the members whom the caller may see, by name, with their figures of the period."""
    view = await staff.get_team(session, sight, period, paging.after_key, paging.limit)
    return page(paging, response, view.members, view.next_after)


@router.get("/team/{team_member_id}/metrics")
async def list_metrics(
    team_member_id: UUID,
    paging: PageRequest,
    sight: CurrentSight,
    session: TenantReadSession,
    response: Response,
    period: Period = "days_90",
) -> Page[FigureView]:
    """Return one member's figures, the newest period first; `month` gives the last year's."""
    figures, next_after = await staff.list_figures(
        session, sight, team_member_id, period, paging.after_key, paging.limit
    )
    return page(paging, response, figures, next_after)


@router.post("/team/{team_member_id}/link")
async def link_member(
    team_member_id: UUID, body: Link, caller: Owner, session: TenantSession
) -> MemberView:
    """Say that a user is this member, so that they see their own page; an earlier link ends."""
    await staff.link_user(session, team_member_id, body.user_id, caller)
    return await staff.get_member(session, await staff.get_sight(session, caller), team_member_id)


@router.post("/team/{team_member_id}/unlink")
async def unlink_member(team_member_id: UUID, caller: Owner, session: TenantSession) -> MemberView:
    """Say that no user is this member."""
    await staff.unlink_user(session, team_member_id, caller)
    return await staff.get_member(session, await staff.get_sight(session, caller), team_member_id)


@router.get("/me")
async def get_me(
    sight: CurrentSight, session: TenantReadSession, period: Period = "days_90"
) -> MeView:
    """Return the caller's own figures, the team's as a band; `view` is null without a link."""
    return await staff.get_me(session, sight, period)


@router.get("/me/metrics")
async def list_my_metrics(
    paging: PageRequest,
    sight: CurrentSight,
    session: TenantReadSession,
    response: Response,
    period: Period = "days_90",
) -> Page[FigureView]:
    """Return the caller's own figures, none while they are linked to nobody."""
    if sight.own_id is None or not sight.sees(sight.own_id):
        return page(paging, response, (), None)
    figures, next_after = await staff.list_figures(
        session, sight, sight.own_id, period, paging.after_key, paging.limit
    )
    return page(paging, response, figures, next_after)
