"""Sessions: begin one, talk, and change facts beside the conversation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import Depends, Header, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from myriad.products.upswitch import listening
from myriad.products.upswitch.conversation import editing
from myriad.products.upswitch.conversation.answering import answer_turn
from myriad.products.upswitch.conversation.keys import KEYS
from myriad.products.upswitch.conversation.opening import open_session
from myriad.products.upswitch.conversation.showing import show_conversation
from myriad.products.upswitch.conversation.talking import LONGEST_MESSAGE, Turn, begin_turn
from myriad.products.upswitch.languages import Locale
from myriad.products.upswitch.registry.numbers import parse_enterprise_number
from myriad.products.upswitch.repository import sessions as kept
from myriad.products.upswitch.repository.drafts import stop_draft
from myriad.products.upswitch.views.sessions import ConversationView, FactView, SessionRow
from myriad.scale.http import (
    CurrentRuntime,
    EventSourceResponse,
    Page,
    PageRequest,
    Router,
    ServerSentEvent,
    Staff,
    TenantReader,
    TenantReadSession,
    TenantSession,
)

router = Router()
Key = Annotated[str, Path(max_length=100, description="a key of GET /facts")]
Period = Annotated[str, Query(max_length=10, description="last day of the year, YYYY-MM-DD")]
Seq = Annotated[int, Path(ge=1, le=2_000_000_000, description="number of a message")]
LastEventId = Annotated[str | None, Header(alias="Last-Event-ID", max_length=20)]
RequestKey = Annotated[str | None, Header(alias="Idempotency-Key", max_length=255)]


class SessionCreate(BaseModel):
    """Begin to value a company of the register."""

    model_config = ConfigDict(extra="forbid")

    company_number: str = Field(max_length=40, description="an enterprise or VAT number")
    locale: Locale = Field("en", description="language of questions and reports")


class SessionChange(BaseModel):
    """Close a session, open it again, or change the language."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["open", "closed"] | None = None
    locale: Locale | None = None


