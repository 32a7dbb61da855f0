"""Reports: how it went."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from starlette.responses import Response

from myriad.products.keeper.pages import links, screens
from myriad.products.keeper.pages.kept import REPORT, REPORTS, CurrentKept, asked_of
from myriad.products.keeper.pages.route import page_router
from myriad.products.keeper.repository.reports import get_report, list_reports
from myriad.products.keeper.views import ReportKind
from myriad.scale import ui
from myriad.scale.data import ReadSession
from myriad.scale.http import PageRequest

router = page_router()


@router.get("/reports")
async def reports(
    kept: CurrentKept, paging: PageRequest, kind: ReportKind | Literal[""] = ""
) -> Response:
    """Show the reports, newest first."""

    async def draw(session: ReadSession) -> ui.Part:
        view = await list_reports(session, kind or None, paging.after_key)
        return screens.reports(kept.zone, view, links.place(paging, view.next_after))

    return await kept.respond(REPORTS, asked_of(paging), draw)


@router.get("/reports/{report_id}")
async def report(kept: CurrentKept, report_id: UUID) -> Response:
    """Show one report."""

    async def draw(session: ReadSession) -> ui.Part:
        return screens.report(kept.zone, await get_report(session, report_id))

    return await kept.respond(REPORT, (str(report_id),), draw)
