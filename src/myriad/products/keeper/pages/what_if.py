"""What if the quiet day were filled."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import HTMLResponse, Response

from myriad.products.keeper.pages import what_if_words
from myriad.products.keeper.pages.route import page_router
from myriad.products.keeper.views.what_if import QuietDayView, Wish
from myriad.products.keeper.wondering import get_quiet_day
from myriad.scale import ui
from myriad.scale.http import Staff, TenantReadSession
from myriad.scale.ui.page import CurrentPage

_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates")

router = page_router()


@router.get("/insights/quiet-day")
async def quiet_day(
    page: CurrentPage,
    caller: Staff,
    session: TenantReadSession,
    weekday: Literal["", "1", "2", "3", "4", "5", "6", "7"] = "",
    fill: Annotated[int, Query(ge=0, le=100)] = 50,
    new: Annotated[int, Query(ge=0, le=100)] = 50,
    discount: Annotated[int, Query(ge=0, le=90)] = 0,
) -> Response:
    """Show what filling a quiet weekday would bring; shares are percentages here."""
    wish = Wish(
        weekday=int(weekday) if weekday else None,
        fill=fill / 100,
        new=new / 100,
        discount=discount / 100,
    )
    return draw_quiet_day(page, await get_quiet_day(session, wish))


def draw_quiet_day(page: ui.PageContext, view: QuietDayView) -> HTMLResponse:
    """Return the what-if."""
    return _RENDERER.respond(page, "keeper/quiet_day.html", view=view, words=what_if_words)
