"""Turns: of all processes that miss an entry at once, one makes it and the others wait."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from myriad.scale.cache.store import Store, StoreAwayError

_FIRST_LOOK_SECONDS = 0.01
_LONGEST_LOOK_SECONDS = 0.2
_LEASE_SECONDS = 6.0


class Turns:
    """Who makes the entry at an address; `store` None means that everybody does."""

    def __init__(self, store: Store | None) -> None:
        self._store = store

    async def take(self, at: str, seconds: float) -> bytes | None:
        """Take the turn for so long and return its token; None while another process has it."""
        token = secrets.token_hex(8).encode()
        try:
            free = self._store is None or await self._store.write_new(_lock(at), token, seconds)
        except StoreAwayError:
            return token
        return token if free else None

    async def release(self, at: str, token: bytes) -> None:
        """Give the turn back, if it is still held."""
        try:
            if self._store is not None:
                await self._store.release(_lock(at), token)
        except StoreAwayError:
            return

    async def finish(self, at: str, token: bytes, data: bytes, seconds: float) -> None:
        """Write what the turn was taken for and give the turn back."""
        try:
            if self._store is not None:
                await self._store.write_and_release(at, data, seconds, _lock(at), token)
        except StoreAwayError:
            return

    @asynccontextmanager
    async def held(self, at: str) -> AsyncIterator[bool]:
        """Hold the turn for the block, however long that takes; False while another holds it.

        It is a lease that is renewed: when its process dies the turn is free six seconds later.
        """
        token = await self.take(at, _LEASE_SECONDS)
        if token is None:
            yield False
            return
        renewing = asyncio.create_task(self._renew(at, token))
        try:
            yield True
        finally:
            renewing.cancel()
            await asyncio.shield(self.release(at, token))

    async def _renew(self, at: str, token: bytes) -> None:
        while self._store is not None:
            await asyncio.sleep(_LEASE_SECONDS / 3)
            try:
                await self._store.write(_lock(at), token, _LEASE_SECONDS)
            except StoreAwayError:
                continue

    async def wait(
        self, at: str, seconds: float, is_news: Callable[[bytes], bool] = lambda _: True
    ) -> bytes | None:
        """Return what the one with the turn wrote; None when it wrote nothing, or not in time.

        `is_news` tells what it wrote from what was there before.
        """
        pause, end = _FIRST_LOOK_SECONDS, time.monotonic() + seconds
        while self._store is not None and time.monotonic() < end:
            await asyncio.sleep(min(pause, max(0.0, end - time.monotonic())))
            pause = min(pause * 1.5, _LONGEST_LOOK_SECONDS)
            try:
                data, held = await self._store.read(at, _lock(at))
            except StoreAwayError:
                return None
            if data is not None and is_news(data):
                return data
            if held is None:
                return None
        return None


def _lock(at: str) -> str:
    return f"{at}:lock"
