"""A load as those see it who wait for it: one row, written twice a second, whoever loads.

The row is written through a connection of its own, because the load's is busy with COPY and its
transaction is nobody else's to see.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import psycopg

from myriad.kit.errors import MyriadError
from myriad.kit.ids import new_id
from myriad.products.upswitch.registry.kbo.extract import Extract
from myriad.products.upswitch.registry.kbo.files import FILES
from myriad.products.upswitch.registry.sql import QUERIES
from myriad.scale.data import Database

Told = Callable[[str, int, int], None]

WHOLE = 1000
"""A load is this many parts long."""
_OF_FILES = 700
_INDEX = "index"
_EVERY_SECONDS = 0.5


@dataclass
class Progress:
    """How far a load is, in thousandths: reading the files is seven tenths of it.

    `tell` may be called from any thread; what it leaves is a name and a number.
    """

    sizes: dict[str, int]
    step: str = ""
    done: int = 0
    _read: dict[str, int] = field(default_factory=dict)

    def tell(self, step: str, done: int, total: int) -> None:
        """Note that `done` of `total` of a step are behind us."""
        self.step = step
        if step == _INDEX:
            self.done = _OF_FILES + (WHOLE - _OF_FILES) * done // (total or 1)
            return
        self._read[step] = done
        whole = sum(self.sizes.values()) or 1
        self.done = max(self.done, _OF_FILES * sum(self._read.values()) // whole)


@asynccontextmanager
async def noted(
    database: Database, extract: Extract, file: str, also: Told | None = None
) -> AsyncIterator[Told]:
    """Keep the row of a load while the block runs, and how it ended.

    Only for who holds the lock of the registry: loads that still look alive are dead, and are
    marked so. `also` hears what is told.
    """
    sizes = {f"{each.stem}.csv": extract.size_bytes(f"{each.stem}.csv") for each in FILES}
    progress, load_id = Progress(sizes), new_id()

    def tell(step: str, done: int, total: int) -> None:
        progress.tell(step, done, total)
        if also is not None:
            also(step, done, total)

    connection = await psycopg.AsyncConnection.connect(
        database.settings.crossing, autocommit=True, application_name="myriad-registry-progress"
    )
    async with connection:
        await connection.execute(QUERIES["end_dead_kbo_loads"])
        facts = {"id": load_id, "file": file, "number": extract.meta.number}
        await connection.execute(
            QUERIES["begin_kbo_load"], facts | {"is_full": extract.meta.is_full}
        )
        writing = asyncio.create_task(_write(connection, load_id, progress))
        try:
            yield tell
        except BaseException as error:
            await _end(connection, writing, load_id, "failed", _words(error))
            raise
        await _end(connection, writing, load_id, "done", "")


def _words(error: BaseException) -> str:
    return error.detail if isinstance(error, MyriadError) else type(error).__name__


async def _write(
    connection: psycopg.AsyncConnection[object], load_id: UUID, progress: Progress
) -> None:
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        facts = {"id": load_id, "step": progress.step, "done": progress.done, "total": WHOLE}
        await connection.execute(QUERIES["tell_kbo_load"], facts)


async def _end(
    connection: psycopg.AsyncConnection[object],
    writing: asyncio.Task[None],
    load_id: UUID,
    state: str,
    detail: str,
) -> None:
    writing.cancel()
    with contextlib.suppress(asyncio.CancelledError, psycopg.Error):
        await writing
    facts = {"id": load_id, "state": state, "detail": detail[:500], "total": WHOLE}
    with contextlib.suppress(psycopg.Error):
        await connection.execute(QUERIES["end_kbo_load"], facts)
