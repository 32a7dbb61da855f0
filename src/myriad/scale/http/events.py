"""Server-sent events of a job, for every page that has it open.

    @router.get("/jobs/{job_id}/events", response_class=EventSourceResponse)
    async def watch(events: JobEvents) -> AsyncIterator[ServerSentEvent]:
        async for event in events:
            yield event

A watcher gets `status` (the job's row: at the start and when it is ahead of the stream, no id),
`progress` (from the job's stream; its `id` is that of the stream, so a browser that comes back
with Last-Event-ID goes on without gap or double) and at last `end`. While Redis does not answer,
the row is read every two seconds. Keep-alive comments are the framework's, each 15 seconds.
(HTML Living Standard, section 9.2)
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header
from fastapi.sse import ServerSentEvent
from starlette.requests import Request

from myriad.scale.http.guards import CurrentRuntime, Staff
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
from myriad.scale.jobs.events import ENDED, stream_of
from myriad.scale.jobs.status import JobStatus, find_job, get_job

LOOK_SECONDS = 2.0
LOOK_SECONDS_WITH_REDIS = 5.0
GONE = "gone"
_OVER = ENDED | {GONE}

Look = Callable[[], Awaitable[JobStatus | None]]


@dataclass
class Watch:
    """One page that watches one job: what it was sent, and when to look at the row again."""

    hub: EventHub
    look: Look
    after: str = START
    _told: tuple[Any, ...] = ()
    _look_at: float = 0.0
    _is_reading: bool = False

    async def events(self, stream: str) -> AsyncGenerator[ServerSentEvent]:
        """Yield the job's events until it has ended or the page does not keep up."""
        with self.hub.follow(stream) as follower:
            facts = await self._look()
            yield self._status(facts)
            while facts["state"] not in _OVER and not follower.is_late:
                for entry in await self._next(stream, follower):
                    yield self._progress(entry)
                if time.monotonic() >= self._look_at:
                    facts = await self._look()
                    if _worth_telling(facts) != self._told:
                        yield self._status(facts)
            for last in await self.hub.backlog(stream, self.after) or ():
                yield self._progress(last)
            if facts["state"] in _OVER:
                yield ServerSentEvent(event="end", data=facts)

    async def _next(self, stream: str, follower: Follower) -> list[Entry]:
        """Return what comes until the next look: what is kept first, and until then nothing else."""
        if not self._is_reading:
            return await self._catch_up(stream)
        entry = await follower.next(self._look_at - time.monotonic())
        return [entry] if entry is not None and place(entry[0]) > place(self.after) else []

    async def _catch_up(self, stream: str) -> list[Entry]:
        kept = await self.hub.backlog(stream, self.after)
        if kept is None:
            # Other pages may read on meanwhile; what they are told waits for this one in its queue.
            self._look_at = min(self._look_at, time.monotonic() + LOOK_SECONDS)
            await asyncio.sleep(self._look_at - time.monotonic())
            return []
        self.hub.read_from(stream, kept[-1][0] if kept else self.after)
        self._is_reading = True
        return kept

    async def _look(self) -> dict[str, Any]:
        found = await self.look()
        pause = LOOK_SECONDS_WITH_REDIS if self.hub.is_up else LOOK_SECONDS
        self._look_at = time.monotonic() + pause
        return {"state": GONE} if found is None else _facts(found)

    def _status(self, facts: dict[str, Any]) -> ServerSentEvent:
        self._told = _worth_telling(facts)
        return ServerSentEvent(event="status", data=facts, retry=RETRY_MILLISECONDS)

    def _progress(self, entry: Entry) -> ServerSentEvent:
        self.after, facts = entry
        # What an attempt's beginning or end says may be older than the row, so the row is asked.
        if facts["kind"] == "state":
            self._look_at = 0.0
        else:
            self._told = _worth_telling(facts)
        return ServerSentEvent(event="progress", data=facts, id=self.after)


def _worth_telling(facts: dict[str, Any]) -> tuple[Any, ...]:
    """Return what makes a row news; it is never older than an event, which is told after it.

    So a row that differs from what was told last says what Redis has lost.
    """
    return tuple(facts.get(name) for name in ("state", "attempt", "done", "total", "message"))


def _facts(status: JobStatus) -> dict[str, Any]:
    return {
        "state": status.state,
        "attempt": status.attempts,
        "done": status.progress_done,
        "total": status.progress_total,
        "stage": status.stage,
        "message": status.message,
    }


async def job_events(
    request: Request,
    runtime: CurrentRuntime,
    caller: Staff,
    job_id: UUID,
    last_event_id: Annotated[str, Header(max_length=100)] = "",
) -> AsyncIterator[AsyncIterator[ServerSentEvent]]:
    """Provide the events of a job of the caller's account.

    Raises JobNotFoundError before anything is sent, and TooManyStreamsError.
    """

    async def look() -> JobStatus | None:
        async with runtime.database.read_session(caller.tenant_id) as session:
            return await find_job(session, job_id)

    async with runtime.database.read_session(caller.tenant_id) as session:
        await get_job(session, job_id)
    hub = hub_of(request)
    with hub.slot(caller.id):
        watch = Watch(hub, look, start_of(last_event_id))
        events = watch.events(stream_of(caller.tenant_id, job_id))
        yield while_let_in(request, caller.tenant_id, events)


JobEvents = Annotated[AsyncIterator[ServerSentEvent], Depends(job_events)]
