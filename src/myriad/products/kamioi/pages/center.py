"""The center at a glance: how well strings are decided, what waits, what models cost."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form
from starlette.responses import Response

from myriad.kit.money import parse_minor
from myriad.products.kamioi.center import decisions
from myriad.products.kamioi.center.dashboard import get_dashboard
from myriad.products.kamioi.center.rates import state_rate
from myriad.products.kamioi.center.rules import put_rule
from myriad.products.kamioi.center.worth import get_currencies
from myriad.products.kamioi.money.rates import StatedRate
from myriad.products.kamioi.pages import center_figures
from myriad.products.kamioi.pages.center_parts import CENTER, RENDERER, see_other
from myriad.scale.directory.audit import record_event
from myriad.scale.http import (
    CurrentRuntime,
    Owner,
    Router,
    Staff,
    TenantReadSession,
    TenantSession,
)
from myriad.scale.ui.page import CurrentPage

router = Router(prefix="/admin")


@router.get("/center")
async def center(
    page: CurrentPage, caller: Staff, runtime: CurrentRuntime, session: TenantReadSession
) -> Response:
    """Show how many strings wait, how well they are decided, and what models cost."""
    view = await get_dashboard(runtime.database, session, caller.tenant_id)
    return RENDERER.respond(
        page,
        "kamioi/center.html",
        view=view,
        is_owner=caller.is_owner,
        chart=center_figures.precision(view),
        bin_name=center_figures.bin_name,
    )


@router.post("/center/map")
async def map_now(_caller: Staff, session: TenantSession) -> Response:
    """Map what is new now."""
    await decisions.enqueue_mapping(session)
    return see_other(CENTER)


@router.post("/center/rule")
async def change_rule(
    caller: Owner, session: TenantSession, amount: Annotated[str, Form(max_length=20)] = ""
) -> Response:
    """Change the sum above which two persons decide; empty lets one decide."""
    minor = parse_minor(amount, (await get_currencies(session)).own)
    await put_rule(session, minor)
    record_event(
        session,
        caller.tenant_id,
        "kamioi.center_rule.changed",
        actor=caller,
        second_person_minor=minor,
    )
    return see_other(CENTER)


@router.post("/center/rate")
async def change_rate(
    caller: Owner, session: TenantSession, given: Annotated[StatedRate, Form()]
) -> Response:
    """State what a currency is worth, so that sums in it can be compared."""
    await state_rate(session, caller, given)
    return see_other(CENTER)
