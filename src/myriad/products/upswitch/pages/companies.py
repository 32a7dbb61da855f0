"""Companies: find one, and its card."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import Path as PathParameter
from fastapi import Query
from starlette.responses import Response

from myriad.products.upswitch.repository import get_company, search_companies
from myriad.products.upswitch.views import CompaniesView, CompanyView
from myriad.scale import ui
from myriad.scale.http import Router, TenantReader
from myriad.scale.ui.page import CurrentPage

router = Router()
_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates")


@router.get("/companies")
async def companies(
    page: CurrentPage, reader: TenantReader, q: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """Show what a search finds."""
    view = await search_companies(reader, q)
    return _RENDERER.respond(page, "upswitch/companies.html", view=view, answer=_found(view))


@router.get("/companies/{number}")
async def company(
    page: CurrentPage,
    reader: TenantReader,
    number: Annotated[str, PathParameter(max_length=40)],
) -> Response:
    """Show one company."""
    view = await get_company(reader, number)
    return _RENDERER.respond(page, "upswitch/company.html", view=view, answer=_described(view))


def _found(view: CompaniesView) -> str:
    if not view.query.strip():
        return "Which company is to be valued?"
    if not view.rows:
        return f"Nothing found for “{view.query.strip()}”"
    if len(view.rows) == 1:
        return f"{view.rows[0].name} is the only one"
    return f"{len(view.rows)} companies, the likeliest first"


def _described(view: CompanyView) -> str:
    """Return the company in one sentence."""
    form = view.legal_form.text if view.legal_form else "Company"
    seat = f" in {view.address.municipality}" if view.address and view.address.municipality else ""
    since = f", since {view.start_date.year}" if view.start_date else ""
    return f"{form}{seat}{since}"
