"""Sessions: the list, the conversation with its facts beside it, normalisation, assumptions."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import Form
from fastapi import Path as PathParameter
from starlette.responses import RedirectResponse, Response

from myriad.products.upswitch.conversation.opening import open_session
from myriad.products.upswitch.languages import Locale
from myriad.products.upswitch.pages.session_drawing import (
    RENDERER,
    draw_assumptions,
    draw_normalisation,
)
from myriad.products.upswitch.repository.sessions import list_sessions
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
SESSIONS = "/upswitch/sessions"
Number = Annotated[str, PathParameter(max_length=40)]


@router.get("/sessions")
async def sessions(page: CurrentPage, session: TenantReadSession, paging: PageRequest) -> Response:
    """Show the account's valuations, the one used last first."""
    view = await list_sessions(session, after=paging.after_key)
    next_href = paging.next_path(paging.cursor_at(view.next_after)) if view.next_after else ""
    first_href = SESSIONS if paging.after else ""
    return RENDERER.respond(
        page, "upswitch/sessions.html", view=view, next_href=next_href, first_href=first_href
    )


@router.post("/companies/{number}/sessions")
async def begin(
    caller: Staff,
    runtime: CurrentRuntime,
    session: TenantSession,
    reader: TenantReader,
    number: Number,
    locale: Annotated[Locale, Form()] = "en",
) -> Response:
    """Begin to value a company."""
    session_id = await open_session(runtime, session, reader, caller, number, locale)
    return RedirectResponse(f"{SESSIONS}/{session_id}", HTTPStatus.SEE_OTHER)


@router.get("/sessions/{session_id}/normalisation")
async def normalisation(
    page: CurrentPage, session: TenantReadSession, session_id: UUID
) -> Response:
    """Show what the years would have looked like for a buyer."""
    return await draw_normalisation(page, session, session_id)


@router.get("/sessions/{session_id}/assumptions")
async def assumptions(
    page: CurrentPage,
    runtime: CurrentRuntime,
    session: TenantReadSession,
    reader: TenantReader,
    session_id: UUID,
) -> Response:
    """Show what holds where nobody said anything, with its source and its day."""
    return await draw_assumptions(page, runtime, session, reader, session_id)
