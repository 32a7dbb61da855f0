"""A network that cuts connections at the worst moment: when the server has done it but not said so."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

_CHUNK_BYTES = 65_536


@dataclass
class CuttingProxy:
    """Passes bytes on to `target`; with a chance of `share`, an answer ends the connection instead.

    The server has then carried out what it was asked, a COMMIT for instance, and the client cannot
    know. Nothing is cut before `is_cutting`, and only answers to questions that hold `word`.
    """

    target: int
    dice: random.Random
    share: float
    word: bytes = b""
    port: int = 0
    cuts: int = 0
    is_cutting: threading.Event = field(default_factory=threading.Event)
    is_ready: threading.Event = field(default_factory=threading.Event)
    _ending: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: asyncio.AbstractEventLoop | None = None

    def run(self) -> None:
        """Serve on a free port until `stop`; blocks its thread."""
        asyncio.run(self._serve())

    def stop(self) -> None:
        """End `run` from another thread."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._ending.set)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self.is_ready.set()
        # Not `async with`, which would wait for clients that stay connected.
        await self._ending.wait()
        server.close()

    async def _pass(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        # asyncio's streams complain of a connection whose task was cancelled, as at the end.
        with suppress(OSError, asyncio.CancelledError):
            server, to_server = await asyncio.open_connection("127.0.0.1", self.target)
            asked = bytearray()
            asking = asyncio.create_task(self._ask(client, to_server, asked))
            try:
                await self._answer(server, to_client, asked)
            finally:
                asking.cancel()
                to_server.transport.abort()
        to_client.transport.abort()

    async def _ask(
        self, client: asyncio.StreamReader, to_server: asyncio.StreamWriter, asked: bytearray
    ) -> None:
        with suppress(OSError):
            while data := await client.read(_CHUNK_BYTES):
                asked += data
                to_server.write(data)
                await to_server.drain()
            to_server.close()

    async def _answer(
        self, server: asyncio.StreamReader, to_client: asyncio.StreamWriter, asked: bytearray
    ) -> None:
        while data := await server.read(_CHUNK_BYTES):
            if self._cuts_now(asked):
                self.cuts += 1
                return
            asked.clear()
            to_client.write(data)
            await to_client.drain()

    def _cuts_now(self, asked: bytearray) -> bool:
        return self.is_cutting.is_set() and self.word in asked and self.dice.random() < self.share

    def url(self, url: str) -> str:
        """Return `url` by way of this proxy."""
        parts = urlsplit(url)
        login = parts.netloc.rpartition("@")[0]
        return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{self.port}"))


@contextmanager
def cutting(
    target: int, dice: random.Random, share: float, word: bytes = b""
) -> Iterator[CuttingProxy]:
    """Run a proxy in a thread of its own."""
    proxy = CuttingProxy(target, dice, share, word)
    thread = threading.Thread(target=proxy.run, daemon=True)
    thread.start()
    assert proxy.is_ready.wait(10), "the proxy does not listen"
    try:
        yield proxy
    finally:
        proxy.stop()
        thread.join(10)
