"""Sessions: the list, the conversation with its facts beside it, normalisation, assumptions."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Form
from fastapi import Path as PathParameter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from myriad.kit.clock import utc_now
from myriad.products.upswitch.conversation import editing
from myriad.products.upswitch.conversation.answers import AnswerError, WhichUnitError
from myriad.products.upswitch.conversation.keys import KEYS, UnknownFactError, keys_in
from myriad.products.upswitch.conversation.normalising import normalise
from myriad.products.upswitch.conversation.opening import open_session
from myriad.products.upswitch.conversation.showing import show_conversation
from myriad.products.upswitch.conversation.talking import (
    LONGEST_MESSAGE,
    EmptyMessageError,
    begin_turn,
    finish_turn,
)
from myriad.products.upswitch.pages import session_words
from myriad.products.upswitch.pages.grounds import grounds_of
from myriad.products.upswitch.registry.numbers import parse_enterprise_number
from myriad.products.upswitch.repository import get_filings
from myriad.products.upswitch.repository.companies import Rows
from myriad.products.upswitch.repository.sessions import (
    get_session,
    list_sessions,
    update_session,
)
from myriad.products.upswitch.settings import UpswitchSettings
from myriad.products.upswitch.views.sessions import ConversationView
from myriad.scale import ui
from myriad.scale.data import ReadSession
from myriad.scale.http import (
    CurrentRuntime,
    PageRequest,
    Router,
    Staff,
    TenantReader,
    TenantReadSession,
    TenantSession,
)
from myriad.scale.runtime import Runtime
from myriad.scale.ui.page import CurrentPage

router = Router()
SESSIONS = "/upswitch/sessions"
Number = Annotated[str, PathParameter(max_length=40)]
Typed = Annotated[str, Form(max_length=200)]
Short = Annotated[str, Form(max_length=100)]
_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates")


@dataclass(frozen=True, slots=True)
class Fault:
    """What was typed into a field and cannot be used; `units` are those that it may be meant in."""

    place: str = ""
    typed: str = ""
    detail: str = ""
    units: tuple[str, ...] = ()


@router.get("/sessions")
async def sessions(page: CurrentPage, session: TenantReadSession, paging: PageRequest) -> Response:
    """Show the account's valuations, the one used last first."""
    view = await list_sessions(session, after=paging.after_key)
    next_href = paging.next_path(paging.cursor_at(view.next_after)) if view.next_after else ""
    first_href = SESSIONS if paging.after else ""
    return _RENDERER.respond(
        page, "upswitch/sessions.html", view=view, next_href=next_href, first_href=first_href
    )


@router.post("/companies/{number}/sessions")
async def begin(
    caller: Staff,
    runtime: CurrentRuntime,
    session: TenantSession,
    reader: TenantReader,
    number: Number,
) -> Response:
    """Begin to value a company."""
    session_id = await open_session(runtime, session, reader, caller, number)
    return _to(session_id)


@router.get("/sessions/{session_id}")
async def conversation(
    page: CurrentPage,
    runtime: CurrentRuntime,
    session: TenantReadSession,
    reader: TenantReader,
    session_id: UUID,
) -> Response:
    """Show the conversation and the facts beside it."""
    view = await show_conversation(runtime, session, session_id)
    return await _draw(page, runtime, reader, view)


@router.post("/sessions/{session_id}/messages")
async def say(
    request: Request,
    page: CurrentPage,
    caller: Staff,
    runtime: CurrentRuntime,
    reader: TenantReader,
    session_id: UUID,
    text: Annotated[str, Form(max_length=LONGEST_MESSAGE)] = "",
) -> Response:
    """Take an answer; a part of the page comes back to htmx, the page to everybody else."""
    fault = Fault()
    try:
        async with runtime.database.session(caller.tenant_id) as session:
            turn = await begin_turn(runtime, session, reader, session_id, text)
        await finish_turn(runtime, caller.tenant_id, turn)
    except EmptyMessageError as error:
        fault = Fault("text", text[:LONGEST_MESSAGE], error.detail)
    if not fault.place and not _is_partial(request):
        return _to(session_id)
    async with runtime.database.read_session(caller.tenant_id) as session:
        view = await show_conversation(runtime, session, session_id)
    return await _draw(page, runtime, reader, view, fault, is_partial=_is_partial(request))


@router.post("/sessions/{session_id}/facts")
async def change_fact(
    request: Request,
    page: CurrentPage,
    runtime: CurrentRuntime,
    session: TenantSession,
    reader: TenantReader,
    session_id: UUID,
    key: Short,
    value: Typed = "",
    unit: Short = "",
    period: Short = "",
    act: Annotated[Literal["save", "undo", "confirm", "discard"], Form()] = "save",
    back: Annotated[Literal["", "normalisation", "assumptions"], Form()] = "",
) -> Response:
    """Change one fact by hand, or decide about a proposal."""
    fault = Fault()
    try:
        await _change(session, session_id, key, value, unit, period, act)
    except (AnswerError, UnknownFactError) as error:
        units = error.units if isinstance(error, WhichUnitError) else ()
        fault = Fault(_place(key, period), value, error.detail, units)
    if not fault.place and not _is_partial(request):
        return _to(session_id, back)
    if back == "assumptions":
        return await _draw_assumptions(page, runtime, session, reader, session_id, fault)
    if back == "normalisation":
        return await _draw_normalisation(page, session, session_id, fault)
    view = await show_conversation(runtime, session, session_id)
    return await _draw(page, runtime, reader, view, fault, is_partial=_is_partial(request))


