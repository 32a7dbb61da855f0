"""What a worker has served since it last told: cost by tenant and class, seconds by task."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from myriad.scale.jobs.store import JobRef


@dataclass
class Served:
    """Sums over the attempts of one flow or one task.

    `correction` is actual minus estimated cost, which the dispatcher adds to the flow's virtual
    finish time.
    """

    jobs: int = 0
    cost: float = 0.0
    correction: float = 0.0


@dataclass
class Sums:
    """Sums by (tenant, class) and, as seconds, by task."""

    flows: dict[tuple[Any, int], Served] = field(default_factory=lambda: defaultdict(Served))
    tasks: dict[int, Served] = field(default_factory=lambda: defaultdict(Served))

    def add(self, other: Sums) -> None:
        """Add the sums of `other`."""
        for flow, served in other.flows.items():
            _add(self.flows[flow], served)
        for task_id, served in other.tasks.items():
            _add(self.tasks[task_id], served)


class Tally:
    """Sums that grow on the loop and are taken by the heartbeat's thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sums = Sums()

    def add(self, ref: JobRef, *, cost: float, estimate: float, seconds: float) -> None:
        """Count one attempt that was thought to cost `estimate`."""
        served = Served(1, cost, cost - estimate)
        with self._lock:
            _add(self._sums.flows[ref.tenant_id, ref.job_class], served)
            _add(self._sums.tasks[ref.task_id], Served(1, seconds))

    def take(self) -> Sums:
        """Return the sums and begin anew."""
        with self._lock:
            taken, self._sums = self._sums, Sums()
        return taken

    def put_back(self, taken: Sums) -> None:
        """Add what could not be told."""
        with self._lock:
            self._sums.add(taken)


def _add(served: Served, more: Served) -> None:
    served.jobs += more.jobs
    served.cost += more.cost
    served.correction += more.correction
