"""Natural batching: what is asked while a statement is under way goes together in the next one.

A lone request waits for nobody; a crowd shares one round trip and one flush of the disk. The size
of a batch follows the load by itself, so that there is no delay to choose.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

LARGEST = 500


class Gathering(Generic[ItemT, ResultT]):
    """Sends items in batches of at most `largest`, one batch at a time, in the order of asking.

    `send` returns one result an item, in order. When it fails for a batch each item is sent
    alone, so that only the culprit's caller sees the error; errors of the kinds `shared` concern
    all of them and are not tried again.
    """

    def __init__(
        self,
        send: Callable[[Sequence[ItemT]], Awaitable[Sequence[ResultT]]],
        *,
        largest: int = LARGEST,
        shared: tuple[type[Exception], ...] = (),
    ) -> None:
        self._send = send
        self._largest = largest
        self._shared = shared
        self._waiting: list[tuple[ItemT, asyncio.Future[ResultT]]] = []
        self._serving: asyncio.Task[None] | None = None

    async def ask(self, item: ItemT) -> ResultT:
        """Send `item` with the next batch and return its result, or raise its error."""
        future: asyncio.Future[ResultT] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve())
        return await future

    async def _serve(self) -> None:
        try:
            while self._waiting:
                batch = self._waiting[: self._largest]
                del self._waiting[: self._largest]
                await self._deliver(batch)
        finally:
            self._serving = None

    async def _deliver(self, batch: list[tuple[ItemT, asyncio.Future[ResultT]]]) -> None:
        try:
            results = await self._send([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - it is raised where it was asked
            if len(batch) > 1 and not isinstance(error, self._shared):
                for single in batch:
                    await self._deliver([single])
                return
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)
