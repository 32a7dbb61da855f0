"""What an autoscaler needs to know: work per slot, by class and overall, and how busy CPUs are.

Exported from PostgreSQL, because a broker's queue length shows neither what still waits in the
table nor what is running. Pressure 1 means: as much work as slots. Scale on the queue first, since
workers that wait for providers leave their CPUs idle.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from myriad.kit.clock import utc_now
from myriad.scale.data import ReadSession
from myriad.scale.jobs.measures import (
    LIVE,
    OLDEST_SECONDS,
    PRESSURE,
    READY_PLUS_RUNNING,
    SLOTS,
    WORKER_CPU,
    WORKERS,
)
from myriad.scale.jobs.store import CLASSES, run

ALL = "all"
_READY = ("queued", "packed")
_RUNNING = ("dispatched", "running")


@dataclass(frozen=True)
class Load:
    """Work of one group of classes and the slots that serve it."""

    ready: int
    running: int
    slots: int

    @property
    def pressure(self) -> float:
        """Jobs ready or under way per slot; without a slot each job counts as a full one."""
        return (self.ready + self.running) / max(self.slots, 1)


def loads(
    jobs: Mapping[tuple[int, str], int], slots_by_class: Mapping[int, int], slots: int
) -> dict[str, Load]:
    """Return the load of each class by its name, and of all of them under 'all'."""
    found = {
        name: Load(
            sum(jobs.get((rank, state), 0) for state in _READY),
            sum(jobs.get((rank, state), 0) for state in _RUNNING),
            slots_by_class.get(rank, 0),
        )
        for rank, name in enumerate(CLASSES)
    }
    ready, running = (
        sum(each.ready for each in found.values()),
        sum(each.running for each in found.values()),
    )
    return {**found, ALL: Load(ready, running, slots)}


class Meter:
    """Brings the gauges of the queue up to date."""

    async def measure(self, session: ReadSession) -> dict[str, Load]:
        """Read the whole queue, set every gauge, and return the loads by class and 'all'."""
        jobs = {
            (row.job_class, row.state): int(row.jobs)
            for row in await run(session, "measure_queue", {})
        }
        workers = [row for row in await run(session, "list_workers", {}) if row.is_live]
        await self._measure_ages(session)
        by_class: dict[int, int] = defaultdict(int)
        open_workers = [row for row in workers if not row.is_draining]
        for row in open_workers:
            for rank in row.classes:
                by_class[rank] += row.slots
        found = loads(jobs, by_class, sum(row.slots for row in open_workers))
        _show_jobs(jobs)
        _show_workers(workers)
        for name, load in found.items():
            PRESSURE.labels(name).set(load.pressure)
            READY_PLUS_RUNNING.labels(name).set(load.ready + load.running)
            SLOTS.labels(name).set(load.slots)
        return found

    async def _measure_ages(self, session: ReadSession) -> None:
        now, oldest = utc_now().timestamp(), dict.fromkeys(range(len(CLASSES)), 0.0)
        # What a suspended account has waiting waits on purpose, and nobody need be woken for it.
        held = {row.id for row in await run(session, "list_suspended", {})}
        for query in ("find_queued_lanes", "find_packed_lanes"):
            for row in await run(session, query, {}):
                if row.tenant_id not in held:
                    oldest[row.job_class] = max(oldest[row.job_class], now - row.since)
        for rank, seconds in oldest.items():
            OLDEST_SECONDS.labels(CLASSES[rank], "queued").set(seconds)


def _show_jobs(jobs: Mapping[tuple[int, str], int]) -> None:
    LIVE.clear()
    for (rank, state), number in jobs.items():
        LIVE.labels(CLASSES[rank], state).set(number)


def _show_workers(workers: Iterable[Row[Any]]) -> None:
    live = list(workers)
    WORKERS.labels("draining").set(sum(row.is_draining for row in live))
    WORKERS.labels("serving").set(sum(not row.is_draining for row in live))
    shares = [row.cpu_share for row in live if row.cpu_share is not None]
    WORKER_CPU.set(sum(shares) / len(shares) if shares else 0.0)
