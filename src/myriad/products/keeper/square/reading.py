"""Reading one stream: windows from new to old, a page at a time, resumable after every page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from myriad.products.keeper.square import progress
from myriad.products.keeper.square.client import Field, Span
from myriad.products.keeper.square.errors import CursorExpiredError, RepeatedCursorError
from myriad.products.keeper.square.mapping import Places
from myriad.products.keeper.square.pages import Page, iter_pages
from myriad.products.keeper.square.progress import Place, Position
from myriad.products.keeper.square.storage import store
from myriad.products.keeper.square.streams import REREAD, Read, Stream
from myriad.products.keeper.square.work import Work

OVERLAP = timedelta(hours=2)


@dataclass
class Tally:
    """What a sync has done so far, over all streams."""

    pages: int = 0
    rows: int = 0
    changed: int = 0
    quarantined: int = 0


@dataclass
class Reader:
    """Reads one stream into the tables."""

    work: Work
    places: Places
    stream: Stream
    place: Place
    tally: Tally
    position: Position = field(default_factory=Position)

    async def backfill(self, now: datetime) -> None:
        """Read everything, newest first, going on from where an earlier attempt was killed."""
        if self.position.watermark is None:
            self.position = replace(self.position, watermark=now)
        length = self.stream.window
        while self.position.phase == "backfill":
            self._begin_window(length)
            before = self.tally.rows
            await self._read_window(self.stream.read, "created_at")
            length = self._next_length(length, is_empty=self.tally.rows == before)
            await self._end_window()

    async def increment(self, now: datetime) -> None:
        """Read what changed since the watermark, two hours of overlap included."""
        read = self.stream.changes
        if read is None:
            await self.reread(self.stream.reread_from or now - REREAD, now)
            return
        if not self.position.is_in_window:
            since = (self.position.watermark or self.stream.oldest) - OVERLAP
            self.position = self.position.in_window(since, now)
        await self._read_window(read, "updated_at")
        await self._settle(self.position.window_end or now)

    async def reread(self, begin: datetime, now: datetime) -> None:
        """Read everything created from `begin` on again, for what came late with an old date."""
        end = self.stream.newest
        step = self.stream.longest_window or end - begin
        while True:
            start = max(begin, end - step) if self.stream.window else begin
            self.position = self.position.in_window(start, end)
            await self._read_window(self.stream.read, "created_at")
            if start <= begin:
                break
            end = start
        await self._settle(now)

    def _begin_window(self, length: timedelta | None) -> None:
        if self.position.is_in_window:
            return
        end = self.position.window_end or self.stream.newest
        start = self.stream.oldest if length is None else max(self.stream.oldest, end - length)
        self.position = self.position.in_window(start, end)

    def _next_length(self, length: timedelta | None, *, is_empty: bool) -> timedelta | None:
        if length is None or self.stream.longest_window is None or not is_empty:
            return self.stream.window
        return min(length * 2, self.stream.longest_window)

    async def _end_window(self) -> None:
        start = self.position.window_start
        if start is None or start <= self.stream.oldest:
            self.position = replace(
                self.position, phase="increment", cursor=None, window_start=None, window_end=None
            )
        else:
            self.position = replace(self.position, cursor=None, window_start=None, window_end=start)
        await self._save()

    async def _settle(self, watermark: datetime) -> None:
        self.position = replace(
            self.position, watermark=watermark, cursor=None, window_start=None, window_end=None
        )
        await self._save()

    async def _read_window(self, read: Read, by: Field) -> None:
        try:
            await self._read_pages(read, by)
        except CursorExpiredError:
            if self.position.cursor is None:
                raise
            # The mark was stored too long ago; rows are written once however often they are read.
            self.position = replace(self.position, cursor=None)
            await self._read_pages(read, by)
        except RepeatedCursorError:
            await self.work.session.rollback()
            self.position = replace(self.position, cursor=None)
            await self._save()
            raise

    async def _read_pages(self, read: Read, by: Field) -> None:
        start, end = self.position.window_start, self.position.window_end
        assert start is not None
        assert end is not None
        span = Span(start, end, by)
        pages = iter_pages(lambda cursor: read(span, cursor), self.position.cursor)
        async with read_ahead(pages) as ahead:
            async for page in ahead:
                await self._store(page)

    async def _store(self, page: Page) -> None:
        stored = await store(self.work.session, self.stream.kind, page.items, self.places)
        rows = self.position.rows + len(page.items)
        self.position = replace(self.position, cursor=page.cursor, rows=rows)
        await self._save()
        self.tally.pages += 1
        self.tally.rows += len(page.items)
        self.tally.changed += len(stored.changed)
        self.tally.quarantined += stored.quarantined
        await self.work.progress(self.tally.rows, None, self.stream.object.replace("_", " "))

    async def _save(self) -> None:
        await progress.save(self.work.session, self.place, self.position)
        await self.work.checkpoint()


@asynccontextmanager
async def read_ahead(pages: AsyncIterator[Page]) -> AsyncIterator[AsyncIterator[Page]]:
    """Yield the pages while the next one is already being fetched."""
    waiting = asyncio.ensure_future(_next(pages))

    async def each() -> AsyncIterator[Page]:
        nonlocal waiting
        while (page := await waiting) is not None:
            waiting = asyncio.ensure_future(_next(pages))
            yield page

    try:
        yield each()
    finally:
        waiting.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await waiting


async def _next(pages: AsyncIterator[Page]) -> Page | None:
    return await anext(pages, None)
