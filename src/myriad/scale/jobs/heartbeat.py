"""The heartbeat: a thread with a connection of its own that keeps this process's leases alive.

It shares neither event loop nor pool with the handlers, so a handler that computes for minutes
without awaiting does not lose its lease.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import namedtuple_row

from myriad.scale.jobs.leases import Lease, Leases
from myriad.scale.jobs.place import Place
from myriad.scale.jobs.store import QUERIES
from myriad.scale.observe.logs import get_logger

EVERY_SECONDS = 5.0
BEATS_PER_LEASE = 3
_CONNECT_SECONDS = 5
_log = get_logger(__name__)


@dataclass
class Heartbeat:
    """Extends leases every third of the shortest, at least every five seconds.

    Each beat also announces the worker with its `slots` and stops the handlers of jobs that were
    reaped or cancelled.
    """

    url: str
    leases: Leases
    worker_id: UUID
    slots: int
    place: Place = field(default_factory=Place.here)
    _ending: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _connection: psycopg.Connection[Any] | None = None

    def start(self) -> None:
        """Announce the worker and begin to beat."""
        self.beat()
        self._thread = threading.Thread(target=self._serve, name="heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and withdraw the announcement."""
        self._ending.set()
        self.leases.shortened.set()
        if self._thread is not None:
            self._thread.join(timeout=2 * _CONNECT_SECONDS)
        self._say("dismiss_workers", {"ids": [self.worker_id]})
        if self._connection is not None:
            self._connection.close()

    def _serve(self) -> None:
        while not self._ending.is_set():
            self.leases.shortened.wait(self._pause_seconds())
            self.leases.shortened.clear()
            if not self._ending.is_set():
                self.beat()

    def _pause_seconds(self) -> float:
        shortest = min((lease.seconds for lease in self.leases.all()), default=EVERY_SECONDS)
        return min(EVERY_SECONDS, shortest / BEATS_PER_LEASE)

    def beat(self) -> None:
        """Announce, extend and look for losses once; an outage is logged and outlived."""
        facts = {"id": self.worker_id, "slots": self.slots, "host": self.place.host}
        self._say("announce_worker", facts | {"pid": self.place.pid})
        held = self.leases.to_extend()
        if held:
            self._say("extend_leases", _columns(held))
            for lost in self._say("find_lost", _columns(held)):
                self._stop(held, lost.id, "cancelled" if lost.state == "cancelled" else "lost")

    def _stop(self, held: list[Lease], job_id: UUID, why: Any) -> None:
        for lease in held:
            if lease.job_id == job_id:
                lease.stop(why)

    def _say(self, query: str, facts: Mapping[str, Any]) -> list[Any]:
        try:
            cursor = self._connected().execute(QUERIES[query], facts)
            return cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            _log.warning("heartbeat_failed", query=query, error=str(error))
            return []

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(
                self.url,
                autocommit=True,
                row_factory=namedtuple_row,
                connect_timeout=_CONNECT_SECONDS,
                application_name="myriad-heartbeat",
            )
        return self._connection


def _columns(held: list[Lease]) -> dict[str, list[Any]]:
    return {
        "tenant_ids": [lease.tenant_id for lease in held],
        "ids": [lease.job_id for lease in held],
        "fences": [lease.fence for lease in held],
        "seconds": [lease.seconds for lease in held],
    }
