"""The dispatcher's memory of who has work: found by looking and by listening, kept for a successor.

Everything here can be lost at any time: lanes are found again by a loose index scan that takes at
most a twentieth of the time, virtual finish times are written down about once a second.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from myriad.scale.data.database import NOBODY
from myriad.scale.jobs.fairness import SHARES, FairQueue, Flow
from myriad.scale.jobs.lines import Line

WEIGHTS_BY_PLAN: Mapping[str, float] = {
    "free": 0.5,
    "standard": 1.0,
    "pro": 2.0,
    "enterprise": 4.0,
}
BUSY_SHARE = 0.05
LONGEST_PAUSE_SECONDS = 30.0
_FEWEST = 5000
_PARTS_OF_PAYLOAD = 3


@dataclass
class Pace:
    """How often something may be done that takes a while: at most `share` of the time."""

    shortest_seconds: float
    share: float = BUSY_SHARE
    longest_seconds: float = LONGEST_PAUSE_SECONDS
    _next: float = 0.0
    _began: float = 0.0

    def is_due(self) -> bool:
        """Return whether it is time, and take that as the beginning."""
        self._began = time.monotonic()
        return self._began >= self._next

    def ended(self) -> None:
        """Say that it was done."""
        now = time.monotonic()
        pause = min((now - self._began) / self.share, self.longest_seconds)
        self._next = now + max(pause, self.shortest_seconds)

    def hurry(self) -> None:
        """Let it be due at once."""
        self._next = 0.0


@dataclass
class Flows:
    """The fair queue, fed from the database."""

    line: Line
    weights_by_plan: Mapping[str, float] = field(default_factory=lambda: dict(WEIGHTS_BY_PLAN))
    queue: FairQueue = field(default_factory=FairQueue)
    looking: Pace = field(default_factory=lambda: Pace(1.0))
    weighing: Pace = field(default_factory=lambda: Pace(5.0))
    keeping: Pace = field(default_factory=lambda: Pace(1.0))
    _weights: dict[UUID, float] = field(default_factory=dict)
    _kept: dict[tuple[UUID, int], float] = field(default_factory=dict)
    served: dict[tuple[UUID, int], Flow] = field(default_factory=dict)

    async def look(self) -> None:
        """Find every lane that has work."""
        for query in ("find_queued_lanes", "find_packed_lanes"):
            for row in await self.line.rows(query):
                self.add(row.tenant_id, row.job_class, row.task_id, row.is_packed, row.since)
        self.queue.prune()
        self.looking.ended()

    def add(
        self, tenant_id: UUID, job_class: int, task_id: int, is_packed: bool, since: float
    ) -> None:
        """Note that a lane has work."""
        weight = self._weights.get(tenant_id, 1.0)
        self.queue.add((tenant_id, job_class, task_id, is_packed), since, weight)

    def hear(self, payload: str) -> None:
        """Note what a notification 'tenant:class:task' says; an empty one says: look yourself."""
        parts = payload.split(":")
        try:
            tenant_id, job_class, task_id = UUID(parts[0]), int(parts[1]), int(parts[2])
        except (ValueError, IndexError):
            self.looking.hurry()
            return
        now = time.time()
        if len(parts) == _PARTS_OF_PAYLOAD and 0 <= job_class < len(SHARES):
            self.add(tenant_id, job_class, task_id, False, now)
            self.add(tenant_id, job_class, task_id, True, now)

    async def weigh(self) -> None:
        """Read which plan each tenant has."""
        self._weights = {
            row.id: weight
            for row in await self.line.rows("read_plans")
            if (weight := self.weights_by_plan.get(row.plan, 1.0)) != 1.0
        }
        self.weighing.ended()

    async def restore(self) -> None:
        """Take up the virtual times that a predecessor wrote down."""
        rows = await self.line.rows("read_flows")
        for row in rows:
            if row.tenant_id == NOBODY:
                self.queue.restore(row.job_class, row.virtual_finish_time)
        for row in rows:
            if row.tenant_id != NOBODY:
                flow = self.queue.flow(row.tenant_id, row.job_class)
                flow.finish = max(flow.finish, row.virtual_finish_time)

    async def keep(self) -> None:
        """Take in what completed jobs cost more or less, and write virtual times down."""
        for row in await self.line.rows("take_corrections", limit=_FEWEST):
            self._correct(row)
        await self._write()
        self.keeping.ended()

    def _correct(self, row: Any) -> None:
        flow = self.queue.flow(row.tenant_id, row.job_class)
        self.queue.correct(flow, row.correction)
        self.served[row.tenant_id, row.job_class] = flow

    async def _write(self) -> None:
        if not self.served:
            return
        served, self.served = self.served, {}
        times = [(key, flow.finish) for key, flow in served.items()]
        ranks = sorted({job_class for _, job_class in served})
        times += [((NOBODY, rank), self.queue.virtual_time(rank)) for rank in ranks]
        await self.line.rows("keep_flows", **_columns(times))


def _columns(times: Iterable[tuple[tuple[UUID, int], float]]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {"tenant_ids": [], "job_classes": [], "finish_times": []}
    for (tenant_id, job_class), finish in times:
        columns["tenant_ids"].append(tenant_id)
        columns["job_classes"].append(job_class)
        columns["finish_times"].append(finish)
    return columns