class MessageCreate(BaseModel):
    """What a person says."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=LONGEST_MESSAGE)


class FactPut(BaseModel):
    """What a person knows. Without a unit, numbers are EUR or fractions; texts are read."""

    model_config = ConfigDict(extra="forbid")

    value: bool | int | float | Annotated[str, Field(max_length=200)]
    unit: Literal["", "EUR", "thousand EUR", "million EUR", "%", "fraction"] = ""
    period: str = Field("", max_length=10, description="last day of the year, else the latest")


class KeyRead(BaseModel):
    """What a fact means, its bounds, and the default that holds where nobody said anything."""

    name: str
    label: str
    meaning: str
    kind: str
    group: str
    unit: str
    low: float | None
    high: float | None
    is_yearly: bool
    is_required: bool
    default: float | str | None
    default_source: str
    default_as_of: str
    otherwise: str
    choices: tuple[str, ...]


class KeyList(BaseModel):
    """Every fact that a session may hold."""

    items: list[KeyRead]


@router.get("/facts")
async def list_keys(_caller: Staff) -> KeyList:
    """Return the documented facts of a session."""
    return KeyList(items=[KeyRead(**asdict(key), unit=key.unit) for key in KEYS.values()])


@router.get("/sessions")
async def list_sessions(
    paging: PageRequest,
    session: TenantReadSession,
    response: Response,
    company: Annotated[str, Query(max_length=40, description="of this company only")] = "",
) -> Page[SessionRow]:
    """Return sessions, the one used last first."""
    number = parse_enterprise_number(company) if company else None
    view = await kept.list_sessions(
        session, after=paging.after_key, limit=paging.limit, company_number=number
    )
    cursor = None if view.next_after is None else paging.cursor_at(view.next_after)
    paging.link_next(response, cursor)
    return Page(items=list(view.rows), next_cursor=cursor)


@router.post("/sessions", status_code=201)
async def begin_session(
    body: SessionCreate,
    runtime: CurrentRuntime,
    caller: Staff,
    session: TenantSession,
    reader: TenantReader,
) -> ConversationView:
    """Begin a session; what registers say is filled in, and the first question is asked."""
    session_id = await open_session(
        runtime, session, reader, caller, body.company_number, body.locale
    )
    return await show_conversation(runtime, session, session_id)


@router.get("/sessions/{session_id}")
async def read_session(
    session_id: UUID, runtime: CurrentRuntime, session: TenantReadSession
) -> ConversationView:
    """Return a session with its facts, what was said, and the open question."""
    return await show_conversation(runtime, session, session_id)


@router.patch("/sessions/{session_id}")
async def change_session(
    session_id: UUID, body: SessionChange, runtime: CurrentRuntime, session: TenantSession
) -> ConversationView:
    """Close a session, open it again, or change the language of its questions and reports."""
    if body.locale is not None:
        await editing.change_language(session, session_id, body.locale)
    await kept.update_session(session, session_id, state=body.state)
    return await show_conversation(runtime, session, session_id)


async def current_turn(
    session_id: UUID,
    body: MessageCreate,
    runtime: CurrentRuntime,
    caller: Staff,
    reader: TenantReader,
    key: RequestKey = None,
) -> Turn:
    """Keep and read the message before anything is sent; the same key again finds its answer."""
    async with runtime.database.session(caller.tenant_id) as session:
        return await begin_turn(runtime, session, reader, session_id, body.text, key)


_STREAM: dict[int | str, dict[str, Any]] = {
    409: {"description": "The session is closed, or the same message is still being answered."}
}


@router.post(
    "/sessions/{session_id}/messages", response_class=EventSourceResponse, responses=_STREAM
)
async def say(
    turn: Annotated[Turn, Depends(current_turn)], runtime: CurrentRuntime, caller: Staff
) -> AsyncIterator[ServerSentEvent]:
    """Say something; the answer streams as `message`, `fact`, `text` and `end`."""
    async for name, data in answer_turn(runtime, caller.tenant_id, turn):
        yield ServerSentEvent(event=name, data=msgspec.to_builtins(data))


@router.get("/sessions/{session_id}/messages/{seq}/words", response_class=EventSourceResponse)
async def listen(
    session_id: Annotated[UUID, Depends(listening.known_session)],
    seq: Seq,
    runtime: CurrentRuntime,
    caller: Staff,
    heard: LastEventId = None,
) -> AsyncIterator[ServerSentEvent]:
    """Hear the words in answer to a message as they come; Last-Event-ID goes on where it broke off."""
    async for event in listening.events_of(runtime, caller.tenant_id, session_id, seq, heard):
        yield event


@router.post("/sessions/{session_id}/messages/{seq}/stop", status_code=204)
async def stop(session_id: UUID, seq: Seq, session: TenantSession) -> None:
    """Hear no more words in answer to a message; what was said is kept."""
    await kept.get_locale(session, session_id)
    await stop_draft(session, session_id, seq)


@router.put("/sessions/{session_id}/facts/{key}")
async def put_fact(session_id: UUID, key: Key, body: FactPut, session: TenantSession) -> FactView:
    """Keep what a person says of a fact, in the place of what was known of it."""
    return await editing.put_fact(
        session, session_id, key, body.value, unit=body.unit, period=body.period
    )


@router.post("/sessions/{session_id}/facts/{key}/confirm")
async def confirm_fact(
    session_id: UUID,
    key: Key,
    runtime: CurrentRuntime,
    session: TenantSession,
    period: Period = "",
) -> ConversationView:
    """Let a fact hold that a model has proposed."""
    await editing.confirm(session, session_id, key, period)
    return await show_conversation(runtime, session, session_id)


@router.delete("/sessions/{session_id}/facts/{key}")
async def withdraw_fact(
    session_id: UUID,
    key: Key,
    runtime: CurrentRuntime,
    session: TenantSession,
    period: Period = "",
    proposed_only: bool = False,
) -> ConversationView:
    """Take a fact back, so that the register or the default holds again."""
    await editing.withdraw(session, session_id, key, period, proposed_only=proposed_only)
    return await show_conversation(runtime, session, session_id)


@router.post("/sessions/{session_id}/accounts")
async def take_accounts(
    session_id: UUID, runtime: CurrentRuntime, session: TenantSession, reader: TenantReader
) -> ConversationView:
    """Take over what the filed accounts say that have been read meanwhile."""
    await editing.take_accounts(session, reader, session_id)
    return await show_conversation(runtime, session, session_id)
