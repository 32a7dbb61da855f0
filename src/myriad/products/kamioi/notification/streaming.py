"""A member's notifications on open pages.

An open page gets `alerts` (how many are unread and the newest of them: at the start, and whenever
that has changed) and `alert` for each that came while it was open; its id is that of the
notification. PostgreSQL holds the truth and is looked at every few seconds; `announce` only makes a
page look at once, so what Redis loses is late and not lost. Personal data stays out of Redis. A
stream ends by itself, for who was signed out meanwhile must not go on reading.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from starlette.requests import Request

from myriad.kit.clock import utc_now
from myriad.products.kamioi.notification.alerts import LONGEST_SECONDS, alert_of, stream_of
from myriad.products.kamioi.notification.reading import Notification, Unread, find_unread
from myriad.products.kamioi.people import CurrentMember
from myriad.scale.http import OwnReader, ServerSentEvent
from myriad.scale.http.hub import RETRY_MILLISECONDS, START, EventHub, hub_of
from myriad.scale.http.watching import while_let_in

LOOK_SECONDS = 10.0
# What a job wrote may be seen minutes later, when it commits.
_LATE = timedelta(minutes=10)


@dataclass
class Watch:
    """One open page: what it was told, and for how long it is told."""

    hub: EventHub
    look: Callable[[], Awaitable[Unread]]
    seconds: float = LONGEST_SECONDS
    _told: Unread | None = None
    _known: set[UUID] = field(default_factory=set)
    _began: datetime = field(default_factory=utc_now)

    async def events(self, stream: str) -> AsyncGenerator[ServerSentEvent]:
        """Yield events until the time is over."""
        end = time.monotonic() + self.seconds
        with self.hub.follow(stream) as follower:
            self.hub.read_from(stream, await self._last(stream))
            for event in await self._news():
                yield event
            while (rest := end - time.monotonic()) > 0 and not follower.is_late:
                await follower.next(min(rest, LOOK_SECONDS))
                for event in await self._news():
                    yield event

    async def _last(self, stream: str) -> str:
        kept = await self.hub.backlog(stream, START)
        return kept[-1][0] if kept else START

    async def _news(self) -> list[ServerSentEvent]:
        found = await self.look()
        if found == self._told:
            return []
        is_first, self._told = self._told is None, found
        fresh = [one for one in found.newest if self._is_new(one)]
        self._known |= {one.id for one in found.newest}
        data = {"unseen": found.count, "shown": [_facts(one) for one in found.newest]}
        events = [ServerSentEvent(event="alerts", data=data, retry=RETRY_MILLISECONDS)]
        if not is_first:
            events += [
                ServerSentEvent(event="alert", data=_facts(one), id=str(one.id))
                for one in reversed(fresh)
            ]
        return events

    def _is_new(self, one: Notification) -> bool:
        """Whether it came while the page was open; reading one makes room for an older one."""
        return one.id not in self._known and one.created_at > self._began - _LATE


def _facts(one: Notification) -> dict[str, Any]:
    alert = alert_of(one)
    return {name: getattr(alert, name) for name in ("id", "title", "level", "href", "seen_href")}


async def notification_events(
    request: Request,
    member: CurrentMember,
    reader: OwnReader,
    seconds: Annotated[float, Query(ge=0, le=LONGEST_SECONDS)] = 0.0,
) -> AsyncIterator[AsyncIterator[ServerSentEvent]]:
    """Provide the notifications of the signed-in member for so long; raises TooManyStreamsError.

    Without `seconds` the answer holds what is unread now and ends.
    """

    async def look() -> Unread:
        return await find_unread(reader, member.id)

    hub = hub_of(request)
    with hub.slot(member.user_id):
        events = Watch(hub, look, seconds).events(stream_of(member.tenant_id))
        yield while_let_in(request, member.tenant_id, events)


NotificationEvents = Annotated[AsyncIterator[ServerSentEvent], Depends(notification_events)]
