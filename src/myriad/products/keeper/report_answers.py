"""One report as a file, for the pages and for programs."""

from __future__ import annotations

import asyncio
from uuid import UUID

from starlette.responses import Response

from myriad.products.keeper.reports import render_html, render_pdf
from myriad.products.keeper.repository.accounts import get_account
from myriad.products.keeper.repository.reports import get_report
from myriad.products.keeper.views import ReportView
from myriad.scale.data import ReadSession


async def answer_pdf(session: ReadSession, report_id: UUID) -> Response:
    """Return the report as PDF; raises NotFoundError for one that is not the tenant's."""
    account = await get_account(session)
    view = await get_report(session, report_id)
    return _file(
        view, "pdf", "application/pdf", await asyncio.to_thread(render_pdf, view, account.name)
    )


async def answer_html(session: ReadSession, report_id: UUID) -> Response:
    """Return the report as a page that stands alone; raises NotFoundError as `answer_pdf` does."""
    account = await get_account(session)
    view = await get_report(session, report_id)
    return _file(view, "html", "text/html", render_html(view, account.name))


def _file(view: ReportView, suffix: str, media_type: str, content: bytes | str) -> Response:
    name = f"{view.kind}-{view.period_end}.{suffix}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)
