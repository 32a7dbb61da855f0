"""The reaper: jobs whose worker fell silent or whose message was lost go back to the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import Row

from myriad.kit.errors import UnavailableError
from myriad.scale.data import Database, Session
from myriad.scale.jobs.flows import Pace
from myriad.scale.jobs.measures import REAPED
from myriad.scale.jobs.scaling import Meter
from myriad.scale.jobs.slices import unpack_slices
from myriad.scale.jobs.store import run
from myriad.scale.observe.logs import get_logger

EVERY_SECONDS = 3.0
BATCH = 500
POISON_LOSSES = 3
LOST_MESSAGE_SECONDS = 10.0
KEEP_DAYS = 7
KEEP_DEAD_DAYS = 90
PARTITION_DAYS_AHEAD = 3
_PRUNE_SECONDS = 300.0
_POISON = {
    "code": "poison",
    "detail": f"the job's worker ended in the middle of it {POISON_LOSSES} times",
}
_SILENT = {"code": "worker_lost", "detail": "the worker fell silent in the middle of the job"}
_ENDED = {"code": "worker_lost", "detail": "the worker ended in the middle of the job"}
_log = get_logger(__name__)


class Queues(Protocol):
    """What knows the workers' queues at the broker; blocks and raises UnavailableError."""

    def lengths(self, worker_names: Iterable[str], /) -> dict[str, int]:
        """Return how many bundles wait for each worker."""

    def forget(self, worker_names: Iterable[str], /) -> None:
        """Delete the queues of workers that are gone."""


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
    publisher: Queues
    meter: Meter = field(default_factory=Meter)
    _pruning: Pace = field(
        default_factory=lambda: Pace(_PRUNE_SECONDS, longest_seconds=10 * _PRUNE_SECONDS)
    )
    _counting: Pace = field(default_factory=lambda: Pace(1.0))
    _was_away: bool = True

    async def reap(self, *, spares_leases: bool = False) -> Reaped:
        """Run one round over at most 500 jobs of each kind.

        A running job is taken back when its lease has run out, unless this round spares leases; a
        dispatched one at once when its worker is gone, and after ten seconds when its worker is
        idle and its queue is empty, since its message must then be lost.
        """
        async with self.database.crossing("reap lost jobs") as session:
            limit = {"limit": 0 if spares_leases else BATCH}
            found = list(await run(session, "reap_expired", limit))
            lost = await _lose(session, found, _SILENT)
            facts = {"limit": BATCH, "stale_seconds": 0.0}
            await unpack_slices(session, are_orphans=True)
            from_broker = _sum(await run(session, "reap_dispatched", facts))
            workers = list(await run(session, "list_workers", {}))
        from_broker += await self._reap_unheard(workers)
        return _counted(lost, from_broker)

    async def _reap_unheard(self, workers: Sequence[Row[Any]]) -> int:
        idle = {each.name: each.id for each in workers if each.is_live and each.busy < each.slots}
        try:
            lengths = await asyncio.to_thread(self.publisher.lengths, list(idle))
        except UnavailableError:
            return 0
        silent = [worker_id for name, worker_id in idle.items() if not lengths.get(name)]
        if not silent:
            return 0
        facts = {"limit": BATCH, "stale_seconds": LOST_MESSAGE_SECONDS, "worker_ids": silent}
        async with self.database.crossing("reap lost messages") as session:
            await unpack_slices(session, worker_ids=silent, stale_seconds=LOST_MESSAGE_SECONDS)
            return _sum(await run(session, "reap_unheard", facts))

    async def prune(self) -> int:
        """Delete what ended long ago, and what belongs to workers and tenants that are gone.

        Returns how many dead letters were deleted; finished jobs go with their day's partition,
        and what still waited for a dead letter is cancelled.
        """
        async with self.database.crossing("prune finished jobs") as session:
            days = {"days_ahead": PARTITION_DAYS_AHEAD, "keep_days": KEEP_DAYS}
            await run(session, "keep_partitions", days)
            facts = {"limit": 10 * BATCH, "days": KEEP_DAYS}
            await run(session, "prune_steps", facts)
            await run(session, "prune_edges", facts)
            gone = (await run(session, "find_gone_tenants", {})).scalars().all()
            if gone:
                await run(session, "forget_tenants", {"tenant_ids": list(gone)})
            dead = {"limit": 10 * BATCH, "days": KEEP_DEAD_DAYS}
            pruned = (await run(session, "prune_dead", dead)).all()
            parents = [row for row in pruned if row.graph_id is not None]
            if parents:
                columns = {"tenant_ids": [row.tenant_id for row in parents]}
                await run(
                    session, "cancel_descendants", columns | {"ids": [row.id for row in parents]}
                )
            return len(pruned)

    async def forget_workers(self) -> int:
        """Forget workers silent for a minute, their queues first, and return how many."""
        async with self.database.crossing("forget workers that are gone") as session:
            gone = (await run(session, "forget_workers", {})).scalars().all()
            if gone:
                await asyncio.to_thread(self.publisher.forget, list(gone))
        return len(gone)

    async def count(self) -> None:
        """Count the backlog, for the capacity of the queue and for the gauges."""
        async with self.database.crossing("count the backlog") as session:
            await run(session, "count_backlog", {})
            await self.meter.measure(session)
        self._counting.ended()

    async def serve(self) -> None:
        """Reap until cancelled, count as often as that is cheap, and now and then prune."""
        while True:
            try:
                await self._round()
            except Exception as error:  # noqa: BLE001 - the loop outlives any outage
                _log.warning("reap_failed", error=str(error))
            await asyncio.sleep(EVERY_SECONDS)

    async def _round(self) -> None:
        # While PostgreSQL was away no worker could extend a lease; they speak up within a second.
        was_away, self._was_away = self._was_away, True
        await self.reap(spares_leases=was_away)
        self._was_away = False
        if self._counting.is_due():
            await self.count()
        if self._pruning.is_due():
            await self.prune()
            self._pruning.ended()
        await self.forget_workers()


async def release_jobs_of(session: Session, worker_ids: Iterable[UUID]) -> int:
    """Take back every running job of workers that are known to be dead and return how many."""
    facts = {"worker_ids": list(worker_ids)}
    found = list(await run(session, "find_jobs_of_workers", facts))
    lost = await _lose(session, found, _ENDED)
    await unpack_slices(session, worker_ids=facts["worker_ids"])
    unheard = {**facts, "limit": 10 * BATCH, "stale_seconds": 0.0}
    await run(session, "reap_unheard", unheard)
    return _counted(lost, 0).from_workers


async def _lose(
    session: Session, found: Sequence[Row[Any]], error: dict[str, str]
) -> list[Row[Any]]:
    if not found:
        return []
    facts = {
        "tenant_ids": [row.tenant_id for row in found],
        "job_classes": [row.job_class for row in found],
        "task_ids": [row.task_id for row in found],
        "ids": [row.id for row in found],
        "poison_losses": POISON_LOSSES,
        "poison": Jsonb(_POISON),
        "error": Jsonb(error),
    }
    return list(await run(session, "lose_jobs", facts))


def _sum(rows: Iterable[Row[Any]]) -> int:
    return sum(int(row.jobs) for row in rows)


def _counted(lost: list[Row[Any]], from_broker: int) -> Reaped:
    died = sum(row.state == "dead" for row in lost)
    if lost:
        _log.warning("jobs_reaped", jobs=len(lost), died=died)
    REAPED.labels("worker").inc(len(lost))
    REAPED.labels("broker").inc(from_broker)
    return Reaped(len(lost), from_broker, died)
