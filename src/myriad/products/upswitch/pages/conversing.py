"""The conversation of a session: said and answered, heard as it comes, changed beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Form, Header
from fastapi import Path as PathParameter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from myriad.products.upswitch.conversation import editing
from myriad.products.upswitch.conversation.answering import finish_turn, start_turn
from myriad.products.upswitch.conversation.answers import AnswerError, WhichUnitError
from myriad.products.upswitch.conversation.keys import KEYS, UnknownFactError
from myriad.products.upswitch.conversation.showing import show_conversation
from myriad.products.upswitch.conversation.talking import (
    LONGEST_MESSAGE,
    EmptyMessageError,
    begin_turn,
)
from myriad.products.upswitch.languages import Locale
from myriad.products.upswitch.listening import events_of, known_session
from myriad.products.upswitch.pages.session_drawing import (
    Drawing,
    Fault,
    draw_assumptions,
    draw_conversation,
    draw_normalisation,
)
from myriad.products.upswitch.pages.worth import note_worth
from myriad.products.upswitch.repository.drafts import stop_draft
from myriad.products.upswitch.repository.sessions import get_locale, update_session
from myriad.scale.http import (
    CurrentRuntime,
    EventSourceResponse,
    Router,
    ServerSentEvent,
    Staff,
    TenantReader,
    TenantReadSession,
    TenantSession,
)
from myriad.scale.ui.page import CurrentPage

router = Router()
Typed = Annotated[str, Form(max_length=200)]
Seq = Annotated[int, PathParameter(ge=1, le=2_000_000_000)]
LastEventId = Annotated[str | None, Header(alias="Last-Event-ID", max_length=20)]
Short = Annotated[str, Form(max_length=100)]


@router.get("/sessions/{session_id}")
async def conversation(
    request: Request,
    page: CurrentPage,
    runtime: CurrentRuntime,
    session: TenantReadSession,
    reader: TenantReader,
    session_id: UUID,
) -> Response:
    """Show the conversation and the facts beside it."""
    view = await show_conversation(runtime, session, session_id)
    return await draw_conversation(
        Drawing(page, runtime, session, reader, _is_partial(request)), view
    )


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
    """Take an answer; a part of the page comes back to htmx, the page to everybody else.

    To a browser that runs scripts a model's words come one by one, after the page.
    """
    fault, is_partial = Fault(), _is_partial(request)
    try:
        async with runtime.database.session(caller.tenant_id) as session:
            await note_worth(runtime.database, session, reader, session_id)
            turn = await begin_turn(runtime, session, reader, session_id, text)
        if is_partial and turn.asks_model:
            start_turn(runtime, caller.tenant_id, turn)
        else:
            await finish_turn(runtime, caller.tenant_id, turn)
    except EmptyMessageError as error:
        fault = Fault("text", text[:LONGEST_MESSAGE], error.detail)
    if not fault.place and not is_partial:
        return _to(session_id)
    async with runtime.database.session(caller.tenant_id) as session:
        view = await show_conversation(runtime, session, session_id)
        return await draw_conversation(
            Drawing(page, runtime, session, reader, is_partial), view, fault
        )


@router.get("/sessions/{session_id}/messages/{seq}/words", response_class=EventSourceResponse)
async def words_of(
    session_id: Annotated[UUID, Depends(known_session)],
    seq: Seq,
    runtime: CurrentRuntime,
    caller: Staff,
    heard: LastEventId = None,
) -> AsyncIterator[ServerSentEvent]:
    """Send the words in answer to a message as they come."""
    async for event in events_of(runtime, caller.tenant_id, session_id, seq, heard):
        yield event


@router.post("/sessions/{session_id}/messages/{seq}/stop")
async def stop(session: TenantSession, session_id: UUID, seq: Seq) -> Response:
    """Let no more words come in answer to a message."""
    await get_locale(session, session_id)
    await stop_draft(session, session_id, seq)
    return _to(session_id)


@router.post("/sessions/{session_id}/language")
async def change_language(
    session: TenantSession, session_id: UUID, locale: Annotated[Locale, Form()]
) -> Response:
    """Go on in another language."""
    await editing.change_language(session, session_id, locale)
    return _to(session_id)


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
        await note_worth(runtime.database, session, reader, session_id)
        await _change(session, session_id, key, value, unit, period, act)
    except (AnswerError, UnknownFactError) as error:
        units = error.units if isinstance(error, WhichUnitError) else ()
        fault = Fault(_place(key, period), value, error.detail, units)
    if not fault.place and not _is_partial(request):
        return _to(session_id, back)
    if back == "assumptions":
        return await draw_assumptions(page, runtime, session, reader, session_id, fault)
    if back == "normalisation":
        return await draw_normalisation(page, session, session_id, fault)
    view = await show_conversation(runtime, session, session_id)
    return await draw_conversation(
        Drawing(page, runtime, session, reader, _is_partial(request)), view, fault
    )


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


def _place(key: str, period: str) -> str:
    if key not in KEYS:
        return key
    return f"{key.replace('.', '-')}-{period}".strip("-")


def _to(session_id: UUID, part: str = "") -> RedirectResponse:
    path = f"/upswitch/sessions/{session_id}" + (f"/{part}" if part else "")
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)


def _is_partial(request: Request) -> bool:
    return "hx-request" in request.headers
