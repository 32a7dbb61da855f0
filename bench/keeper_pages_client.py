"""The browsers of the bench of pages: one connection a request, as strangers to each other come.

Requests leave at fixed times whether or not earlier ones have been answered (an open loop), and
each is timed from when it was due. What the client itself costs is measured beside, since it works
on the same cores.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import uvloop

TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: the name it is counted under, its path, and the session that asks."""

    page: str
    path: str
    token: str

    def bytes_for(self, host: str) -> bytes:
        """Return the request as a browser sends it, compression welcome."""
        return (
            f"GET {self.path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\n"
            "Accept-Encoding: gzip\r\nConnection: close\r\n"
            f"Cookie: myriad_session={self.token}; myriad_visitor=bench\r\n\r\n"
        ).encode()


@dataclass(slots=True)
class Sent:
    """What came of the requests: (page, milliseconds) of each, failures, and the client's CPU."""

    taken: list[tuple[str, float]] = field(default_factory=list)
    errors: int = 0
    cpu_ms: float = 0.0


class _Exchange(asyncio.Protocol):
    """Sends one request and resolves to whether a whole answer with status 200 came."""

    def __init__(self, request: bytes, done: asyncio.Future[bool]) -> None:
        self._request, self._done = request, done
        self._start = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send."""
        # uvloop's transports are asyncio's by what they do, not by their class.
        cast(asyncio.Transport, transport).write(self._request)

    def data_received(self, data: bytes) -> None:
        """Keep the status line; the rest is only read."""
        if not self._start:
            self._start = data[:12]

    def connection_lost(self, exc: Exception | None) -> None:
        """The server closes behind a whole answer."""
        if not self._done.done():
            self._done.set_result(exc is None and self._start == b"HTTP/1.1 200")


async def _exchange(host: str, port: int, request: bytes) -> bool:
    loop = asyncio.get_running_loop()
    done: asyncio.Future[bool] = loop.create_future()
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await loop.create_connection(lambda: _Exchange(request, done), host, port)
            return await done
    except (OSError, TimeoutError):
        return False


async def _send(url: str, asked: Sequence[Ask], per_second: float) -> Sent:
    parts = urlsplit(url)
    host, port = str(parts.hostname), int(parts.port or 80)
    requests = [ask.bytes_for(parts.netloc) for ask in asked]
    sent = Sent()

    async def one(ask: Ask, request: bytes, due: float) -> None:
        fine = await _exchange(host, port, request)
        sent.taken.append((ask.page, 1000 * (time.perf_counter() - due)))
        sent.errors += not fine

    cpu, began = time.process_time(), time.perf_counter() + 0.2
    async with asyncio.TaskGroup() as group:
        for number, (ask, request) in enumerate(zip(asked, requests, strict=True)):
            due = began + number / per_second
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(one(ask, request, due))
    sent.cpu_ms = 1000 * (time.process_time() - cpu) / len(asked)
    return sent


def send(url: str, asked: Sequence[Ask], per_second: float) -> Sent:
    """Send each request at its time, from a loop of its own; returns when all are answered."""
    return uvloop.run(_send(url, asked, per_second))
