"""What the dispatcher knows of workers, limits and jobs under way, read anew all the time."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from uuid import UUID

from myriad.scale.jobs.affinity import DEFAULT_SECONDS, Floor, Worker, room_key
from myriad.scale.jobs.fairness import Admit, FairQueue, Grant, Lane, Refusal
from myriad.scale.jobs.flows import Pace
from myriad.scale.jobs.limits import Limits, TaskFacts, tenant_policy
from myriad.scale.jobs.lines import Line
from myriad.scale.jobs.taking import Ask, Batch

SILENT_SECONDS = 15.0
BUNDLE_SECONDS = 0.05
BUNDLE_JOBS = 50
WINDOW_GROWTH = 4
_EVERY_LANE = 1 << 30


def bundle_size(mean_seconds: float | None) -> int:
    """Return how many jobs of this mean duration one worker's slot takes at once."""
    if mean_seconds is None:
        return 1
    return max(1, min(BUNDLE_JOBS, int(BUNDLE_SECONDS / max(mean_seconds, 1e-6))))


@dataclass
class Standing:
    """Workers, limits and what is under way; decides whether a lane may go, and where to."""

    line: Line
    queue: FairQueue
    floor: Floor = field(default_factory=Floor)
    limits: Limits = field(default_factory=Limits)
    reading: Pace = field(default_factory=lambda: Pace(1.0, longest_seconds=5.0))
    counting: Pace = field(default_factory=lambda: Pace(0.02, share=0.1, longest_seconds=5.0))
    stalled: list[UUID] = field(default_factory=list)
    asked: int = 0

    async def read(self) -> None:
        """Read workers, tasks and limits; what is under way must be counted afterwards."""
        workers = await self.line.rows("read_workers", silent_seconds=SILENT_SECONDS)
        tasks = await self.line.rows("read_tasks")
        limits = await self.line.rows("read_limits")
        full = [row.id for row in workers if row.busy >= row.slots]
        self.stalled = full if len(full) < len(workers) else []
        self.floor.set_workers(
            Worker(row.id, row.name, row.slots, frozenset(row.classes), row.id in self.stalled)
            for row in workers
        )
        self.limits.set(
            {row.key: row.concurrency for row in limits},
            {row.id: TaskFacts(row.name, row.mean_seconds, tuple(row.limit_keys)) for row in tasks},
        )
        self.reading.ended()

    async def count(self) -> None:
        """Count what is under way, and wake the lanes for which there is room again."""
        rows = await self.line.rows("count_under_way")
        self.limits.clear()
        self.floor.clear_loads()
        for row in rows:
            self._put(row.worker_id, row.tenant_id, row.job_class, row.task_id, row.jobs)
        active = {lane.flow.tenant_id for lane in self.queue.lanes()}
        active |= {row.tenant_id for row in rows}
        self.limits.slots_per_tenant = tenant_policy(len(active))
        self._wake()
        self.counting.ended()

    def _put(
        self, worker_id: UUID, tenant_id: UUID, job_class: int, task_id: int, jobs: int
    ) -> None:
        self.limits.add(tenant_id, job_class, task_id, jobs)
        self.floor.put(worker_id, job_class, self.mean_seconds(task_id), jobs)

    def _wake(self) -> None:
        for key in self.queue.keys_rested_on():
            if room := self._room_under(key):
                self.queue.release(key, room)

    def _room_under(self, key: Hashable) -> int:
        if isinstance(key, Lane):
            return 0
        if isinstance(key, tuple):
            _, job_class, task_id = key
            return self.floor.room(job_class, self.mean_seconds(task_id))
        return self.limits.room_under(key)

    def mean_seconds(self, task_id: int) -> float | None:
        """Return how long a job of the task takes on average, if that is known."""
        task = self.limits.tasks.get(task_id)
        return None if task is None else task.mean_seconds

    def choose(self, most: int, now: float) -> Batch:
        """Return up to `most` jobs that may go now.

        When none may, none is being fetched and room is left, tenants go beyond their policy.
        """
        batch = Batch()

        def admit(lane: Lane) -> Grant | Refusal:
            return self.admit(lane, batch, most - batch.jobs)

        self._choose(batch, most, admit, now)
        if not batch.jobs and not self.asked and self._release_tenants():
            self.limits.is_generous = True
            self._choose(batch, most, admit, now)
            self.limits.is_generous = False
        return batch

    def _choose(self, batch: Batch, most: int, admit: Admit, now: float) -> None:
        while batch.jobs < most and self.queue.choose(admit, now) is not None:
            pass

    def _release_tenants(self) -> int:
        """Wake the lanes that only their tenant's policy holds back, if a worker has room."""
        if not self.floor.has_room:
            return 0
        resting = [key for key in self.queue.keys_rested_on() if isinstance(key, UUID)]
        return sum(self.queue.release(key, _EVERY_LANE) for key in resting)

    def admit(self, lane: Lane, batch: Batch, most: int) -> Grant | Refusal:
        """Let up to a bundle of a lane's jobs go if limits and workers have room, and count them."""
        flow, task_id = lane.flow, lane.task_id
        # How much there is in a lane shows only when it is fetched: first a bundle, then ever more.
        if lane.asked >= lane.window:
            return Refusal(lane)
        room, key = self.limits.room(flow.tenant_id, flow.job_class, task_id)
        if not room:
            return Refusal(key)
        mean = self.mean_seconds(task_id)
        found = self.floor.route(flow.tenant_id, flow.job_class, mean)
        if found is None:
            return Refusal(room_key(flow.job_class, task_id))
        worker, worker_room = found
        jobs = min(bundle_size(mean), room, worker_room, most)
        cost = DEFAULT_SECONDS if mean is None else max(mean, 1e-6)
        batch.add(lane, worker, jobs, cost)
        lane.asked += jobs
        self.asked += jobs
        self._put(worker.id, flow.tenant_id, flow.job_class, task_id, jobs)
        return Grant(jobs, jobs * cost)

    def settle(self, ask: Ask) -> int:
        """Correct what was estimated of an ask by what was found; return how many were missing."""
        lane, flow, missing = ask.lane, ask.lane.flow, ask.jobs - ask.found
        if missing:
            self._put(ask.worker.id, flow.tenant_id, flow.job_class, lane.task_id, -missing)
        lane.asked -= ask.jobs
        self.asked -= ask.jobs
        lane.window = max(lane.window, ask.jobs) * WINDOW_GROWTH
        difference = ask.cost - ask.jobs * ask.cost_each
        self.queue.settle(lane, difference, is_empty=ask.is_dry, since=ask.next_since)
        self.queue.release(lane, 1)
        return missing
