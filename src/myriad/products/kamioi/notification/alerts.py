"""Unread notifications as the shell shows them above every page, and a nudge to open pages."""

from __future__ import annotations

from uuid import UUID

from myriad.products.kamioi.notification.reading import Notification, Unread
from myriad.products.kamioi.notification.words import said
from myriad.scale import live
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from myriad.scale.ui.context import Alert, Alerts

LONGEST_SECONDS = 600.0
PAGE = "/kamioi/notifications"
EVENTS = f"{PAGE}/events?seconds={LONGEST_SECONDS:.0f}"


def stream_of(tenant_id: TenantId | UUID) -> str:
    """Return the name of the programme's stream."""
    return f"kamioi:{tenant_id}:notifications"


async def announce(runtime: Runtime, tenant_id: TenantId | UUID) -> bool:
    """Let open pages of the programme look at once; return whether Redis took it, never an error."""
    return await live.publish(runtime.cache, stream_of(tenant_id), {})


def alert_of(one: Notification) -> Alert:
    """Return a notification as the page shell shows it."""
    words = said(one)
    return Alert(
        id=str(one.id),
        title=words.title,
        level=words.level,
        href=words.href,
        seen_href=f"{PAGE}/{one.id}/read",
    )


def alerts_of(unread: Unread) -> Alerts:
    """Return what stands above every page of a member."""
    return Alerts(
        href=PAGE,
        events_href=EVENTS,
        unseen=unread.count,
        shown=tuple(alert_of(one) for one in unread.newest),
    )
