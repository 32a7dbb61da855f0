"""Operations of Upswitch: parameters with their vintages, and what valuations cost."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from uuid import UUID

from starlette.responses import RedirectResponse, Response

from myriad.kit.clock import utc_now
from myriad.products.upswitch.languages import ENGLISH
from myriad.products.upswitch.queueing import enqueue_register
from myriad.products.upswitch.repository.register import get_register
from myriad.products.upswitch.settings import UpswitchSettings
from myriad.products.upswitch.valuations.sql import QUERIES
from myriad.products.upswitch.valuations.vintages import get_in_force, list_vintages
from myriad.products.upswitch.views.register import RegisterView
from myriad.scale import ui
from myriad.scale.http import (
    CurrentRuntime,
    Operator,
    Router,
    TenantReader,
    TenantReadSession,
    TenantSession,
)
from myriad.scale.jobs.status import LIVE_STATES, find_job
from myriad.scale.ui.page import OperatorPage

router = Router()
_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates")


@router.get("/ops")
async def operations(_caller: Operator, page: OperatorPage, runtime: CurrentRuntime) -> Response:
    """Show which parameters are in force, which others are kept, and what a valuation costs."""
    in_force = await get_in_force(runtime.database, utc_now().date())
    rows = await runtime.database.crossing_rows(
        "an operator looks at what valuations cost", QUERIES["sum_valuations_of_all"]
    )
    return _RENDERER.respond(
        page,
        "upswitch/operations.html",
        in_force=in_force,
        vintages=await list_vintages(runtime.database),
        cost=rows[0],
        written=ENGLISH.written,
    )


@router.get("/register")
async def register(
    _caller: Operator,
    page: OperatorPage,
    runtime: CurrentRuntime,
    session: TenantReadSession,
    reader: TenantReader,
    job: UUID | None = None,
) -> Response:
    """Show what of the register is loaded, what waits, and what is missing."""
    folder = runtime.settings_of(UpswitchSettings).kbo_folder
    view = await get_register(reader, has_folder=folder is not None)
    asked = await find_job(session, job) if job else None
    return _RENDERER.respond(
        page,
        "upswitch/register.html",
        view=view,
        state=view.state,
        answer=_said(view),
        is_looking=asked is not None and asked.state in LIVE_STATES,
        failed=str((asked.error or {}).get("detail") or "") if asked and asked.error else "",
    )


@router.post("/register")
async def look(_caller: Operator, session: TenantSession) -> Response:
    """Look into the folder now, and take what follows."""
    job_id = await enqueue_register(session)
    return RedirectResponse(f"/upswitch/register?job={job_id}", HTTPStatus.SEE_OTHER)


def _said(view: RegisterView) -> str:
    """Return how the register is, in one sentence."""
    if view.state.loading and not view.extracts:
        return "The register is being loaded"
    if not view.extracts:
        return "No register is loaded yet"
    loaded = f"Extract {view.extracts[0].number} is loaded"
    if view.gap:
        first, last = view.gap
        missing = f"extract {first} is" if first == last else f"extracts {first} to {last} are"
        return f"{loaded}; {missing} missing"
    return (
        f"{loaded}, {view.upcoming} is next" if view.upcoming else f"{loaded}, nothing is missing"
    )
