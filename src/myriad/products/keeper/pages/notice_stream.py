"""Notices on open pages: what nobody has seen, and each new one as it comes.

A page gets `alerts` (how many nobody has seen and the first of them: at the start, and whenever
that has changed) and `alert` (one new notice; its id is that of the stream, so that a browser that
comes back is told what it missed). PostgreSQL holds the truth: it is looked at every few seconds
also while Redis answers, so what Redis loses is late but not lost. A stream ends by itself, for
who was signed out meanwhile must not go on reading.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Query
from starlette.requests import Request

from myriad.products.keeper.notify.telling import stream_of
from myriad.products.keeper.repository.notices import find_notice, find_unseen
from myriad.products.keeper.views.notices import NoticeCard, Unseen
from myriad.scale.http import CurrentRuntime, ServerSentEvent, Staff
from myriad.scale.http.hub import (
    RETRY_MILLISECONDS,
    START,
    Entry,
    EventHub,
    Follower,
    hub_of,
    place,
    start_of,
)
from myriad.scale.http.watching import while_let_in
from myriad.scale.ui.context import Alert

LOOK_SECONDS = 2.0
LOOK_SECONDS_WITH_REDIS = 5.0
LONGEST_SECONDS = 600.0


def alert_of(card: NoticeCard) -> Alert:
    """Return a notice as the page shell shows it."""
    return Alert(
        id=str(card.id),
        title=card.title,
        level=card.level,
        href=card.href or f"/keeper/notices#{card.id}",
        seen_href=f"/keeper/notices/{card.id}/seen",
    )


@dataclass
class Watch:
    """One open page: what it was told, and when to look again."""

    hub: EventHub
    look: Callable[[], Awaitable[Unseen]]
    read: Callable[[UUID], Awaitable[NoticeCard | None]]
    after: str = START
    seconds: float = LONGEST_SECONDS
    _told: Unseen | None = None
    _look_at: float = 0.0
    _is_reading: bool = False

    async def events(self, stream: str) -> AsyncGenerator[ServerSentEvent]:
        """Yield events until the time is over or the page does not keep up."""
        end = time.monotonic() + self.seconds
        with self.hub.follow(stream) as follower:
            # What is kept is read before the rows: whatever comes after that is new to the page.
            missed = await self._catch_up(stream)
            for event in [*await self._news(), *missed]:
                yield event
            while time.monotonic() < end and not follower.is_late:
                for event in await self._next(stream, follower, end):
                    yield event

    async def _catch_up(self, stream: str) -> list[ServerSentEvent]:
        """Begin to follow after what is kept, of which only a page that came back is told."""
        is_back = self.after != START
        kept = await self.hub.backlog(stream, self.after)
        if kept is None:
            return []
        self.after = kept[-1][0] if kept else self.after
        self.hub.read_from(stream, self.after)
        self._is_reading = True
        alerts = [await self._alert(entry) for entry in kept] if is_back else []
        return [alert for alert in alerts if alert is not None]

    async def _next(self, stream: str, follower: Follower, end: float) -> list[ServerSentEvent]:
        if not self._is_reading:
            await asyncio.sleep(max(min(self._look_at, end) - time.monotonic(), 0))
            return [*await self._catch_up(stream), *await self._news()]
        entry = await follower.next(min(self._look_at, end) - time.monotonic())
        events = []
        if entry is not None and place(entry[0]) > place(self.after):
            self.after, self._look_at = entry[0], 0.0
            event = await self._alert(entry)
            events += [event] if event else []
        return [*events, *(await self._news() if time.monotonic() >= self._look_at else [])]

    async def _news(self) -> list[ServerSentEvent]:
        found = await self.look()
        pause = LOOK_SECONDS_WITH_REDIS if self.hub.is_up else LOOK_SECONDS
        self._look_at = time.monotonic() + pause
        if found == self._told:
            return []
        self._told = found
        data = {"unseen": found.count, "shown": [_facts(card) for card in found.first]}
        return [ServerSentEvent(event="alerts", data=data, retry=RETRY_MILLISECONDS)]

    async def _alert(self, entry: Entry) -> ServerSentEvent | None:
        card = await self.read(UUID(entry[1]["notice_id"]))
        if card is None or card.seen_at or card.cleared_at:
            return None
        return ServerSentEvent(event="alert", data=_facts(card), id=entry[0])


def _facts(card: NoticeCard) -> dict[str, Any]:
    alert = alert_of(card)
    return {name: getattr(alert, name) for name in ("id", "title", "level", "href", "seen_href")}


async def notice_events(
    request: Request,
    runtime: CurrentRuntime,
    caller: Staff,
    seconds: Annotated[float, Query(ge=0, le=LONGEST_SECONDS)] = 0.0,
    last_event_id: Annotated[str, Header(max_length=100)] = "",
) -> AsyncIterator[AsyncIterator[ServerSentEvent]]:
    """Provide the notices of the caller's account for so long; raises TooManyStreamsError.

    Without `seconds` the answer holds what is unseen now and ends.
    """

    async def look() -> Unseen:
        async with runtime.database.read_session(caller.tenant_id) as session:
            return await find_unseen(session, is_owner=caller.is_owner)

    async def read(notice_id: UUID) -> NoticeCard | None:
        async with runtime.database.read_session(caller.tenant_id) as session:
            return await find_notice(session, notice_id, is_owner=caller.is_owner)

    hub = hub_of(request)
    with hub.slot(caller.id):
        watch = Watch(hub, look, read, start_of(last_event_id), seconds)
        events = watch.events(stream_of(caller.tenant_id))
        yield while_let_in(request, caller.tenant_id, events)


NoticeEvents = Annotated[AsyncIterator[ServerSentEvent], Depends(notice_events)]
