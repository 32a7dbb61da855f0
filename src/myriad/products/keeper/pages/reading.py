"""Reports: how it went."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from starlette.responses import Response

from myriad.products.keeper.pages import links, screens
from myriad.products.keeper.pages.route import page_router
from myriad.products.keeper.repository.reports import get_report, list_reports
from myriad.products.keeper.views import ReportKind
from myriad.scale.http import PageRequest, TenantReadSession
from myriad.scale.ui.page import CurrentPage

router = page_router()


@router.get("/reports")
async def reports(
    page: CurrentPage,
    session: TenantReadSession,
    paging: PageRequest,
    kind: ReportKind | Literal[""] = "",
) -> Response:
    """Show the reports, newest first."""
    view = await list_reports(session, kind or None, paging.after_key)
    return screens.reports(page, view, links.place(paging, view.next_after))


@router.get("/reports/{report_id}")
async def report(page: CurrentPage, session: TenantReadSession, report_id: UUID) -> Response:
    """Show one report."""
    return screens.report(page, await get_report(session, report_id))
