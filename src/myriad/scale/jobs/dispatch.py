"""The dispatcher: keeps a short window of jobs in the workers' queue and the rest in PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import AsyncConnection, Error

from myriad.kit.errors import UnavailableError
from myriad.scale.data import Database, Session
from myriad.scale.jobs.broker import Publisher
from myriad.scale.jobs.choice import Chooser, ChosenJob, choose_in_order
from myriad.scale.jobs.measures import DISPATCHED
from myriad.scale.jobs.store import CHANNEL, run
from myriad.scale.observe.logs import get_logger

WINDOW_PER_SLOT = 2
SILENT_SECONDS = 30
PROMOTE_LIMIT = 1000
IDLE_SECONDS = 1.0
FULL_SECONDS = 0.02
_RECONNECT_SECONDS = 5.0
_log = get_logger(__name__)


@dataclass(frozen=True)
class Dispatched:
    """What one round did; `is_full` says that more may wait behind a full window."""

    published: int
    is_full: bool


@dataclass
class Dispatcher:
    """Moves jobs from the table to the workers; several at once are harmless."""

    database: Database
    publisher: Publisher
    choose: Chooser = choose_in_order

    async def dispatch(self, window: int | None = None) -> Dispatched:
        """Promote what is due and fill the window once.

        `window` counts jobs that no worker has claimed yet; by default twice the slots of the
        workers that have shown themselves in the last 30 seconds. Raises UnavailableError, with
        the jobs back in the queue, when the broker is away.
        """
        async with self.database.crossing("dispatch jobs") as session:
            await run(session, "promote_due", {"limit": PROMOTE_LIMIT})
            limit, used = await _measure(session, window)
            chosen = await self.choose(session, limit - used) if limit > used else []
            if chosen:
                await run(session, "mark_dispatched", _keys(chosen))
        if chosen:
            await self._publish(chosen)
        return Dispatched(len(chosen), 0 < limit <= used + len(chosen))

    async def _publish(self, chosen: Sequence[ChosenJob]) -> None:
        try:
            await asyncio.to_thread(self.publisher.publish, chosen)
        except UnavailableError:
            async with self.database.crossing("take back undelivered jobs") as session:
                await run(session, "take_back_dispatched", _keys(chosen))
            raise
        DISPATCHED.inc(len(chosen))

    async def serve(self) -> None:
        """Dispatch until cancelled: on each notification, once a second, and quickly while full."""
        woken = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(_listen(self.database.settings.crossing, woken))
            while True:
                woken.clear()
                is_full = await self._dispatch_or_log()
                await _wait(woken, FULL_SECONDS if is_full else IDLE_SECONDS)

    async def _dispatch_or_log(self) -> bool:
        try:
            return (await self.dispatch()).is_full
        except Exception as error:  # noqa: BLE001 - the loop outlives any outage
            _log.warning("dispatch_failed", error=str(error))
            await asyncio.sleep(IDLE_SECONDS)
            return False


async def _measure(session: Session, window: int | None) -> tuple[int, int]:
    """Return how many jobs may be on their way to workers, and how many are."""
    found = (await run(session, "measure_window", {"silent_seconds": SILENT_SECONDS})).one()
    limit = WINDOW_PER_SLOT * int(found.slots) if window is None else window
    return limit, int(found.dispatched)


def _keys(chosen: Sequence[ChosenJob]) -> dict[str, object]:
    return {
        "tenant_ids": [job.tenant_id for job in chosen],
        "ids": [job.job_id for job in chosen],
    }


async def _wait(woken: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(woken.wait(), seconds)


async def _listen(url: str, woken: asyncio.Event) -> None:
    """Set `woken` at each notification; without a listener the once-a-second look remains."""
    while True:
        try:
            async with await AsyncConnection.connect(url, autocommit=True) as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                async for _ in connection.notifies():
                    woken.set()
        except Error as error:
            _log.info("listen_interrupted", error=str(error))
        await asyncio.sleep(_RECONNECT_SECONDS)
