"""Reviews: read, imported, answered; and what Google tells of them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Header, Query, UploadFile
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from myriad.products.keeper import answering
from myriad.products.keeper.endpoints.paging import page
from myriad.products.keeper.google import connecting
from myriad.products.keeper.repository.accounts import get_account
from myriad.products.keeper.repository.reviews import get_review, list_reviews
from myriad.products.keeper.repository.viewing import note_view
from myriad.products.keeper.review_files import import_bytes
from myriad.products.keeper.reviewing import Intake
from myriad.products.keeper.views.reviews import ReviewCard, ReviewFilter, ReviewShow
from myriad.scale.directory.audit import record_event
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
_SHOWN_REFUSALS = 100


class RefusedRow(BaseModel):
    """A row that was kept apart, and why."""

    row: str
    reason: str
    detail: str = ""


class Imported(BaseModel):
    """What an import did; `refused` holds the first hundred rows that were kept apart."""

    new: int
    changed: int
    unchanged: int
    quarantined: int
    alerts: int
    refused: list[RefusedRow]


class DraftRequest(BaseModel):
    """A person's own words to keep as the draft; without them Keeper words one."""

    text: str | None = Field(default=None, max_length=5000)


class Draft(BaseModel):
    """An answer that nobody has sent yet."""

    text: str


class Approval(BaseModel):
    """The words that a person decides to publish."""

    text: str = Field(max_length=5000)


class GoogleConsent(BaseModel):
    """Where the owner is asked for permission."""

    authorize_url: str


class GoogleAnswer(BaseModel):
    """What Google sent back to the redirect address."""

    code: str | None = Field(default=None, max_length=2000)
    state: str = Field(max_length=500)


class Notified(BaseModel):
    """A notification was taken in; `is_new` is false for one that had been before."""

    is_new: bool


@router.get("/reviews")
async def get_reviews(
    paging: PageRequest,
    session: TenantReadSession,
    response: Response,
    show: ReviewShow = "all",
    stars: Annotated[int | None, Query(ge=1, le=5)] = None,
) -> Page[ReviewCard]:
    """Return reviews, the last written first, by what they need or by their stars."""
    wanted = ReviewFilter(show=show, stars=stars, after=paging.after_key, limit=paging.limit)
    view = await list_reviews(session, wanted)
    return page(paging, response, view.rows, view.next_after)


@router.get("/reviews/{review_id}")
async def get_one_review(
    review_id: UUID, caller: Staff, runtime: CurrentRuntime, session: TenantReadSession
) -> ReviewCard:
    """Return one review with what it is about and the visit behind it; who looked is noted."""
    card = await get_review(session, review_id)
    if card.visit is not None:
        await note_view(runtime.database, caller, card.visit.person_id, "review")
    return card


@router.post("/reviews/import")
async def import_reviews(
    caller: Staff,
    session: TenantSession,
    file: UploadFile,
    source: Annotated[str, Query(max_length=40, description="such as Yelp")] = "",
) -> Imported:
    """Take in a CSV file of reviews; a second import of the same file changes nothing."""
    intake = await import_bytes(session, await file.read(), source=source)
    record_event(
        session,
        caller.tenant_id,
        "reviews.imported",
        actor=caller,
        new=intake.new,
        changed=intake.changed,
        quarantined=intake.quarantined,
    )
    return imported(intake)


def imported(intake: Intake) -> Imported:
    """Return what an import did, for people."""
    refused = [
        RefusedRow(row=row.ext_id, reason=row.reason, detail=str(row.body.get("detail", "")))
        for row in intake.refused[:_SHOWN_REFUSALS]
    ]
    counts = {
        name: getattr(intake, name)
        for name in ("new", "changed", "unchanged", "quarantined", "alerts")
    }
    return Imported(**counts, refused=refused)


@router.post("/reviews/{review_id}/draft")
async def draft_reply(
    review_id: UUID, caller: Staff, runtime: CurrentRuntime, body: DraftRequest | None = None
) -> Draft:
    """Word an answer, or keep a person's own words as the draft; nothing is published."""
    text = body.text if body else None
    return Draft(text=await answering.draft(runtime, caller.tenant_id, review_id, text=text))


@router.post("/reviews/{review_id}/approve", status_code=202)
async def approve_reply(
    review_id: UUID, body: Approval, caller: Staff, session: TenantSession
) -> Queued:
    """Publish an answer by a job; the same words are published once however often this is asked."""
    return Queued(job_id=await answering.approve(session, review_id, body.text, caller))


@router.post("/reviews/{review_id}/answered")
async def mark_answered(review_id: UUID, caller: Staff, session: TenantSession) -> ReviewCard:
    """Note that a review of a file was answered where it stands."""
    await answering.mark_answered(session, review_id, caller)
    return await get_review(session, review_id)


@router.post("/connections/google/start")
async def start_google(caller: Owner, runtime: CurrentRuntime) -> GoogleConsent:
    """Return the address of Google's consent page."""
    return GoogleConsent(authorize_url=connecting.begin(runtime, caller.tenant_id, caller.id))


@router.post("/connections/google/callback", status_code=202)
async def finish_google(
    body: GoogleAnswer, caller: Owner, runtime: CurrentRuntime, session: TenantSession
) -> Queued:
    """Check Google's answer and queue what makes it a connection."""
    job_id = await connecting.finish(
        session, runtime, caller.tenant_id, caller.id, code=body.code, state=body.state
    )
    record_event(session, caller.tenant_id, "google.connect_asked", actor=caller)
    return Queued(job_id=job_id)


@router.post("/connections/google/{connection_id}/disconnect", status_code=202)
async def disconnect_google(connection_id: UUID, caller: Owner, session: TenantSession) -> Queued:
    """Queue the end of a connection to Google; the reviews stay."""
    job_id = await connecting.enqueue_end(session, connection_id)
    record_event(
        session, caller.tenant_id, "google.disconnected", actor=caller, subject=str(connection_id)
    )
    return Queued(job_id=job_id)


@router.post("/reviews/read", status_code=202)
async def read_reviews(caller: Staff, session: TenantSession) -> Queued:
    """Queue a reading of what is new on Google."""
    await get_account(session)
    job_id = await connecting.enqueue_reading(session, job_class="interactive")
    if job_id is None:
        raise answering.ReplyStateError("Google is not connected; connect it first")
    return Queued(job_id=job_id)


@router.post(
    "/webhooks/google",
    dependencies=[public("Pub/Sub proves its pushes by an OIDC token or the subscription's own.")],
    responses={401: {"description": "The push proves nothing."}},
    openapi_extra=RAW_JSON_BODY,
)
async def receive_google(
    request: Request,
    runtime: CurrentRuntime,
    authorization: Annotated[str | None, Header()] = None,
    token: Annotated[str | None, Query(max_length=500)] = None,
) -> Notified:
    """Take in one of Google's notifications; a second arrival changes nothing."""
    is_new = await connecting.receive(
        runtime, await request.body(), authorization=authorization, token=token
    )
    return Notified(is_new=is_new)
