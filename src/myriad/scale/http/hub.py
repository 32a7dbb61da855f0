"""Live streams of this process: one Redis reader for all, fanned out to the pages that follow.

    hub = hub_of(request)
    with hub.slot(caller.id), hub.follow(stream) as follower:
        kept = await hub.backlog(stream, after)  # None: Redis was late, so ask again before reading
        hub.read_from(stream, kept[-1][0] if kept else after)
        entry = await follower.next(seconds)

What is told by `myriad.scale.live.publish` arrives here. An event's id is that of the stream, so a
browser that comes back with Last-Event-ID goes on without gap or double as long as it is kept.
(HTML Living Standard, section 9.2)
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from redis.asyncio import ConnectionPool, Redis
from redis.exceptions import RedisError
from starlette.requests import Request

from myriad.kit.errors import TooManyRequestsError
from myriad.scale.live import FIELD
from myriad.scale.observe.logs import get_logger
from myriad.scale.observe.metrics import Gauge
from myriad.scale.runtime import close_client

MOST_STREAMS = 20
RETRY_MILLISECONDS = 2000
START = "0-0"
_BLOCK_MILLISECONDS = 250
_SOCKET_SECONDS = 5.0
_PAUSE_SECONDS = 1.0
_LONGEST_QUEUE = 500
_STREAM_ID = re.compile(r"\d{1,20}-\d{1,20}")

_log = get_logger(__name__)
_open = Gauge("myriad_http_event_streams", "Open streams of server-sent events")

Entry = tuple[str, dict[str, Any]]


class TooManyStreamsError(TooManyRequestsError):
    """The caller watches as many things at once as one caller may."""

    code = "too_many_streams"
    title = "Too many open streams"


def place(stream_id: str) -> tuple[int, int]:
    """Return the order of an event's id within its stream."""
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
                "or ask for the thing itself instead of its events"
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

    async def backlog(self, stream: str, after: str) -> list[Entry] | None:
        """Return the kept events after an id, or None when Redis did not answer."""
        try:
            found = await self._cache.xrange(stream, min=f"({after}")
        except (RedisError, OSError):
            self.is_up = False
            return None
        return [_entry(raw) for raw in found]

    def read_from(self, stream: str, after: str) -> None:
        """Read the stream after an id, unless it is read for another page already."""
        self._cursors.setdefault(stream, after)
        if self._reading is None:
            self._reading = asyncio.create_task(self._read(), name="live events")

    async def _read(self) -> None:
        client = _patient(self._cache)
        try:
            while self._followers:
                await self._read_once(client)
        finally:
            # Who comes while the connection closes needs another reader.
            self._reading = None
            await close_client(client)

    async def _read_once(self, client: Redis) -> None:
        cursors: dict[Any, Any] = dict(self._cursors)
        if not cursors:
            await asyncio.sleep(_BLOCK_MILLISECONDS / 1000)
            return
        try:
            found = await client.xread(cursors, count=100, block=_BLOCK_MILLISECONDS)
        except (RedisError, OSError) as error:
            if self.is_up:
                _log.warning("live_events_unread", error=type(error).__name__)
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
    bounds = dict.fromkeys(("socket_timeout", "socket_connect_timeout"), _SOCKET_SECONDS)
    options = {**pool.connection_kwargs, **bounds}
    return Redis.from_pool(ConnectionPool(connection_class=pool.connection_class, **options))


def start_of(last_event_id: str) -> str:
    """Return where a page goes on that comes back with Last-Event-ID, else the very beginning."""
    return last_event_id if _STREAM_ID.fullmatch(last_event_id) else START


def hub_of(request: Request) -> EventHub:
    """Return the hub of this process, made at the first use."""
    state = request.app.state
    hub: EventHub | None = getattr(state, "event_hub", None)
    if hub is None:
        hub = state.event_hub = EventHub(state.runtime.cache)
    return hub
