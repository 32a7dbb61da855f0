"""One string: in its row of the queue, and on a page of its own with its versions and evidence."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Form, Query
from starlette.requests import Request
from starlette.responses import Response

from myriad.products.kamioi.center import decisions, reading
from myriad.products.kamioi.center.decisions import Outcome, Seen
from myriad.products.kamioi.errors import StaleMappingError
from myriad.products.kamioi.looking import note_look_at_string
from myriad.products.kamioi.pages import center_words
from myriad.products.kamioi.pages.center_parts import (
    MAPPINGS,
    RENDERER,
    Brand,
    brand_of,
    see_other,
)
from myriad.scale.data import ReadSession, Session
from myriad.scale.http import (
    CurrentRuntime,
    Router,
    Staff,
    TenantReadSession,
    TenantSession,
)
from myriad.scale.ui.page import CurrentPage

router = Router(prefix="/admin")
Version = Annotated[int, Form(ge=0)]


@router.get("/mappings/{descriptor_id}")
async def mapping(
    page: CurrentPage,
    caller: Staff,
    runtime: CurrentRuntime,
    session: TenantReadSession,
    descriptor_id: UUID,
    q: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Show one string: what it stands for and stood for, the evidence, whom a decision touches."""
    view = await reading.get_detail(session, descriptor_id)
    await note_look_at_string(runtime.database, session, caller, descriptor_id)
    return RENDERER.respond(
        page,
        "kamioi/mapping.html",
        view=view,
        item=view.item,
        q=q,
        found=await reading.find_brands(session, q),
        newest=view.versions[0].version if view.versions else 0,
    )


@router.get("/mappings/{descriptor_id}/change")
async def change(
    request: Request, page: CurrentPage, session: TenantReadSession, descriptor_id: UUID
) -> Response:
    """Show a string of the queue with a search for the brand that it is."""
    shown = await _row(page, session, descriptor_id, is_changing=True)
    is_partial = "hx-request" in request.headers
    return shown if is_partial else see_other(f"{MAPPINGS}/{descriptor_id}#brand")


@router.get("/mappings/{descriptor_id}/row")
async def row(page: CurrentPage, session: TenantReadSession, descriptor_id: UUID) -> Response:
    """Show a string of the queue as it stands now."""
    return await _row(page, session, descriptor_id)


@router.get("/mappings/{descriptor_id}/brands")
async def brands(
    page: CurrentPage,
    session: TenantReadSession,
    descriptor_id: UUID,
    q: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Show brands of which a name begins so, each with a button that decides."""
    item = await reading.get_queued(session, descriptor_id)
    found = await reading.find_brands(session, q)
    return RENDERER.respond(
        page, "kamioi/queue_brands.html", item=item, found=found, q=q, whole=False
    )


@router.post("/mappings/{descriptor_id}/approve")
async def approve(
    request: Request,
    page: CurrentPage,
    caller: Staff,
    session: TenantSession,
    descriptor_id: UUID,
    version: Version,
    brand: Brand = "",
) -> Response:
    """Decide a string."""
    seen = Seen(descriptor_id, version)
    outcome = await decisions.approve(session, caller, [seen], brand_of(brand))
    return await _after(request, page, session, seen, outcome)


@router.post("/mappings/{descriptor_id}/reject")
async def reject(
    request: Request,
    page: CurrentPage,
    caller: Staff,
    session: TenantSession,
    descriptor_id: UUID,
    version: Version,
) -> Response:
    """Refuse what is proposed of a string."""
    seen = Seen(descriptor_id, version)
    outcome = await decisions.reject(session, caller, [seen])
    return await _after(request, page, session, seen, outcome)


@router.post("/mappings/{descriptor_id}/restore")
async def restore(
    request: Request,
    page: CurrentPage,
    caller: Staff,
    session: TenantSession,
    descriptor_id: UUID,
    version: Version,
    restored: Annotated[int, Form(ge=1)],
) -> Response:
    """Let an earlier version hold, or wait, again."""
    await decisions.restore(session, caller, Seen(descriptor_id, version), restored)
    if "hx-request" in request.headers:
        return await _row(page, session, descriptor_id)
    return see_other(f"{MAPPINGS}/{descriptor_id}")


async def _row(
    page: CurrentPage,
    session: ReadSession,
    descriptor_id: UUID,
    *,
    fault: str = "",
    done: str = "",
    undo: tuple[int, int] | None = None,
    is_changing: bool = False,
) -> Response:
    item = await reading.get_queued(session, descriptor_id)
    return RENDERER.respond(
        page,
        "kamioi/queue_row.html",
        item=item,
        fault=fault,
        done=done,
        undo=undo,
        is_changing=is_changing,
        whole=False,
    )


async def _after(
    request: Request, page: CurrentPage, session: Session, seen: Seen, outcome: Outcome
) -> Response:
    """Show what became of a decision: in its row of the queue, or on the string's own page."""
    is_partial = "hx-request" in request.headers
    if outcome.stale:
        fault = "Somebody decided this string meanwhile; this is what holds now."
        if is_partial:
            return await _row(page, session, seen.descriptor_id, fault=fault)
        raise StaleMappingError(fault)
    if not is_partial:
        return see_other(f"{MAPPINGS}/{seen.descriptor_id}")
    if outcome.waiting:
        return await _row(page, session, seen.descriptor_id)
    item = await reading.get_queued(session, seen.descriptor_id)
    if item.state == "approved":
        return await _row(
            page,
            session,
            seen.descriptor_id,
            done=f"Decided: {center_words.brand(item.brand)}",
            undo=(item.version, seen.version) if seen.version else None,
        )
    if item.version:
        return await _row(page, session, seen.descriptor_id)
    undo = (seen.version, seen.version)
    return await _row(page, session, seen.descriptor_id, done="Rejected", undo=undo)
