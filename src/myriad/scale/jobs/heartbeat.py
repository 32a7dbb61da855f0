"""The heartbeat: a thread with a connection of its own that keeps this process's leases alive.

It shares neither event loop nor pool with the handlers, so a handler that computes for minutes
without awaiting does not lose its lease.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psutil
import psycopg
from psycopg.rows import namedtuple_row

from myriad.scale.jobs.execution import Executor
from myriad.scale.jobs.leases import Lease
from myriad.scale.jobs.ledger import BY_KEY
from myriad.scale.jobs.place import Place
from myriad.scale.jobs.slices import chosen_columns, slices_where
from myriad.scale.jobs.store import CLASSES, QUERIES
from myriad.scale.jobs.tally import Sums
from myriad.scale.observe.logs import get_logger

EVERY_SECONDS = 1.0
BEATS_PER_LEASE = 3
_CONNECT_SECONDS = 5
# Most jobs end before anybody could cancel them; they are not asked for.
_LOOK_AFTER_SECONDS = 0.5
_log = get_logger(__name__)


@dataclass
class Heartbeat:
    """Extends leases every third of the shortest, and looks at everything each second.

    Each beat also announces the worker, stops the handlers of jobs that were reaped or cancelled,
    and tells what each tenant was served and how long each task takes. `classes` are ranks.
    """

    url: str
    executor: Executor
    slots: int
    name: str = ""
    classes: tuple[int, ...] = tuple(range(len(CLASSES)))
    place: Place = field(default_factory=Place.here)
    _ending: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _connection: psycopg.Connection[Any] | None = None
    _process: psutil.Process = field(default_factory=psutil.Process, repr=False)

    @property
    def worker_id(self) -> UUID:
        """The id under which the worker holds jobs."""
        return self.executor.worker_id

    def start(self) -> None:
        """Announce the worker and begin to beat."""
        self._process.cpu_percent()
        self.beat()
        self._thread = threading.Thread(target=self._serve, name="heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and withdraw the announcement."""
        self._ending.set()
        self.executor.leases.shortened.set()
        if self._thread is not None:
            self._thread.join(timeout=2 * _CONNECT_SECONDS)
        self._tell()
        self._give_back()
        self._say("dismiss_workers", {"ids": [self.worker_id]})
        if self._connection is not None:
            self._connection.close()

    def wake(self) -> None:
        """Beat at once."""
        self.executor.leases.shortened.set()

    def _serve(self) -> None:
        while not self._ending.is_set():
            self.executor.leases.shortened.wait(self._pause_seconds())
            self.executor.leases.shortened.clear()
            if not self._ending.is_set():
                self.beat()

    def _pause_seconds(self) -> float:
        return min(EVERY_SECONDS, self.executor.leases.shortest_seconds() / BEATS_PER_LEASE)

    def beat(self) -> None:
        """Announce, extend, look for losses and tell once; an outage is logged and outlived."""
        self._announce()
        ending = self.executor.leases.to_extend()
        if ending and self._say("extend_leases", _columns(ending)) is not None:
            now = time.monotonic()
            for lease in ending:
                lease.extended = now
        self._look_for_losses()
        self._tell()

    def _announce(self) -> None:
        facts = {
            "id": self.worker_id,
            "slots": self.slots,
            "host": self.place.host,
            "pid": self.place.pid,
            "name": self.name,
            "classes": list(self.classes),
            "busy": self.executor.busy,
            "is_draining": self.executor.is_draining,
            "cpu_share": self._process.cpu_percent() / 100,
        }
        self._say("announce_worker", facts)
        if self.executor.is_draining:
            self._give_back()

    def _give_back(self) -> None:
        chosen = self._say("choose_slices", slices_where(worker_ids=[self.worker_id]))
        if chosen:
            self._say("open_slices", chosen_columns(chosen))
        self._say("give_back_dispatched", {"id": self.worker_id})

    def _look_for_losses(self) -> None:
        since = time.monotonic() - _LOOK_AFTER_SECONDS
        held = [lease for lease in self.executor.leases.all() if lease.began < since]
        for lost in (self._say("find_lost", _columns(held)) if held else None) or []:
            for lease in held:
                if lease.job_id == lost.id:
                    lease.stop("cancelled" if lost.was_cancelled else "lost")

    def _tell(self) -> None:
        sums = self.executor.tally.take()
        untold = Sums()
        if sums.flows and self._say("add_flows", _flow_columns(sums)) is None:
            untold.flows = sums.flows
        if sums.tasks and self._say("learn_means", _task_columns(sums)) is None:
            untold.tasks = sums.tasks
        self.executor.tally.put_back(untold)

    def _say(self, query: str, facts: Mapping[str, Any]) -> list[Any] | None:
        """Run a query and return its rows, or None after an outage."""
        try:
            cursor = self._connected().execute(QUERIES[query], facts)
            return cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            _log.warning("heartbeat_failed", query=query, error=str(error))
            return None

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self.url,
                autocommit=True,
                row_factory=namedtuple_row,
                connect_timeout=_CONNECT_SECONDS,
                application_name="myriad-heartbeat",
            )
            self._connection.execute(BY_KEY)
        return self._connection


def _columns(held: list[Lease]) -> dict[str, list[Any]]:
    return {
        "tenant_ids": [lease.ref.tenant_id for lease in held],
        "ids": [lease.job_id for lease in held],
        "job_classes": [lease.ref.job_class for lease in held],
        "task_ids": [lease.ref.task_id for lease in held],
        "fences": [lease.fence for lease in held],
        "seconds": [lease.seconds for lease in held],
    }


def _flow_columns(sums: Sums) -> dict[str, list[Any]]:
    served = sums.flows.values()
    return {
        "tenant_ids": [tenant_id for tenant_id, _ in sums.flows],
        "job_classes": [job_class for _, job_class in sums.flows],
        "jobs": [flow.jobs for flow in served],
        "costs": [flow.cost for flow in served],
        "corrections": [flow.correction for flow in served],
    }


def _task_columns(sums: Sums) -> dict[str, list[Any]]:
    served = sums.tasks.values()
    return {
        "task_ids": list(sums.tasks),
        "jobs": [task.jobs for task in served],
        "means": [task.cost / task.jobs for task in served],
    }
