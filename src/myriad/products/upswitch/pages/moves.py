"""Values that moved: the list, what stands above every page, and who gets e-mail."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Form, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from myriad.products.upswitch.settings import UpswitchSettings
from myriad.products.upswitch.valuations.moves import (
    choose_mail,
    list_moves,
    read_unseen,
    see,
    see_all,
    wants_mail,
)
from myriad.products.upswitch.views.moves import MoveRow, MovesView, UnseenMoves
from myriad.scale import ui
from myriad.scale.directory import Principal
from myriad.scale.http import (
    CurrentRuntime,
    EventSourceResponse,
    PageRequest,
    Router,
    ServerSentEvent,
    Staff,
    TenantReadSession,
    TenantSession,
)
from myriad.scale.http.hub import RETRY_MILLISECONDS, hub_of
from myriad.scale.http.watching import while_let_in
from myriad.scale.runtime import Runtime
from myriad.scale.ui.context import Alert, Alerts
from myriad.scale.ui.page import CurrentPage

router = Router()
_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates")
MOVES = "/upswitch/moves"
_LONGEST_SECONDS = 600.0
_LOOK_SECONDS = 5.0
_EVENTS = f"{MOVES}/events?seconds={_LONGEST_SECONDS:.0f}"
_TOO_MANY: dict[int | str, dict[str, Any]] = {
    429: {"description": "The caller has too many streams open."}
}


async def alerts(runtime: Runtime, caller: Principal) -> Alerts:
    """Return what stands above every page of Upswitch."""
    unseen = await read_unseen(runtime.database, caller.tenant_id)
    return Alerts(
        href=MOVES,
        events_href=_EVENTS,
        unseen=unseen.count,
        shown=tuple(_alert(row) for row in unseen.first),
    )


def _alert(row: MoveRow) -> Alert:
    return Alert(
        id=str(row.id),
        title=row.title,
        href=row.href,
        level="high",
        seen_href=f"{MOVES}/{row.id}/seen",
    )


@router.get("/moves")
async def moves(
    page: CurrentPage,
    caller: Staff,
    runtime: CurrentRuntime,
    session: TenantReadSession,
    paging: PageRequest,
) -> Response:
    """Show the values that moved by more than a tenth, newest first."""
    found = await list_moves(session, after=paging.after_key)
    smtp = runtime.settings_of(UpswitchSettings).smtp
    view = replace(found, wants_mail=await wants_mail(session, caller.id), has_mail=smtp.can_send)
    more = None if view.next_after is None else paging.next_path(paging.cursor_at(view.next_after))
    return _RENDERER.respond(
        page, "upswitch/moves.html", view=view, answer=_said(view), next_href=more or ""
    )


def _said(view: MovesView) -> str:
    if not view.rows:
        return "No value has moved by more than a tenth"
    if not view.unseen:
        return "Every move has been seen"
    return "One value moved" if view.unseen == 1 else f"{view.unseen} values moved"


async def _events(
    request: Request,
    runtime: CurrentRuntime,
    caller: Staff,
    seconds: Annotated[float, Query(ge=0, le=_LONGEST_SECONDS)] = 0.0,
) -> AsyncIterator[AsyncIterator[ServerSentEvent]]:
    """Provide what is unseen, and each change of it for so long; raises TooManyStreamsError."""
    with hub_of(request).slot(caller.id):
        events = _changes(runtime, caller, seconds)
        yield while_let_in(request, caller.tenant_id, events)


async def _changes(
    runtime: Runtime, caller: Principal, seconds: float
) -> AsyncGenerator[ServerSentEvent]:
    told: UnseenMoves | None = None
    end = time.monotonic() + seconds
    while True:
        found = await read_unseen(runtime.database, caller.tenant_id)
        if found != told:
            told = found
            data = {"unseen": found.count, "shown": [_facts(row) for row in found.first]}
            yield ServerSentEvent(event="alerts", data=data, retry=RETRY_MILLISECONDS)
        if time.monotonic() + _LOOK_SECONDS > end:
            return
        await asyncio.sleep(_LOOK_SECONDS)


def _facts(row: MoveRow) -> dict[str, str]:
    alert = _alert(row)
    return {name: getattr(alert, name) for name in ("id", "title", "level", "href", "seen_href")}


@router.get("/moves/events", response_class=EventSourceResponse, responses=_TOO_MANY)
async def watch(
    events: Annotated[AsyncIterator[ServerSentEvent], Depends(_events)],
) -> AsyncIterator[ServerSentEvent]:
    """Stream moves to an open page."""
    async for event in events:
        yield event


@router.post("/moves/seen")
async def see_everything(
    _caller: Staff, session: TenantSession, until: Annotated[UUID, Form()]
) -> Response:
    """Mark everything up to the newest one that the page showed."""
    await see_all(session, until)
    return RedirectResponse(MOVES, HTTPStatus.SEE_OTHER)


@router.post("/moves/mail")
async def choose(caller: Staff, session: TenantSession, wants: Annotated[bool, Form()]) -> Response:
    """Keep whether the caller wants e-mail about moves."""
    await choose_mail(session, caller.id, wants=wants)
    return RedirectResponse(MOVES, HTTPStatus.SEE_OTHER)


@router.post("/moves/{move_id}/seen")
async def see_one(
    _caller: Staff,
    session: TenantSession,
    move_id: UUID,
    back: Annotated[str, Form(max_length=500)] = MOVES,
) -> Response:
    """Mark one move as seen and go back to the page on which that was said."""
    await see(session, move_id)
    is_own = back.startswith("/upswitch/") and back.isprintable() and "\\" not in back
    return RedirectResponse(back if is_own else MOVES, HTTPStatus.SEE_OTHER)
