"""Team: figures that staff find fair, one member's page, and everybody's own."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import Form
from starlette.responses import HTMLResponse, Response

from myriad.products.keeper.pages import team_figures, team_words
from myriad.products.keeper.pages.route import page_router, see_other
from myriad.products.keeper.repository.staff import (
    get_me,
    get_member,
    get_sight,
    get_team,
    link_user,
    unlink_user,
)
from myriad.products.keeper.team.periods import Period
from myriad.products.keeper.views.team import MemberView, MeView, TeamView
from myriad.scale import ui
from myriad.scale.http import Owner, Staff, TenantReadSession, TenantSession
from myriad.scale.ui.page import CurrentPage

TEAM, ME = "/keeper/team", "/keeper/me"

router = page_router()
_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates")


@router.get("/team")
async def team(
    page: CurrentPage, caller: Staff, session: TenantReadSession, period: Period = "days_90"
) -> Response:
    """Show the team, to those who may see it; others are led to their own page."""
    sight = await get_sight(session, caller)
    if not sight.sees_team:
        return see_other(ME)
    return draw_team(page, await get_team(session, sight, period))


@router.get("/team/{team_member_id}")
async def member(
    page: CurrentPage,
    caller: Staff,
    session: TenantReadSession,
    team_member_id: UUID,
    period: Period = "days_90",
) -> Response:
    """Show one member of staff."""
    sight = await get_sight(session, caller)
    return draw_member(page, await get_member(session, sight, team_member_id, period))


@router.get("/me")
async def me(
    page: CurrentPage, caller: Staff, session: TenantReadSession, period: Period = "days_90"
) -> Response:
    """Show the caller their own figures and the team's band."""
    sight = await get_sight(session, caller)
    return draw_me(page, await get_me(session, sight, period), is_owner=caller.is_owner)


@router.post("/team/{team_member_id}/link")
async def link(
    caller: Owner,
    session: TenantSession,
    team_member_id: UUID,
    user_id: Annotated[UUID, Form()],
) -> Response:
    """Say who of those who sign in this member is."""
    await link_user(session, team_member_id, user_id, caller)
    return see_other(f"{TEAM}/{team_member_id}")


@router.post("/team/{team_member_id}/unlink")
async def unlink(caller: Owner, session: TenantSession, team_member_id: UUID) -> Response:
    """Say that this member does not sign in."""
    await unlink_user(session, team_member_id, caller)
    return see_other(f"{TEAM}/{team_member_id}")


def draw_team(page: ui.PageContext, view: TeamView) -> HTMLResponse:
    """Return the Team screen."""
    return _draw(page, "team", view=view)


def draw_member(page: ui.PageContext, view: MemberView) -> HTMLResponse:
    """Return one member's screen."""
    return _draw(page, "member", view=view, base=f"{TEAM}/{view.member.id}")


def draw_me(page: ui.PageContext, found: MeView, *, is_owner: bool = False) -> HTMLResponse:
    """Return the caller's own screen, or why it is empty."""
    if found.view is None:
        return _draw(page, "me", found=found, is_owner=is_owner)
    return _draw(page, "member", view=found.view, base=ME)


def _draw(page: ui.PageContext, name: str, **values: object) -> HTMLResponse:
    return _RENDERER.respond(
        page,
        f"keeper/{name}.html",
        status=HTTPStatus.OK,
        words=team_words,
        figures=team_figures,
        **values,
    )
