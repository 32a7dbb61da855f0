"""Links to a valuation: made, taken back, and the page that whoever has one sees."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import Form, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from myriad.products.upswitch.errors import ShareLinkError
from myriad.products.upswitch.languages import ENGLISH, Language
from myriad.products.upswitch.pages import valuation_figures as figures
from myriad.products.upswitch.pages.valuations import years_of
from myriad.products.upswitch.valuations import sharing, words
from myriad.products.upswitch.valuations.answering import answer_report
from myriad.products.upswitch.valuations.reading import get_valuation, language_for
from myriad.products.upswitch.views.valuations import ReportFormat, ValuationView
from myriad.scale import ui
from myriad.scale.http import CurrentRuntime, Router, Staff, TenantSession, public
from myriad.scale.runtime import Runtime
from myriad.scale.ui.page import CurrentPage, visitor_page

router = Router()
_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates")
_SEALED = "the link is sealed for one valuation, ends by itself and can be taken back"
Token = Annotated[str, Query(alias="t", max_length=sharing.LONGEST_TOKEN)]


@router.get("/valuations/{valuation_id}/report.{format_}")
async def download(
    valuation_id: UUID, format_: ReportFormat, runtime: CurrentRuntime, session: TenantSession
) -> Response:
    """Return the report as a file."""
    return await answer_report(runtime, session, valuation_id, format_)


@router.post("/valuations/{valuation_id}/shares")
async def share(
    valuation_id: UUID,
    page: CurrentPage,
    caller: Staff,
    runtime: CurrentRuntime,
    session: TenantSession,
    days: Annotated[int, Form(ge=1, le=sharing.MOST_DAYS)] = sharing.DEFAULT_DAYS,
) -> Response:
    """Make a link and show it once: it is not kept anywhere but in the address."""
    view = await get_valuation(session, valuation_id)
    link_id = await sharing.share(session, caller, valuation_id, days)
    token = sharing.seal(runtime.vault, caller.tenant_id, link_id)
    return _RENDERER.respond(
        page,
        "upswitch/share.html",
        view=view,
        path=f"{sharing.PATH}?t={token}",
        days=days,
        t=await language_for(session, view),
    )


@router.post("/valuations/{valuation_id}/shares/{share_id}/revoke")
async def revoke(
    valuation_id: UUID, share_id: UUID, caller: Staff, session: TenantSession
) -> Response:
    """Take a link back."""
    await sharing.revoke(session, caller, valuation_id, share_id)
    return RedirectResponse(f"/upswitch/valuations/{valuation_id}#shares", HTTPStatus.SEE_OTHER)


@router.get("/shared", dependencies=[public(_SEALED)])
async def shared(request: Request, runtime: CurrentRuntime, token: Token = "") -> Response:
    """Show a valuation to whoever has its link, read only."""
    try:
        view, t = await _open(runtime, token)
    except ShareLinkError as error:
        return _answer(request, HTTPStatus.NOT_FOUND, None, fault=error.detail)
    return _answer(request, HTTPStatus.OK, view, t)


async def _open(runtime: Runtime, token: str) -> tuple[ValuationView, Language]:
    tenant_id, link_id = sharing.unseal(runtime.vault, token)
    async with runtime.database.read_session(tenant_id) as session:
        view = await get_valuation(session, await sharing.open_link(session, link_id))
        return view, await language_for(session, view)


def _answer(
    request: Request,
    status: HTTPStatus,
    view: ValuationView | None,
    t: Language = ENGLISH,
    fault: str = "",
) -> Response:
    response = _RENDERER.respond(
        visitor_page(request),
        "upswitch/shared.html",
        status=status,
        view=view,
        fault=fault,
        t=t,
        words=words,
        figures=figures,
        years=[] if view is None else years_of(view),
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
