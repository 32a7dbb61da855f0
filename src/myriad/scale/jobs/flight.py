"""Batches on their way: up to two being written at once, and the one before being published.

Two statements side by side keep two of PostgreSQL's processes busy. They never share a lane, since
each would pass over what the other holds and take the lane for empty.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from myriad.scale.jobs.taking import Batch

WRITERS = 2


@dataclass
class Flight:
    """The batches of one round, in the order in which they were chosen."""

    writing: deque[tuple[asyncio.Task[Batch], Batch]] = field(default_factory=deque)
    begun: int = 0
    published: int = 0
    _taken: Batch | None = None
    _sending: asyncio.Task[int] | None = None

    def begin(self, batch: Batch, work: Coroutine[Any, Any, Batch]) -> None:
        """Let `work` write `batch`; the writer whose turn it is must be free."""
        self.writing.append((asyncio.create_task(work), batch))
        self.begun += 1

    def must_land_before(self, batch: Batch) -> bool:
        """Whether the oldest batch has to be written before `batch` may begin, or the round end."""
        if not self.writing:
            return False
        if not batch.jobs or len(self.writing) == WRITERS:
            return True
        return any(not batch.lanes.isdisjoint(other.lanes) for _, other in self.writing)

    async def written(self) -> Batch:
        """Return the oldest batch once it is written."""
        self._taken = await self.writing.popleft()[0]
        return self._taken

    def send(self, publish: Callable[[Batch], Coroutine[Any, Any, int]]) -> None:
        """Begin to publish what was written last."""
        if self._taken is not None:
            self._sending = asyncio.create_task(publish(self._taken))
            self._taken = None

    async def sent(self) -> int:
        """Wait for what is being published and return how many jobs were, in all."""
        if self._sending is not None:
            sending, self._sending = self._sending, None
            self.published += await sending
        return self.published

    async def abandoned(self) -> list[Batch]:
        """Wait for everything under way and return what was written and will not be published."""
        if self._sending is not None:
            await asyncio.gather(self._sending, return_exceptions=True)
        tasks = [task for task, _ in self.writing]
        written = await asyncio.gather(*tasks, return_exceptions=True)
        self.writing.clear()
        left = [] if self._taken is None else [self._taken]
        return left + [batch for batch in written if isinstance(batch, Batch)]
