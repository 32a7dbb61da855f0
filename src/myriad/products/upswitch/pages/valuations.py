"""Valuations as screens: the result, what it rests on, its proof, and what it is compared with."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, get_args
from uuid import UUID

from fastapi import Form, Query
from starlette.responses import RedirectResponse, Response

from myriad.kit.clock import utc_now
from myriad.products.upswitch.engine.document import read_inputs
from myriad.products.upswitch.engine.proof import prove_all
from myriad.products.upswitch.engine.waterfall import explain
from myriad.products.upswitch.errors import InputsError
from myriad.products.upswitch.pages import valuation_figures as figures
from myriad.products.upswitch.pages import valuation_steps as steps
from myriad.products.upswitch.valuations import asking, ordering, words
from myriad.products.upswitch.valuations.ordering import Desk
from myriad.products.upswitch.valuations.reading import (
    kept,
    language_for,
    list_kin,
    list_valuations,
    load_valuation,
    reopen,
)
from myriad.products.upswitch.valuations.sharing import list_links
from myriad.products.upswitch.valuations.vintages import get_vintage
from myriad.products.upswitch.views.valuations import ValuationView
from myriad.scale import ui
from myriad.scale.http import (
    CurrentRuntime,
    PageRequest,
    Router,
    Staff,
    TenantReader,
    TenantReadSession,
    TenantSession,
)
from myriad.scale.ui.page import CurrentPage

router = Router()
_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates")
_EXAMPLE = Path(__file__).parents[1] / "example.json"
_SHARE = Annotated[str, Form(max_length=20)]


@router.get("/valuations")
async def valuations(
    page: CurrentPage, session: TenantReadSession, paging: PageRequest
) -> Response:
    """Show the valuations of the account, newest first."""
    view = await list_valuations(session, after=paging.after_key)
    more = None if view.next_after is None else paging.next_path(paging.cursor_at(view.next_after))
    return _RENDERER.respond(
        page, "upswitch/valuations.html", view=view, words=words, next_href=more or ""
    )


@router.post("/valuations/example")
async def value_example(
    caller: Staff, runtime: CurrentRuntime, reader: TenantReader, session: TenantSession
) -> Response:
    """Value the worked example, to see what a valuation looks like."""
    desk = Desk(runtime.database, session, reader, caller.id)
    inputs = read_inputs(_EXAMPLE.read_bytes())
    made, _ = await ordering.value_document(desk, inputs, title="worked example")
    return _to(made)


@router.post("/sessions/{session_id}/valuations")
async def value_session(
    session_id: UUID,
    caller: Staff,
    runtime: CurrentRuntime,
    reader: TenantReader,
    session: TenantSession,
) -> Response:
    """Value what a conversation knows by now, and show the result."""
    desk = Desk(runtime.database, session, reader, caller.id)
    made, _ = await ordering.value_session(desk, session_id)
    return _to(made)


@router.get("/valuations/{valuation_id}")
async def valuation(
    valuation_id: UUID,
    page: CurrentPage,
    caller: Staff,
    runtime: CurrentRuntime,
    session: TenantReadSession,
    x: asking.Lever = "wacc",
    y: asking.Lever = "g",
) -> Response:
    """Show the range, how it comes about, what moves it and what a buyer will attack."""
    view = await load_valuation(runtime, caller.tenant_id, valuation_id)
    found = None
    if "tornado" in view.outputs and x != y:
        found = asking.sensitivity(await reopen(runtime.database, view), x, y)
    t = await language_for(session, view)
    return _RENDERER.respond(
        page,
        "upswitch/valuation.html",
        view=view,
        words=words,
        figures=figures,
        t=t,
        grid=None if found is None else figures.grid(found, t),
        levers=[(lever, t.say(f"across.{lever}")) for lever in get_args(asking.Lever)],
        x=x,
        y=y,
        links=await list_links(session, valuation_id),
        today=utc_now().date(),
    )


@router.get("/valuations/{valuation_id}/assumptions")
async def assumptions(
    valuation_id: UUID,
    page: CurrentPage,
    caller: Staff,
    runtime: CurrentRuntime,
    session: TenantReadSession,
) -> Response:
    """Show every input with its source, its day, its default and who said otherwise."""
    view = await load_valuation(runtime, caller.tenant_id, valuation_id)
    t = await language_for(session, view)
    return _RENDERER.respond(page, "upswitch/assumptions.html", view=view, words=words, t=t)


@router.get("/valuations/{valuation_id}/proof")
async def proof(
    valuation_id: UUID,
    page: CurrentPage,
    caller: Staff,
    runtime: CurrentRuntime,
    session: TenantReadSession,
    q: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Show every number with its formula, the numbers it reads, and its source."""
    view = await load_valuation(runtime, caller.tenant_id, valuation_id)
    again = await reopen(runtime.database, view)
    found = steps.steps_of(prove_all(again), view, q)
    return _RENDERER.respond(
        page,
        "upswitch/proof.html",
        view=view,
        t=await language_for(session, view),
        steps=found,
        q=q,
        differs=again.middle != view.middle,
        again=again,
    )


