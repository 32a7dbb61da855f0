"""The programme: who takes part, what they buy, and how many strings are decided."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from starlette.responses import Response

from myriad.kit.clock import utc_now
from myriad.products.kamioi.pages import programme_figures
from myriad.products.kamioi.repository.dashboards import ProgrammeCounts, get_programme_counts
from myriad.scale import ui
from myriad.scale.http import Router, TenantReader
from myriad.scale.ui.filters import day, plural
from myriad.scale.ui.page import CurrentPage

DAYS = 90

router = Router()
_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates", figures=programme_figures)


@router.get("/programme")
async def programme(page: CurrentPage, reader: TenantReader) -> Response:
    """Show the programme; one whose purchases all are old by the last days that had some."""
    today = utc_now().date()
    view = await _counts(reader, today)
    if not view.purchases and view.last_on is not None and view.last_on < view.since:
        view = await _counts(reader, view.last_on)
    span = "in 30 days" if view.today == today else f"in the 30 days to {day(view.today)}"
    answer = _answer(view, today)
    return _RENDERER.respond(page, "kamioi/programme.html", view=view, answer=answer, span=span)


async def _counts(reader: TenantReader, until: date) -> ProgrammeCounts:
    return await get_programme_counts(reader, until - timedelta(days=DAYS - 1), until)


def _answer(view: ProgrammeCounts, today: date) -> str:
    if not view.members:
        return "Nobody takes part yet"
    many = plural(view.members, "member takes part", "members take part")
    if view.today < today:
        return f"{many}; nobody has bought anything since {day(view.today)}"
    if not view.bought:
        return f"{many}; nobody bought anything in 30 days"
    return f"{many} and bought for {view.bought[0].format(whole=True)} in 30 days"
