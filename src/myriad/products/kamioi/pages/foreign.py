"""Purchases in foreign currencies: what waits for a rate, and what was decided."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import Form
from starlette.responses import RedirectResponse, Response

from myriad.kit.clock import utc_now
from myriad.products.kamioi.looking import note_looks
from myriad.products.kamioi.operation import foreign as money
from myriad.products.kamioi.operation.foreign import Foreign, Rate, get_foreign
from myriad.products.kamioi.pages import operation_words
from myriad.scale import ui
from myriad.scale.http import CurrentRuntime, Router, Staff, TenantReadSession, TenantSession
from myriad.scale.ui.filters import plural
from myriad.scale.ui.page import CurrentPage

router = Router()
_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates", words=operation_words)
_HERE = "/kamioi/admin/foreign"


@router.get("/admin/foreign")
async def foreign(
    page: CurrentPage, caller: Staff, runtime: CurrentRuntime, session: TenantReadSession
) -> Response:
    """Show what waits for a rate and what was decided; that somebody looked is noted."""
    view = await get_foreign(session, utc_now())
    shown = {one.member_id for one in view.waiting} | {one.member_id for one in view.decided}
    await note_looks(runtime.database, caller, shown, "foreign")
    return _RENDERER.respond(page, "kamioi/foreign.html", view=view, answer=_answer(view))


@router.post("/admin/foreign/release")
async def release(
    caller: Staff, session: TenantSession, given: Annotated[Rate, Form()]
) -> Response:
    """Release what waits of one pair of currencies."""
    await money.release(session, given, caller, utc_now())
    return RedirectResponse(_HERE, 303)


@router.post("/admin/foreign/skip")
async def skip(
    caller: Staff,
    session: TenantSession,
    booked_on: Annotated[date, Form()],
    purchase_id: Annotated[UUID, Form()],
) -> Response:
    """Leave one purchase out."""
    await money.skip(session, booked_on, purchase_id, caller, utc_now())
    return RedirectResponse(_HERE, 303)


def _answer(view: Foreign) -> str:
    waiting = len(view.waiting)
    if not waiting:
        return "No purchase waits for a rate"
    if waiting >= money.SHOWN:
        return f"{waiting} purchases or more wait for a rate"
    return f"{plural(waiting, 'purchase')} {'waits' if waiting == 1 else 'wait'} for a rate"
