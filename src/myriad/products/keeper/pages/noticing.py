"""Notices: the list, the live strip, marking as seen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Form
from starlette.requests import Request
from starlette.responses import Response

from myriad.products.keeper.pages import links, screens
from myriad.products.keeper.pages.notice_stream import LONGEST_SECONDS, NoticeEvents, alert_of
from myriad.products.keeper.pages.route import is_partial, own_path, page_router, see_other
from myriad.products.keeper.repository.notices import (
    get_notice,
    list_notices,
    mark_all_seen,
    mark_seen,
    read_unseen,
)
from myriad.products.keeper.settings import KeeperSettings
from myriad.scale.directory import Principal
from myriad.scale.http import (
    CurrentRuntime,
    EventSourceResponse,
    PageRequest,
    ServerSentEvent,
    Staff,
    TenantReadSession,
    TenantSession,
)
from myriad.scale.runtime import Runtime
from myriad.scale.ui.context import Alerts
from myriad.scale.ui.page import CurrentPage

NOTICES = "/keeper/notices"
EVENTS = f"{NOTICES}/events?seconds={LONGEST_SECONDS:.0f}"
_TOO_MANY: dict[int | str, dict[str, Any]] = {
    429: {"description": "The caller has too many streams open."}
}

router = page_router()


async def alerts(runtime: Runtime, caller: Principal) -> Alerts:
    """Return what stands above every page of Keeper."""
    unseen = await read_unseen(runtime.database.reader, caller.tenant_id, is_owner=caller.is_owner)
    return Alerts(
        href=NOTICES,
        events_href=EVENTS,
        unseen=unseen.count,
        shown=tuple(alert_of(card) for card in unseen.first),
    )


@router.get("/notices")
async def notices(
    page: CurrentPage,
    caller: Staff,
    session: TenantReadSession,
    runtime: CurrentRuntime,
    paging: PageRequest,
    show: Literal["unseen", "all", ""] = "",
) -> Response:
    """Show what Keeper told people, newest first."""
    view = await list_notices(
        session, is_owner=caller.is_owner, show=show or "all", after=paging.after_key
    )
    view = replace(view, mail=runtime.settings_of(KeeperSettings).smtp.can_send)
    return screens.notices(page, view, links.place(paging, view.next_after))


@router.get("/notices/events", response_class=EventSourceResponse, responses=_TOO_MANY)
async def watch(events: NoticeEvents) -> AsyncIterator[ServerSentEvent]:
    """Stream notices to an open page."""
    async for event in events:
        yield event


@router.post("/notices/seen")
async def see_all(
    caller: Staff, session: TenantSession, until: Annotated[UUID, Form()]
) -> Response:
    """Mark everything up to the newest one that the page showed."""
    await mark_all_seen(session, until, str(caller.id), is_owner=caller.is_owner)
    return see_other(NOTICES)


@router.post("/notices/{notice_id}/seen")
async def see(
    request: Request,
    page: CurrentPage,
    caller: Staff,
    session: TenantSession,
    notice_id: UUID,
    back: Annotated[str, Form(max_length=500)] = NOTICES,
) -> Response:
    """Mark one notice as seen; a part of the page gets the card, a form goes back."""
    await mark_seen(session, notice_id, str(caller.id), is_owner=caller.is_owner)
    if not is_partial(request):
        return see_other(own_path(back, NOTICES))
    return screens.notice(page, await get_notice(session, notice_id, is_owner=caller.is_owner))
