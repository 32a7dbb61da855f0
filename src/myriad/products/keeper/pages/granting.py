"""Giving and taking back a permission, reading now, and a report as a file."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Form, Query
from starlette.requests import Request
from starlette.responses import Response

from myriad.products.keeper import connecting
from myriad.products.keeper.pages import screens
from myriad.products.keeper.pages.route import CONNECTIONS, is_partial, page_router, see_other
from myriad.products.keeper.queueing import enqueue_sync
from myriad.products.keeper.report_answers import answer_pdf
from myriad.products.keeper.repository.accounts import get_account
from myriad.products.keeper.repository.connections import get_connections
from myriad.scale.http import CurrentRuntime, Owner, Staff, TenantReadSession, TenantSession
from myriad.scale.ui.page import CurrentPage

router = page_router()
Parameter = Annotated[str | None, Query(max_length=500)]


@router.post("/connections/square/start")
async def start(page: CurrentPage, caller: Owner, runtime: CurrentRuntime) -> Response:
    """Lead to Square's consent page."""
    return screens.leaving(page, connecting.begin(runtime, caller.tenant_id, caller.id))


@router.get("/connections/square/callback")
async def finish(
    caller: Owner,
    runtime: CurrentRuntime,
    session: TenantSession,
    code: Parameter = None,
    state: Parameter = None,
    error: Parameter = None,
) -> Response:
    """Take Square's answer; the first sync begins at once."""
    await connecting.take_answer(session, runtime, caller, code=code, state=state, error=error)
    return see_other(CONNECTIONS)


@router.post("/connections/sync")
async def sync(
    request: Request,
    page: CurrentPage,
    _caller: Staff,
    session: TenantSession,
    mode: Annotated[Literal["increment", "full"], Form()] = "increment",
) -> Response:
    """Read from Square now, what is new or everything again."""
    await get_account(session)
    await enqueue_sync(session, mode)
    if not is_partial(request):
        return see_other(CONNECTIONS)
    return screens.progress(page, await get_connections(session))


@router.post("/connections/{connection_id}/disconnect")
async def disconnect(connection_id: UUID, caller: Owner, session: TenantSession) -> Response:
    """Give the permission back to Square."""
    await connecting.end(session, connection_id, caller)
    return see_other(CONNECTIONS)


@router.get("/reports/{report_id}.pdf")
async def report_pdf(session: TenantReadSession, report_id: UUID) -> Response:
    """Send one report as PDF."""
    return await answer_pdf(session, report_id)
