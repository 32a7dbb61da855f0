"""Reviews: the inbox, one review, answers, an import, and the connection to Google."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import Form, Query, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from myriad.kit.errors import InvalidInputError
from myriad.products.keeper import answering
from myriad.products.keeper.google import connecting
from myriad.products.keeper.pages import kept as keeping
from myriad.products.keeper.pages import links, review_words
from myriad.products.keeper.pages.kept import CurrentKept, asked_of
from myriad.products.keeper.pages.route import is_partial, page_router, see_other
from myriad.products.keeper.repository.accounts import open_account
from myriad.products.keeper.repository.reviews import get_review, list_reviews
from myriad.products.keeper.repository.viewing import note_view
from myriad.products.keeper.review_files import import_bytes
from myriad.products.keeper.reviewing import Intake
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.views.reviews import ReviewFilter, ReviewShow
from myriad.scale import ui
from myriad.scale.data import ReadSession
from myriad.scale.directory.audit import record_event
from myriad.scale.http import (
    CurrentRuntime,
    Owner,
    PageRequest,
    Staff,
    TenantReadSession,
    TenantSession,
)
from myriad.scale.ui.page import CurrentPage

REVIEWS = "/keeper/reviews"
_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates")
router = page_router()

Words = Annotated[str, Form(max_length=5000)]
Parameter = Annotated[str | None, Query(max_length=2000)]


_NAMES = {"fault": "", "typed": "", "say": review_words, "links": links}


def _draw(page: ui.PageContext, name: str, status: int = 200, **values: object) -> HTMLResponse:
    values = {**_NAMES, **values}
    return _RENDERER.respond(page, f"keeper/{name}.html", status=status, **values)


@router.get("/reviews")
async def reviews(
    kept: CurrentKept,
    paging: PageRequest,
    show: ReviewShow = "all",
    stars: Annotated[int | None, Query(ge=1, le=5)] = None,
) -> Response:
    """Show what customers said and what waits for an answer."""
    asked = ReviewFilter(show=show, stars=stars, after=paging.after_key)
    can_connect = kept.runtime.settings_of(KeeperSettings).can_connect_google

    async def draw(session: ReadSession) -> ui.Part:
        view = await list_reviews(session, asked)
        named = {"view": view, "at": links.place(paging, view.next_after)}
        named |= {"can_connect": can_connect, "is_owner": kept.caller.is_owner, **_NAMES}
        return _RENDERER.draw(kept.zone, "keeper/reviews.html", **named)

    return await kept.respond(keeping.REVIEWS, (can_connect, *asked_of(paging)), draw)


@router.get("/reviews/{review_id}")
async def review(
    page: CurrentPage,
    caller: Staff,
    runtime: CurrentRuntime,
    session: TenantReadSession,
    review_id: UUID,
) -> Response:
    """Show one review; who looked is noted where it names a person."""
    card = await get_review(session, review_id)
    if card.visit is not None:
        await note_view(runtime.database, caller, card.visit.person_id, "review")
    return _draw(page, "review", card=card)


@router.get("/reviews/{review_id}/card")
async def review_card(page: CurrentPage, session: TenantReadSession, review_id: UUID) -> Response:
    """Show one review as part of a page that asks for it again while an answer is on its way."""
    return _draw(page, "review_card", card=await get_review(session, review_id))


async def _after(
    request: Request,
    page: CurrentPage,
    session: ReadSession,
    review_id: UUID,
    fault: str = "",
    typed: str = "",
) -> Response:
    if not is_partial(request) and not fault:
        return see_other(f"{REVIEWS}/{review_id}")
    card = await get_review(session, review_id)
    # htmx shows nothing of an answer that is no success, so a part says what is wrong with 200.
    name, status = ("review_card", 200) if is_partial(request) else ("review", 422)
    return _draw(page, name, status if fault else 200, card=card, fault=fault, typed=typed)


@router.post("/reviews/import")
async def import_reviews(
    page: CurrentPage,
    caller: Staff,
    session: TenantSession,
    file: UploadFile,
    source: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Take in a CSV file and say what became of its rows; opens the account where it is new."""
    await open_account(session)
    try:
        intake = await import_bytes(session, await file.read(), source=source)
    except InvalidInputError as error:
        return _draw(page, "reviews_imported", 422, intake=None, fault=error.detail)
    _note_import(session, caller, intake)
    return _draw(page, "reviews_imported", intake=intake, fault="")


def _note_import(session: TenantSession, caller: Staff, intake: Intake) -> None:
    record_event(
        session,
        caller.tenant_id,
        "reviews.imported",
        actor=caller,
        new=intake.new,
        changed=intake.changed,
        quarantined=intake.quarantined,
    )


@router.post("/reviews/read")
async def read(_caller: Staff, session: TenantSession) -> Response:
    """Read from Google now."""
    await connecting.enqueue_reading(session, job_class="interactive")
    return see_other(REVIEWS)


@router.post("/reviews/{review_id}/draft")
async def draft(
    request: Request,
    page: CurrentPage,
    caller: Staff,
    runtime: CurrentRuntime,
    review_id: UUID,
    text: Annotated[str | None, Form(max_length=5000)] = None,
) -> Response:
    """Word an answer, or keep what a person typed."""
    fault = ""
    try:
        await answering.draft(runtime, caller.tenant_id, review_id, text=text)
    except answering.ReplyTextError as error:
        fault = error.detail
    async with runtime.database.read_session(caller.tenant_id) as session:
        return await _after(request, page, session, review_id, fault, text or "")


@router.post("/reviews/{review_id}/send")
async def send(
    request: Request,
    page: CurrentPage,
    caller: Staff,
    session: TenantSession,
    review_id: UUID,
    text: Words,
) -> Response:
    """Publish what a person decided on."""
    fault = ""
    try:
        await answering.approve(session, review_id, text, caller)
    except (answering.ReplyTextError, answering.ReplyStateError) as error:
        fault = error.detail
    return await _after(request, page, session, review_id, fault, text)


@router.post("/reviews/{review_id}/answered")
async def answered(
    request: Request, page: CurrentPage, caller: Staff, session: TenantSession, review_id: UUID
) -> Response:
    """Note that the review was answered where it stands."""
    await answering.mark_answered(session, review_id, caller)
    return await _after(request, page, session, review_id)


@router.post("/connections/google/start")
async def start(page: CurrentPage, caller: Owner, runtime: CurrentRuntime) -> Response:
    """Lead to Google's consent page."""
    address = connecting.begin(runtime, caller.tenant_id, caller.id)
    response = _draw(page, "leaving_google", address=address)
    response.headers["Refresh"] = f"0; url={address}"
    return response


@router.get("/connections/google/callback")
async def finish(
    caller: Owner,
    runtime: CurrentRuntime,
    session: TenantSession,
    code: Parameter = None,
    state: Parameter = None,
) -> Response:
    """Take Google's answer; a job makes the connection and reads at once."""
    await connecting.finish(session, runtime, caller.tenant_id, caller.id, code=code, state=state)
    record_event(session, caller.tenant_id, "google.connect_asked", actor=caller)
    return see_other(REVIEWS)


@router.post("/connections/google/{connection_id}/disconnect")
async def disconnect(connection_id: UUID, caller: Owner, session: TenantSession) -> Response:
    """Queue the end of the connection; the reviews stay."""
    await connecting.enqueue_end(session, connection_id)
    record_event(
        session, caller.tenant_id, "google.disconnected", actor=caller, subject=str(connection_id)
    )
    return see_other(REVIEWS)