@router.get("/valuations/{valuation_id}/compare")
async def compare(
    valuation_id: UUID,
    page: CurrentPage,
    caller: Staff,
    runtime: CurrentRuntime,
    session: TenantReadSession,
    before: Annotated[UUID | None, Query(alias="with")] = None,
) -> Response:
    """Show why a valuation differs from another, in steps that sum to the cent."""
    view = await load_valuation(runtime, caller.tenant_id, valuation_id)
    kin = await list_kin(session, view)
    other, found = None, None
    if before is not None:
        other = await load_valuation(runtime, caller.tenant_id, before)
        sides = [
            kept(each, await get_vintage(runtime.database, each.parameter_set_id))
            for each in (other, view)
        ]
        found = explain(*sides)
    return _RENDERER.respond(
        page,
        "upswitch/compare.html",
        view=view,
        other=other,
        found=found,
        kin=kin,
        words=words,
        figures=figures,
        t=await language_for(session, view),
    )


@router.get("/valuations/{valuation_id}/report")
async def report(
    valuation_id: UUID,
    page: CurrentPage,
    caller: Staff,
    runtime: CurrentRuntime,
    session: TenantReadSession,
) -> Response:
    """Show what the report holds before it is handed over."""
    view = await load_valuation(runtime, caller.tenant_id, valuation_id)
    return _RENDERER.respond(
        page,
        "upswitch/report.html",
        view=view,
        words=words,
        figures=figures,
        t=await language_for(session, view),
        years=years_of(view),
    )


def years_of(view: ValuationView) -> list[dict[str, object]]:
    """Return the years of accounts behind a valuation, the newest first."""
    approach = view.inputs.get("market_approach") or {}
    return sorted(approach.get("history", ()), key=lambda year: str(year["end"]), reverse=True)


@router.post("/valuations/{valuation_id}/scenarios")
async def what_if(
    valuation_id: UUID,
    caller: Staff,
    runtime: CurrentRuntime,
    reader: TenantReader,
    session: TenantSession,
    growth: _SHARE = "",
    margin: _SHARE = "",
    cost_of_capital: _SHARE = "",
    perpetuity: _SHARE = "",
) -> Response:
    """Value a what-if and show it beside the valuation that it starts from."""
    given = {
        "input_sheet.revenue_growth_years_2_to_5": growth,
        "input_sheet.target_operating_margin": margin,
        "input_sheet.initial_cost_of_capital": cost_of_capital,
        "input_sheet.growth_rate_in_perpetuity": perpetuity,
    }
    changes: dict[str, asking.Change] = {
        path: parse_percent(text) for path, text in given.items() if text.strip()
    }
    desk = Desk(runtime.database, session, reader, caller.id)
    t = await language_for(session, await load_valuation(runtime, caller.tenant_id, valuation_id))
    title = ", ".join(
        f"{words.caused(path, t)} {words.percent(float(value or 0), t)}"
        for path, value in changes.items()
    )
    made, _ = await ordering.value_scenario(desk, valuation_id, changes, title=title[:200])
    return RedirectResponse(
        f"/upswitch/valuations/{made}/compare?with={valuation_id}", HTTPStatus.SEE_OTHER
    )


@router.post("/valuations/{valuation_id}/replays")
async def value_again(
    valuation_id: UUID,
    caller: Staff,
    runtime: CurrentRuntime,
    reader: TenantReader,
    session: TenantSession,
    as_of: Annotated[date, Form()],
) -> Response:
    """Value the same inputs under the parameters of another day, and show why it differs."""
    desk = Desk(runtime.database, session, reader, caller.id)
    made, _ = await ordering.replay(desk, valuation_id, as_of)
    if made == valuation_id:
        return _to(made)
    return RedirectResponse(
        f"/upswitch/valuations/{made}/compare?with={valuation_id}", HTTPStatus.SEE_OTHER
    )


def parse_percent(text: str) -> float:
    """Return a percentage that somebody typed as a fraction; raises InputsError."""
    plain = text.strip().removesuffix("%").strip().replace(",", ".").replace("\N{MINUS SIGN}", "-")
    try:
        share = float(plain) / 100
    except ValueError:
        raise InputsError(f"{text.strip()!r} is no percentage; write it as 12 or 12.5") from None
    if not -1 < share < 10:
        raise InputsError(f"{text.strip()} % is out of reach; write 12 for 12 %")
    return round(share, 9)


def _to(valuation_id: UUID) -> Response:
    return RedirectResponse(f"/upswitch/valuations/{valuation_id}", HTTPStatus.SEE_OTHER)
