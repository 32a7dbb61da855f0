"""Notifications: the list, the live strip, marking as read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Form
from starlette.responses import RedirectResponse, Response

from myriad.products.kamioi.notification.alerts import PAGE
from myriad.products.kamioi.notification.reading import (
    find_unread,
    list_notifications,
    mark_all_read,
    mark_read,
)
from myriad.products.kamioi.notification.streaming import NotificationEvents
from myriad.products.kamioi.pages import holding_screens as screens
from myriad.products.kamioi.people import CurrentMember, MemberPage
from myriad.scale.http import (
    EventSourceResponse,
    OwnPageRequest,
    OwnReader,
    OwnSession,
    Router,
    ServerSentEvent,
)

router = Router()
_SEE_OTHER = 303
_TOO_MANY: dict[int | str, dict[str, Any]] = {
    429: {"description": "The caller has too many streams open."}
}


@router.get("/notifications")
async def notifications(
    page: MemberPage,
    member: CurrentMember,
    reader: OwnReader,
    paging: OwnPageRequest,
    show: Literal["unread", "all"] = "all",
) -> Response:
    """Show what the member was told, the newest first."""
    is_unread = show == "unread"
    rows = await list_notifications(reader, member.id, paging, only_unread=is_unread)
    cursor = paging.next_cursor(rows, lambda one: (one.created_at, one.id))
    listed = screens.Listed(
        rows[: paging.limit],
        first=f"{PAGE}?show={show}" if paging.after else "",
        next=paging.next_path(cursor) if cursor else "",
        unread=(await find_unread(reader, member.id)).count,
        only_unread=is_unread,
    )
    return screens.notifications(page, listed)


@router.get("/notifications/events", response_class=EventSourceResponse, responses=_TOO_MANY)
async def watch(events: NotificationEvents) -> AsyncIterator[ServerSentEvent]:
    """Stream notifications to an open page."""
    async for event in events:
        yield event


@router.post("/notifications/read")
async def read_all(
    member: CurrentMember, session: OwnSession, until: Annotated[datetime, Form()]
) -> Response:
    """Mark everything up to the newest one that the page showed."""
    await mark_all_read(session, member.id, until)
    return RedirectResponse(PAGE, _SEE_OTHER)


@router.post("/notifications/{notification_id}/read")
async def read(
    member: CurrentMember,
    session: OwnSession,
    notification_id: UUID,
    back: Annotated[str, Form(max_length=500)] = PAGE,
) -> Response:
    """Mark one notification, and go back to where its alert stood."""
    await mark_read(session, member.id, notification_id)
    is_ours = back.startswith("/kamioi/") and back.isprintable() and "\\" not in back
    return RedirectResponse(back if is_ours else PAGE, _SEE_OTHER)
