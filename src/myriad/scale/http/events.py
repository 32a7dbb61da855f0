"""Server-sent events of a job: one Redis reader for each process, fanned out to all open pages.

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
import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header
from fastapi.sse import ServerSentEvent
from redis.asyncio import ConnectionPool, Redis
from redis.exceptions import RedisError
from starlette.requests import Request

from myriad.kit.errors import TooManyRequestsError
from myriad.scale.http.guards import CurrentRuntime, Staff
from myriad.scale.jobs.events import ENDED, FIELD, stream_of
from myriad.scale.jobs.status import JobStatus, find_job, get_job
from myriad.scale.observe.logs import get_logger
from myriad.scale.observe.metrics import Gauge

MOST_STREAMS = 20
LOOK_SECONDS = 2.0
LOOK_SECONDS_WITH_REDIS = 5.0
_BLOCK_MILLISECONDS = 250
_SOCKET_SECONDS = 5.0
_PAUSE_SECONDS = 1.0
_RETRY_MILLISECONDS = 2000
_LONGEST_QUEUE = 500
_STREAM_ID = re.compile(r"\d{1,20}-\d{1,20}")
_START = "0-0"
GONE = "gone"
_OVER = ENDED | {GONE}

_log = get_logger(__name__)
_open = Gauge("myriad_http_event_streams", "Open streams of server-sent events")

Entry = tuple[str, dict[str, Any]]
Look = Callable[[], Awaitable[JobStatus | None]]


class TooManyStreamsError(TooManyRequestsError):
    """The caller watches as many jobs at once as one caller may."""

    code = "too_many_streams"
    title = "Too many open streams"


def _place(stream_id: str) -> tuple[int, int]:
    milliseconds, _, number = stream_id.partition("-")
    return int(milliseconds), int(number)


@dataclass(eq=False)
class Follower:
    """One open page: the events of a stream that it has not yet been sent."""

    stream: str
    queue: asyncio.Queue[Entry] = field(default_factory=lambda: asyncio.Queue(_LONGEST_QUEUE))
    is_late: bool = False

    def tell(self, entry: Entry) -> None:
        """Hand an event over; a page that does not keep up is cut off and comes back by itself."""
        if self.queue.full():
            self.is_late = True
        else:
            self.queue.put_nowait(entry)

    async def next(self, seconds: float) -> Entry | None:
        """Return the next event, or None when there was none for so long."""
        try:
            async with asyncio.timeout(max(seconds, 0.001)):
                return await self.queue.get()
        except TimeoutError:
            return None


class EventHub:
    """Reads the streams that open pages of this process follow, with one connection for all."""

    def __init__(self, cache: Redis) -> None:
        self._cache = cache
        self._followers: dict[str, set[Follower]] = {}
        self._cursors: dict[str, str] = {}
        self._reading: asyncio.Task[None] | None = None
        self._streams_of: Counter[UUID] = Counter()
        self.is_up = True

    @contextmanager
    def slot(self, caller_id: UUID) -> Iterator[None]:
        """Count one open stream of the caller, or raise TooManyStreamsError."""
        if self._streams_of[caller_id] >= MOST_STREAMS:
            detail = (
                f"you have {MOST_STREAMS} live views open, which is the most; close one of them, "
                "or ask for the job itself instead of its events"
            )
            raise TooManyStreamsError(detail, retry_after_seconds=10)
        self._streams_of[caller_id] += 1
        _open.inc()
        try:
            yield
        finally:
            _open.dec()
            self._streams_of[caller_id] -= 1
            if not self._streams_of[caller_id]:
                del self._streams_of[caller_id]

    @contextmanager
    def follow(self, stream: str) -> Iterator[Follower]:
        """Follow a stream; events arrive once `read_from` has said where to begin."""
        follower = Follower(stream)
        self._followers.setdefault(stream, set()).add(follower)
        try:
            yield follower
        finally:
            self._followers[stream].discard(follower)
            if not self._followers[stream]:
                del self._followers[stream]
                self._cursors.pop(stream, None)

    async def backlog(self, stream: str, after: str) -> list[Entry]:
        """Return the kept events after an id; none while Redis does not answer."""
        try:
            found = await self._cache.xrange(stream, min=f"({after}")
        except (RedisError, OSError):
            self.is_up = False
            return []
        return [_entry(raw) for raw in found]

    def read_from(self, stream: str, after: str) -> None:
        """Read the stream after an id, unless it is read for another page already."""
        self._cursors.setdefault(stream, after)
        if self._reading is None:
            self._reading = asyncio.create_task(self._read(), name="job events")

    async def _read(self) -> None:
        client = _patient(self._cache)
        try:
            while self._followers:
                await self._read_once(client)
        finally:
            # Who comes while the connection closes needs another reader.
            self._reading = None
            await client.aclose()

    async def _read_once(self, client: Redis) -> None:
        cursors: dict[Any, Any] = dict(self._cursors)
        if not cursors:
            await asyncio.sleep(_BLOCK_MILLISECONDS / 1000)
            return
        try:
            found = await client.xread(cursors, count=100, block=_BLOCK_MILLISECONDS)
        except (RedisError, OSError) as error:
            if self.is_up:
                _log.warning("job_events_unread", error=type(error).__name__)
            self.is_up = False
            await asyncio.sleep(_PAUSE_SECONDS)
            return
        self.is_up = True
        for name, entries in found:
            self._hand_out(name.decode(), [_entry(raw) for raw in entries])

    def _hand_out(self, stream: str, entries: list[Entry]) -> None:
        if stream in self._cursors:
            self._cursors[stream] = entries[-1][0]
        for follower in tuple(self._followers.get(stream, ())):
            for entry in entries:
                follower.tell(entry)


def _entry(raw: tuple[bytes, dict[bytes, bytes]]) -> Entry:
    return raw[0].decode(), json.loads(raw[1][FIELD.encode()])


def _patient(cache: Redis) -> Redis:
    """Return a client of the same server that waits longer than one blocking read takes."""
    pool = cache.connection_pool
    options = {**pool.connection_kwargs, "socket_timeout": _SOCKET_SECONDS}
    return Redis.from_pool(ConnectionPool(connection_class=pool.connection_class, **options))


@dataclass
class Watch:
    """One page that watches one job: what it was sent, and when to look at the row again."""

    hub: EventHub
    look: Look
    after: str = _START
    _told: tuple[Any, ...] = ()
    _look_at: float = 0.0

    async def events(self, stream: str) -> AsyncIterator[ServerSentEvent]:
        """Yield the job's events until it has ended or the page does not keep up."""
        with self.hub.follow(stream) as follower:
            facts = await self._look()
            yield self._status(facts)
            for kept in await self.hub.backlog(stream, self.after):
                yield self._progress(kept)
            self.hub.read_from(stream, self.after)
            while facts["state"] not in _OVER and not follower.is_late:
                entry = await follower.next(self._look_at - time.monotonic())
                if entry is not None and _place(entry[0]) > _place(self.after):
                    yield self._progress(entry)
                if time.monotonic() >= self._look_at:
                    facts = await self._look()
                    if _worth_telling(facts) != self._told:
                        yield self._status(facts)
            for last in await self.hub.backlog(stream, self.after):
                yield self._progress(last)
            if facts["state"] in _OVER:
                yield ServerSentEvent(event="end", data=facts)

    async def _look(self) -> dict[str, Any]:
        found = await self.look()
        pause = LOOK_SECONDS_WITH_REDIS if self.hub.is_up else LOOK_SECONDS
        self._look_at = time.monotonic() + pause
        return {"state": GONE} if found is None else _facts(found)

    def _status(self, facts: dict[str, Any]) -> ServerSentEvent:
        self._told = _worth_telling(facts)
        return ServerSentEvent(event="status", data=facts, retry=_RETRY_MILLISECONDS)

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


def hub_of(request: Request) -> EventHub:
    """Return the hub of this process, made at the first use."""
    state = request.app.state
    hub: EventHub | None = getattr(state, "event_hub", None)
    if hub is None:
        hub = state.event_hub = EventHub(state.runtime.cache)
    return hub


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
    after = last_event_id if _STREAM_ID.fullmatch(last_event_id) else _START
    with hub.slot(caller.id):
        yield Watch(hub, look, after).events(stream_of(caller.tenant_id, job_id))


JobEvents = Annotated[AsyncIterator[ServerSentEvent], Depends(job_events)]