async def _change(
    session: TenantSession,
    session_id: UUID,
    key: str,
    value: str,
    unit: str,
    period: str,
    act: str,
) -> None:
    if act == "confirm":
        await editing.confirm(session, session_id, key, period)
    elif act in ("undo", "discard"):
        await editing.withdraw(session, session_id, key, period, proposed_only=act == "discard")
    else:
        # Words that name their own unit keep it; the list beside the field is for bare numbers.
        bare = not any(mark.isalpha() or mark in "%€" for mark in value)
        named = unit if bare else ""
        await editing.put_fact(session, session_id, key, value, unit=named, period=period)


@router.post("/sessions/{session_id}/accounts")
async def take_accounts(session: TenantSession, reader: TenantReader, session_id: UUID) -> Response:
    """Take over the accounts that have been read meanwhile."""
    await editing.take_accounts(session, reader, session_id)
    return _to(session_id)


@router.post("/sessions/{session_id}/state")
async def change_state(
    session: TenantSession, session_id: UUID, state: Annotated[Literal["open", "closed"], Form()]
) -> Response:
    """Close a valuation, or open it again."""
    await update_session(session, session_id, state=state)
    return _to(session_id)


@router.get("/sessions/{session_id}/normalisation")
async def normalisation(
    page: CurrentPage, session: TenantReadSession, session_id: UUID
) -> Response:
    """Show what the years would have looked like for a buyer."""
    return await _draw_normalisation(page, session, session_id)


@router.get("/sessions/{session_id}/assumptions")
async def assumptions(
    page: CurrentPage,
    runtime: CurrentRuntime,
    session: TenantReadSession,
    reader: TenantReader,
    session_id: UUID,
) -> Response:
    """Show what holds where nobody said anything, with its source and its day."""
    return await _draw_assumptions(page, runtime, session, reader, session_id)


async def _draw_normalisation(
    page: ui.PageContext, session: ReadSession, session_id: UUID, fault: Fault = Fault()
) -> Response:
    view = await get_session(session, session_id)
    years = normalise(view.facts)
    adjustable = [
        session_words.row_of(view.facts, key, year.period)
        for year in years
        for key in keys_in("normalisation")
    ]
    return _respond(page, "normalisation", fault, view=view, years=years, adjustable=adjustable)


async def _draw_assumptions(
    page: ui.PageContext,
    runtime: Runtime,
    session: ReadSession,
    reader: Rows,
    session_id: UUID,
    fault: Fault = Fault(),
) -> Response:
    view = await get_session(session, session_id)
    grounds = await grounds_of(runtime.database, reader, view)
    return _respond(page, "assumptions", fault, view=view, grounds=grounds)


def _respond(page: ui.PageContext, name: str, fault: Fault, **values: object) -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if fault.place else HTTPStatus.OK
    return _RENDERER.respond(
        page,
        f"upswitch/session_{name}.html",
        status=status,
        fault=fault,
        words=session_words,
        **values,
    )


async def _draw(
    page: ui.PageContext,
    runtime: Runtime,
    reader: Rows,
    view: ConversationView,
    fault: Fault = Fault(),
    *,
    is_partial: bool = False,
) -> Response:
    number = parse_enterprise_number(view.session.company_number)
    has_key = runtime.settings_of(UpswitchSettings).nbb_key is not None
    filings = await get_filings(reader, number, has_key=has_key)
    taken = any(fact.source == "registry" and fact.period for fact in view.session.facts)
    # htmx puts nothing but a success on the page; the fault itself is said at its field.
    is_refused = bool(fault.place) and not is_partial
    return _RENDERER.respond(
        page,
        "upswitch/session_body.html" if is_partial else "upswitch/session.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if is_refused else HTTPStatus.OK,
        view=view,
        groups=session_words.groups_of(view.session.facts, utc_now().date()),
        filings=filings,
        has_news=bool(filings.years) and not taken,
        fault=fault,
        words=session_words,
    )


def _place(key: str, period: str) -> str:
    if key not in KEYS:
        return key
    return f"{key.replace('.', '-')}-{period}".strip("-")


def _to(session_id: UUID, part: str = "") -> RedirectResponse:
    path = f"{SESSIONS}/{session_id}" + (f"/{part}" if part else "")
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)


def _is_partial(request: Request) -> bool:
    return "hx-request" in request.headers
