"""The reaper: jobs whose worker fell silent or whose message was lost go back to the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from myriad.kit.errors import UnavailableError
from myriad.scale.data import Database, Session
from myriad.scale.jobs.broker import Publisher
from myriad.scale.jobs.measures import LIVE, OLDEST_SECONDS, REAPED
from myriad.scale.jobs.store import run
from myriad.scale.observe.logs import get_logger

EVERY_SECONDS = 3.0
BATCH = 500
LOST_MESSAGE_SECONDS = 10.0
WAITING_MESSAGE_SECONDS = 600.0
KEEP_DAYS = 7
KEEP_DEAD_DAYS = 90
_ROUNDS_PER_PRUNE = 100
_log = get_logger(__name__)


@dataclass(frozen=True)
class Reaped:
    """How many jobs one round took back."""

    from_workers: int
    from_broker: int
    died: int


@dataclass
class Reaper:
    """Takes back what workers and broker have lost; several at once are harmless."""

    database: Database
    publisher: Publisher

    async def reap(self) -> Reaped:
        """Run one round over at most 500 jobs of each kind.

        A dispatched job is stale after ten seconds when the broker's queue is empty, since its
        message must then be lost; while messages wait there, only after ten minutes.
        """
        stale_seconds = await self._stale_seconds()
        async with self.database.crossing("reap lost jobs") as session:
            lost = list(await run(session, "reap_expired", {"limit": BATCH}))
            await _follow_up(session, lost)
            facts = {"limit": BATCH, "stale_seconds": stale_seconds}
            from_broker = (await run(session, "reap_dispatched", facts)).rowcount
        return _counted(lost, from_broker)

    async def _stale_seconds(self) -> float:
        try:
            backlog = await asyncio.to_thread(self.publisher.backlog)
        except UnavailableError:
            return WAITING_MESSAGE_SECONDS
        return WAITING_MESSAGE_SECONDS if backlog else LOST_MESSAGE_SECONDS

    async def prune(self) -> int:
        """Delete jobs that ended long ago and return how many."""
        async with self.database.crossing("prune finished jobs") as session:
            await run(session, "forget_workers", {})
            facts = {"limit": 10 * BATCH, "days": KEEP_DAYS, "dead_days": KEEP_DEAD_DAYS}
            return (await run(session, "prune_finished", facts)).rowcount

    async def measure(self) -> None:
        """Bring the gauges of the queue up to date."""
        async with self.database.crossing("measure the queue") as session:
            rows = list(await run(session, "measure_queue", {}))
        LIVE.clear()
        OLDEST_SECONDS.clear()
        for row in rows:
            LIVE.labels(row.job_class, row.state).set(row.jobs)
            OLDEST_SECONDS.labels(row.job_class, row.state).set(row.oldest_seconds)

    async def serve(self) -> None:
        """Reap until cancelled, and now and then prune."""
        number = 0
        while True:
            try:
                await self.reap()
                await self.measure()
                if number % _ROUNDS_PER_PRUNE == 0:
                    await self.prune()
            except Exception as error:  # noqa: BLE001 - the loop outlives any outage
                _log.warning("reap_failed", error=str(error))
            number += 1
            await asyncio.sleep(EVERY_SECONDS)


async def release_jobs_of(session: Session, worker_ids: Iterable[UUID]) -> int:
    """Take back every job of workers that are known to be dead and return how many."""
    lost = list(await run(session, "reap_workers_jobs", {"worker_ids": list(worker_ids)}))
    await _follow_up(session, lost)
    return _counted(lost, 0).from_workers


async def _follow_up(session: Session, lost: list[Row[Any]]) -> None:
    for row in lost:
        if row.state == "dead" and row.again_at is not None:
            await run(session, "enqueue_again", {"tenant_id": row.tenant_id, "id": row.id})


def _counted(lost: list[Row[Any]], from_broker: int) -> Reaped:
    died = sum(row.state == "dead" for row in lost)
    if lost:
        _log.warning("jobs_reaped", jobs=len(lost), died=died)
    REAPED.labels("worker").inc(len(lost))
    REAPED.labels("broker").inc(from_broker)
    return Reaped(len(lost), from_broker, died)
