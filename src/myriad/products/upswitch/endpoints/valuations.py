"""Valuations: made of a session or a document, asked what if, compared, handed over."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from myriad.products.upswitch.endpoints.valuation_bodies import (
    DocumentOrder,
    MadeValuation,
    QueuedWork,
    ScenarioOrder,
    SessionOrder,
    SharedValuation,
    ShareOrder,
    SimulationOrder,
    StepOfTrace,
)
from myriad.products.upswitch.engine.document import convert_inputs
from myriad.products.upswitch.engine.proof import prove_all
from myriad.products.upswitch.engine.waterfall import explain
from myriad.products.upswitch.queueing import enqueue_report, enqueue_simulation
from myriad.products.upswitch.valuations import asking, ordering, sharing
from myriad.products.upswitch.valuations.answering import answer_report
from myriad.products.upswitch.valuations.making import find_simulation, make_simulation
from myriad.products.upswitch.valuations.ordering import Desk
from myriad.products.upswitch.valuations.reading import (
    get_valuation,
    kept,
    list_valuations,
    load_valuation,
    reopen,
)
from myriad.products.upswitch.valuations.vintages import get_vintage
from myriad.products.upswitch.views.valuations import ReportFormat, ShareLinkView, ValuationRow
from myriad.scale.http import (
    CurrentRuntime,
    Page,
    PageRequest,
    Router,
    Staff,
    TenantReader,
    TenantReadSession,
    TenantSession,
    json_answer,
)

router = Router()
SYNCHRONOUS_PATHS = 100_000


@router.post("/sessions/{session_id}/valuations", status_code=201)
async def value_session(
    session_id: UUID,
    order: SessionOrder,
    caller: Staff,
    runtime: CurrentRuntime,
    reader: TenantReader,
    session: TenantSession,
) -> MadeValuation:
    """Value what a session knows; the same facts again are the same valuation."""
    desk = Desk(runtime.database, session, reader, caller.id)
    made = await ordering.value_session(desk, session_id, as_of=order.as_of, rates=order.rates)
    return await _made(session, *made)


@router.post("/valuations", status_code=201)
async def value_document(
    order: DocumentOrder,
    caller: Staff,
    runtime: CurrentRuntime,
    reader: TenantReader,
    session: TenantSession,
) -> MadeValuation:
    """Value a document of inputs under the parameters in force."""
    desk = Desk(runtime.database, session, reader, caller.id)
    inputs = convert_inputs(order.inputs)
    return await _made(session, *await ordering.value_document(desk, inputs, title=order.title))


@router.get("/valuations")
async def list_all(
    session: TenantReadSession, paging: PageRequest, response: Response
) -> Page[ValuationRow]:
    """Return the valuations of the account, newest first."""
    view = await list_valuations(session, after=paging.after_key, limit=paging.limit)
    cursor = None if view.next_after is None else paging.cursor_at(view.next_after)
    paging.link_next(response, cursor)
    return Page(items=list(view.rows), next_cursor=cursor)


@router.get("/valuations/{valuation_id}", response_model=dict[str, Any])
async def read_valuation(valuation_id: UUID, caller: Staff, runtime: CurrentRuntime) -> Response:
    """Return a valuation: inputs, assumptions, methods, range, flags, sensitivity."""
    return json_answer(await load_valuation(runtime, caller.tenant_id, valuation_id))


@router.get("/valuations/{valuation_id}/trace")
async def read_trace(
    valuation_id: UUID, caller: Staff, runtime: CurrentRuntime
) -> list[StepOfTrace]:
    """Return every number of a valuation with its formula, inputs and source."""
    view = await load_valuation(runtime, caller.tenant_id, valuation_id)
    trace = prove_all(await reopen(runtime.database, view))
    return [StepOfTrace.model_validate(row) for row in trace.as_rows()]


@router.post("/valuations/{valuation_id}/scenarios", status_code=201)
async def value_scenario(
    valuation_id: UUID,
    order: ScenarioOrder,
    caller: Staff,
    runtime: CurrentRuntime,
    reader: TenantReader,
    session: TenantSession,
) -> MadeValuation:
    """Value a what-if beside a valuation, under the same parameters."""
    desk = Desk(runtime.database, session, reader, caller.id)
    made = await ordering.value_scenario(desk, valuation_id, order.changes, title=order.title)
    return await _made(session, *made)


@router.post("/valuations/{valuation_id}/replays", status_code=201)
async def value_again(
    valuation_id: UUID,
    as_of: Annotated[date, Query(description="the parameters in force on this day")],
    caller: Staff,
    runtime: CurrentRuntime,
    reader: TenantReader,
    session: TenantSession,
) -> MadeValuation:
    """Value the same inputs under the parameters that were in force on a day."""
    desk = Desk(runtime.database, session, reader, caller.id)
    return await _made(session, *await ordering.replay(desk, valuation_id, as_of))


@router.get("/valuations/{valuation_id}/sensitivity")
async def read_sensitivity(
    valuation_id: UUID,
    caller: Staff,
    runtime: CurrentRuntime,
    x: asking.Lever = "wacc",
    y: asking.Lever = "g",
) -> asking.Sensitivity:
    """Return the equity by free cash flow over two levers, after discounts."""
    view = await load_valuation(runtime, caller.tenant_id, valuation_id)
    return asking.sensitivity(await reopen(runtime.database, view), x, y)


@router.get("/valuations/{valuation_id}/waterfall", response_model=dict[str, Any])
async def read_waterfall(
    valuation_id: UUID,
    caller: Staff,
    runtime: CurrentRuntime,
    before: Annotated[
        UUID | None, Query(description="the earlier valuation; else the one it started from")
    ] = None,
) -> Response:
    """Return why this valuation differs from an earlier one; the steps sum to the cent."""
    view = await load_valuation(runtime, caller.tenant_id, valuation_id)
    earlier = before or view.parent_id or view.id
    views = [await load_valuation(runtime, caller.tenant_id, earlier), view]
    sides = [
        kept(view, await get_vintage(runtime.database, view.parameter_set_id)) for view in views
    ]
    return json_answer(explain(*sides))


@router.post(
    "/valuations/{valuation_id}/simulations",
    response_model=dict[str, Any],
    responses={202: {"model": QueuedWork}},
)
async def simulate(
    valuation_id: UUID,
    order: SimulationOrder,
    runtime: CurrentRuntime,
    session: TenantSession,
) -> Response:
    """Return the distribution of the value; more than 100,000 paths go into the queue."""
    await get_valuation(session, valuation_id)
    found = await find_simulation(session, valuation_id, order.paths, order.seed)
    if found is None and order.paths > SYNCHRONOUS_PATHS:
        job_id = await enqueue_simulation(session, valuation_id, order.paths, order.seed)
        path = f"/api/v1/upswitch/valuations/{valuation_id}/simulations"
        return json_answer({"job_id": job_id, "path": path}, 202)
    return json_answer(
        await make_simulation(runtime, session, valuation_id, order.paths, order.seed)
    )


@router.post("/valuations/{valuation_id}/report", status_code=202)
async def render_report(
    valuation_id: UUID,
    session: TenantSession,
    format_: Annotated[ReportFormat, Query(alias="format")] = "pdf",
) -> QueuedWork:
    """Have a report made; the path has it, at once or when the job is done."""
    await get_valuation(session, valuation_id)
    job_id = await enqueue_report(session, valuation_id, format_)
    path = f"/api/v1/upswitch/valuations/{valuation_id}/report?format={format_}"
    return QueuedWork(job_id=job_id, path=path)


@router.get(
    "/valuations/{valuation_id}/report",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
async def read_report(
    valuation_id: UUID,
    runtime: CurrentRuntime,
    session: TenantSession,
    format_: Annotated[ReportFormat, Query(alias="format")] = "pdf",
) -> Response:
    """Return the report as PDF or as a workbook whose formulas are live."""
    return await answer_report(runtime, session, valuation_id, format_)


@router.get("/valuations/{valuation_id}/shares")
async def list_shares(valuation_id: UUID, session: TenantReadSession) -> list[ShareLinkView]:
    """Return the links to a valuation, the newest first."""
    await get_valuation(session, valuation_id)
    return list(await sharing.list_links(session, valuation_id))


@router.post("/valuations/{valuation_id}/shares", status_code=201)
async def share(
    valuation_id: UUID,
    order: ShareOrder,
    caller: Staff,
    runtime: CurrentRuntime,
    session: TenantSession,
) -> SharedValuation:
    """Make a link that shows the valuation, read only and without a login, until it ends."""
    await get_valuation(session, valuation_id)
    link_id = await sharing.share(session, caller, valuation_id, order.days)
    token = sharing.seal(runtime.vault, caller.tenant_id, link_id)
    return SharedValuation(id=link_id, path=f"{sharing.PATH}?t={token}")


@router.delete("/valuations/{valuation_id}/shares/{share_id}", status_code=204)
async def unshare(
    valuation_id: UUID, share_id: UUID, caller: Staff, session: TenantSession
) -> None:
    """Take a link back: it shows nothing from now on."""
    await sharing.revoke(session, caller, valuation_id, share_id)


async def _made(session: TenantSession, valuation_id: UUID, is_new: bool) -> MadeValuation:
    view = await get_valuation(session, valuation_id)
    return MadeValuation(
        id=view.id,
        is_new=is_new,
        low=view.low,
        middle=view.middle,
        high=view.high,
        company_name=view.company_name,
    )
