"""Companies: find one, and its card."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Path as PathParameter
from fastapi import Query
from starlette.responses import RedirectResponse, Response

from myriad.products.upswitch.languages import ENGLISH, NAMES
from myriad.products.upswitch.queueing import enqueue_filings
from myriad.products.upswitch.registry.asking import ask_registers
from myriad.products.upswitch.registry.numbers import parse_enterprise_number
from myriad.products.upswitch.repository import get_company, get_filings, search_companies
from myriad.products.upswitch.repository.companies import get_registry_state
from myriad.products.upswitch.settings import UpswitchSettings
from myriad.products.upswitch.valuations.failure import get_chance
from myriad.products.upswitch.views import CompaniesView, CompanyView, FilingsView
from myriad.scale import ui
from myriad.scale.data import ReadSession
from myriad.scale.http import (
    BoundReader,
    CurrentRuntime,
    Router,
    TenantReader,
    TenantReadSession,
    TenantSession,
)
from myriad.scale.jobs.status import find_job
from myriad.scale.runtime import Runtime
from myriad.scale.ui.page import CurrentPage

router = Router()
Number = Annotated[str, PathParameter(max_length=40)]
_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates")


@router.get("/companies")
async def companies(
    page: CurrentPage, reader: TenantReader, q: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    """Show what a search finds."""
    view = await search_companies(reader, q)
    return _RENDERER.respond(page, "upswitch/companies.html", view=view, answer=_found(view))


@router.get("/register/state")
async def register_state(
    page: CurrentPage, reader: TenantReader, first: Literal["yes", ""] = ""
) -> Response:
    """Show how far a load of the register is, as part of a page that waits for it.

    A page that had nothing to show, `first`, loads itself again once there is a register.
    """
    state = await get_registry_state(reader)
    answer = _RENDERER.respond(page, "upswitch/register_state.html", state=state)
    if first and state.snapshot_date is not None:
        answer.headers["HX-Refresh"] = "true"
    return answer


@router.get("/companies/{number}")
async def company(
    page: CurrentPage,
    runtime: CurrentRuntime,
    reader: TenantReader,
    session: TenantReadSession,
    number: Number,
    job: UUID | None = None,
) -> Response:
    """Show one company and its accounts; `job` is the one that reads them."""
    view = await get_company(reader, number)
    filings = await _filings(runtime, reader, session, number, job)
    return _RENDERER.respond(
        page,
        "upswitch/company.html",
        view=view,
        filings=filings,
        chance=await get_chance(runtime.database, reader, view),
        answer=_described(view),
        languages=NAMES,
        written=ENGLISH.written,
    )


@router.get("/companies/{number}/filings")
async def filings(
    page: CurrentPage,
    runtime: CurrentRuntime,
    reader: TenantReader,
    session: TenantReadSession,
    number: Number,
    job: UUID | None = None,
) -> Response:
    """Show the accounts as part of a page, while they are being read."""
    view = await _filings(runtime, reader, session, number, job)
    return _RENDERER.respond(page, "upswitch/filings.html", filings=view)


@router.get("/companies/{number}/registers")
async def registers(
    page: CurrentPage, runtime: CurrentRuntime, reader: TenantReader, number: Number
) -> Response:
    """Show what other registers say of a company, as part of its card."""
    found = await get_company(reader, number)
    answers = await ask_registers(runtime, parse_enterprise_number(found.number))
    return _RENDERER.respond(page, "upswitch/company_registers.html", answers=answers)


@router.post("/companies/{number}/filings")
async def read_filings(session: TenantSession, number: Number) -> Response:
    """Read the accounts of a company, and show how that goes."""
    job_id = await enqueue_filings(session, parse_enterprise_number(number))
    return RedirectResponse(f"/upswitch/companies/{number}?job={job_id}", HTTPStatus.SEE_OTHER)


async def _filings(
    runtime: Runtime,
    reader: BoundReader,
    session: ReadSession,
    number: str,
    job_id: UUID | None,
) -> FilingsView:
    job = await find_job(session, job_id) if job_id else None
    has_key = runtime.settings_of(UpswitchSettings).nbb_key is not None
    return await get_filings(reader, parse_enterprise_number(number), job=job, has_key=has_key)


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
