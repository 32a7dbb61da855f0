"""Connections to Square, synchronisation, and Square's webhooks."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Header, Path, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from myriad.products.keeper import connecting, repository
from myriad.products.keeper.endpoints.paging import page
from myriad.products.keeper.queueing import (
    SyncMode,
    SyncObject,
    enqueue_object_sync,
    enqueue_sync,
)
from myriad.products.keeper.repository.connections import list_cursor_rows
from myriad.products.keeper.views import AgentRow, ConnectionsView, CursorRow, JobProgress
from myriad.scale.http import (
    RAW_JSON_BODY,
    CurrentRuntime,
    Owner,
    Page,
    PageRequest,
    Router,
    Staff,
    TenantReadSession,
    TenantSession,
    public,
)
from myriad.scale.http.answers import Queued

router = Router()


class Consent(BaseModel):
    """Where the seller is asked for permission."""

    authorize_url: str


class Answer(BaseModel):
    """What Square sent back to the redirect address."""

    code: str | None = Field(default=None, max_length=500)
    state: str = Field(max_length=500)
    error: str | None = Field(default=None, max_length=200)


class SyncRequest(BaseModel):
    """How much is read: what is new, the last 96 hours again as well, or everything again."""

    mode: SyncMode = "increment"


class SyncStatus(BaseModel):
    """How far each kind of object is read, and what happens now."""

    cursors: list[CursorRow]
    job: JobProgress | None
    agents: list[AgentRow]


class Received(BaseModel):
    """A webhook was taken in; `is_new` is false for one that had been before."""

    is_new: bool


@router.get("/connections")
async def get_connections(session: TenantReadSession) -> ConnectionsView:
    """Return every connection with its cursors, checks and the agents' last runs."""
    return await repository.get_connections(session)


@router.post("/connections/square/start")
async def start_connection(caller: Owner, runtime: CurrentRuntime) -> Consent:
    """Return the address of Square's consent page."""
    return Consent(authorize_url=connecting.begin(runtime, caller.tenant_id, caller.id))


@router.post("/connections/square/callback", status_code=202)
async def finish_connection(
    body: Answer, caller: Owner, runtime: CurrentRuntime, session: TenantSession
) -> Queued:
    """Take Square's answer; a job turns it into a connection and queues the first sync."""
    job_id = await connecting.take_answer(
        session, runtime, caller, code=body.code, state=body.state, error=body.error
    )
    return Queued(job_id=job_id)


@router.post("/connections/{connection_id}/disconnect", status_code=202)
async def disconnect(connection_id: UUID, caller: Owner, session: TenantSession) -> Queued:
    """Stop reading at once and give the permission back to Square; the data stays."""
    return Queued(job_id=await connecting.end(session, connection_id, caller))


@router.post("/sync", status_code=202)
async def sync(caller: Staff, session: TenantSession, body: SyncRequest | None = None) -> Queued:
    """Queue a sync, after which the agents run."""
    await repository.get_account(session)
    return Queued(job_id=await enqueue_sync(session, (body or SyncRequest()).mode))


@router.post("/sync/{object}", status_code=202)
async def sync_object(
    caller: Staff,
    session: TenantSession,
    name: Annotated[SyncObject, Path(alias="object")],
    full: Annotated[bool, Query(description="read again from the beginning")] = False,
) -> Queued:
    """Queue reading one kind of object, what is new or everything again."""
    await repository.get_account(session)
    return Queued(job_id=await enqueue_object_sync(session, name, full=full))


@router.get("/sync/rows")
async def list_sync_rows(
    paging: PageRequest, session: TenantReadSession, response: Response
) -> Page[CursorRow]:
    """Return how far each kind of object is read at each location, by object and location."""
    rows, next_after = await list_cursor_rows(session, paging.after_key, paging.limit)
    return page(paging, response, rows, next_after)


@router.get("/sync/status")
async def get_sync_status(session: TenantReadSession) -> SyncStatus:
    """Return how far each kind of object is read, and what happens now.

    The first 200 rows; `/sync/rows` has all of them page by page.
    """
    view = await repository.get_connections(session)
    cursors = [cursor for connection in view.connections for cursor in connection.cursors]
    return SyncStatus(cursors=cursors, job=view.job, agents=list(view.agents))


@router.post(
    "/webhooks/square",
    dependencies=[public("Square signs its webhooks; the signature is checked on the raw body.")],
    responses={401: {"description": "The signature does not match the body."}},
    openapi_extra=RAW_JSON_BODY,
)
async def receive_webhook(
    request: Request,
    runtime: CurrentRuntime,
    x_square_hmacsha256_signature: Annotated[str | None, Header()] = None,
) -> Received:
    """Take in one of Square's webhooks; a second arrival of the same event changes nothing."""
    body = await request.body()
    is_new = await connecting.receive_webhook(runtime, body, x_square_hmacsha256_signature)
    return Received(is_new=is_new)
