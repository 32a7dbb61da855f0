"""Which worker a tenant's jobs go to: the same one while it has room, so that its caches stay warm.

Pure. Rendezvous hashing (Thaler and Ravishankar, 1998) gives each tenant an order of the workers
that changes only where a worker comes or goes; bounded load (Mirrokni, Thorup and Zadimoghaddam,
2018) passes over a worker that has more than its part. A worker's load is counted in slots: a job
that is expected to take long occupies nearly one, a short one a fiftieth, so that a window of short
jobs is deep and one of long jobs is not.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from uuid import UUID

DEFAULT_SECONDS = 1.0
WINDOW_SECONDS = 0.5
DEEPEST_WINDOW = 50
LONG_SECONDS = 1.0
RESERVED_SLOTS = 0.1
FEWEST_SLOTS_TO_RESERVE = 4
LOAD_BOUND = 1.25
_HIGH = 1
_EPSILON = 1e-9


def slots_of(mean_seconds: float | None) -> float:
    """Return the part of a slot that one job of this mean duration occupies while it is under way."""
    seconds = DEFAULT_SECONDS if mean_seconds is None else mean_seconds
    return 1.0 / (1.0 + min(DEEPEST_WINDOW, WINDOW_SECONDS / max(seconds, _EPSILON)))


def is_long(job_class: int, mean_seconds: float | None) -> bool:
    """Return whether such jobs must leave slots free for interactive and high ones."""
    return job_class > _HIGH and (mean_seconds or 0.0) > LONG_SECONDS


def score(tenant_id: UUID, worker_id: UUID) -> bytes:
    """Return the weight of a worker for a tenant; the highest is the tenant's first."""
    return blake2b(tenant_id.bytes + worker_id.bytes, digest_size=8).digest()


@dataclass(slots=True)
class Worker:
    """A live worker. `load` and `long_load` are in slots and grow as jobs are routed to it.

    `is_stalled` says that its slots are all busy while another's are not: nothing goes there unless
    nobody else has room.
    """

    id: UUID
    name: str
    slots: int
    classes: frozenset[int]
    is_stalled: bool = False
    load: float = 0.0
    long_load: float = 0.0

    @property
    def slots_for_long(self) -> int:
        """How many slots jobs that take long may hold."""
        if self.slots < FEWEST_SLOTS_TO_RESERVE:
            return self.slots
        return self.slots - max(1, int(self.slots * RESERVED_SLOTS))

    def room(self, part: float, *, long: bool) -> int:
        """Return how many more jobs, each occupying `part` of a slot, the worker may be sent."""
        room = int((self.slots - self.load) / part + _EPSILON)
        return max(0, min(room, int(self.slots_for_long - self.long_load)) if long else room)


@dataclass
class Floor:
    """The live workers and what is on its way to them."""

    workers: dict[UUID, Worker] = field(default_factory=dict)
    _orders: dict[tuple[UUID, int], tuple[Worker, ...]] = field(default_factory=dict)
    _load: float = 0.0
    _slots: int = 0

    def set_workers(self, workers: Iterable[Worker]) -> None:
        """Take the workers as they are now; their loads are counted anew by `put`."""
        self.workers = {worker.id: worker for worker in workers}
        self._slots = sum(worker.slots for worker in self.workers.values())
        self._orders.clear()
        self._load = 0.0

    @property
    def has_room(self) -> bool:
        """Whether any slot is free."""
        return self._load + 1.0 <= self._slots

    def classes_with_room(self) -> list[int]:
        """Return the classes that a worker serves which has a free slot and is not stalled."""
        free = [w for w in self.workers.values() if not w.is_stalled and w.load + 1.0 <= w.slots]
        return sorted({rank for worker in free for rank in worker.classes})

    def clear_loads(self) -> None:
        """Begin to count anew."""
        self._load = 0.0
        for worker in self.workers.values():
            worker.load = worker.long_load = 0.0

    def put(self, worker_id: UUID, job_class: int, mean_seconds: float | None, jobs: int) -> None:
        """Count `jobs` (negative: take them off) that are on their way to a worker or run there."""
        worker = self.workers.get(worker_id)
        if worker is None:
            return
        part = slots_of(mean_seconds) * jobs
        worker.load += part
        self._load += part
        if is_long(job_class, mean_seconds):
            worker.long_load += jobs

    def room(self, job_class: int, mean_seconds: float | None) -> int:
        """Return how many more such jobs all workers together may be sent."""
        part, long = slots_of(mean_seconds), is_long(job_class, mean_seconds)
        return sum(
            worker.room(part, long=long)
            for worker in self.workers.values()
            if job_class in worker.classes
        )

    def route(
        self, tenant_id: UUID, job_class: int, mean_seconds: float | None
    ) -> tuple[Worker, int] | None:
        """Return the worker for a tenant's next job and its room, or None when all are full.

        The first in the tenant's order that has room and not more than its part of the load, else
        the first that has room.
        """
        part, long = slots_of(mean_seconds), is_long(job_class, mean_seconds)
        bound = LOAD_BOUND * (self._load + part) / max(self._slots, 1)
        fallback: tuple[Worker, int] | None = None
        for worker in self._order(tenant_id, job_class):
            room = worker.room(part, long=long)
            if room and not worker.is_stalled and worker.load <= bound * worker.slots + 1.0:
                return worker, room
            if room and (fallback is None or _worse(fallback[0], worker)):
                fallback = worker, room
        return fallback

    def _order(self, tenant_id: UUID, job_class: int) -> tuple[Worker, ...]:
        order = self._orders.get((tenant_id, job_class))
        if order is None:
            serving = [w for w in self.workers.values() if job_class in w.classes]
            serving.sort(key=lambda worker: score(tenant_id, worker.id), reverse=True)
            order = self._orders[tenant_id, job_class] = tuple(serving)
        return order


def room_key(job_class: int, task_id: int) -> Hashable:
    """Return what a lane rests on while no worker has room for it."""
    return "room", job_class, task_id


def _worse(one: Worker, other: Worker) -> bool:
    if one.is_stalled != other.is_stalled:
        return one.is_stalled
    return one.load / one.slots > other.load / other.slots
