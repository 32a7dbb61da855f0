"""The jobs that this process holds, shared by its event loop and its heartbeat thread."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from myriad.scale.jobs.store import JobRef

StopReason = Literal["lost", "cancelled", "shutdown"]


@dataclass
class Lease:
    """One held job.

    Past `deadline` (monotonic seconds) the heartbeat lets the lease run out, so that a handler
    which hangs beyond its timeout cannot keep the job for ever.
    """

    ref: JobRef
    fence: int
    seconds: float
    deadline: float
    stopped: StopReason | None = None
    began: float = field(default_factory=time.monotonic)
    extended: float = field(default_factory=time.monotonic)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop, repr=False)
    _handler: asyncio.Task[Any] | None = field(default=None, repr=False)

    @property
    def job_id(self) -> UUID:
        """The job's id."""
        return self.ref.job_id

    def watch(self, handler: asyncio.Task[Any] | None) -> None:
        """Name the task that runs the handler, which `stop` will cancel; None when it has ended."""
        self._handler = handler
        if handler is not None and self.stopped is not None:
            handler.cancel()

    def stop(self, reason: StopReason) -> None:
        """Cancel the handler for `reason`; the first reason counts. Safe from any thread."""
        self._loop.call_soon_threadsafe(self._stop, reason)

    def _stop(self, reason: StopReason) -> None:
        if self.stopped is None:
            self.stopped = reason
            if self._handler is not None:
                self._handler.cancel()


class Leases:
    """The leases of one process. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._held: dict[UUID, Lease] = {}
        self._reserved: set[UUID] = set()
        self._shortest = float("inf")
        self._lock = threading.Lock()
        self.shortened = threading.Event()

    def add(self, lease: Lease) -> None:
        """Hold `lease`; wakes the heartbeat when it is the shortest."""
        with self._lock:
            self._held[lease.job_id] = lease
            is_shortest = lease.seconds < self._shortest
            self._shortest = min(lease.seconds, self._shortest)
        if is_shortest:
            self.shortened.set()

    def drop(self, lease: Lease) -> None:
        """Hold `lease` no longer."""
        with self._lock:
            if self._held.get(lease.job_id) is lease:
                del self._held[lease.job_id]

    def reserve(self, job_id: UUID) -> bool:
        """Let one message at a time act for the job; False when another one does already."""
        with self._lock:
            if job_id in self._reserved:
                return False
            self._reserved.add(job_id)
            return True

    def release(self, job_id: UUID) -> None:
        """End what `reserve` began."""
        with self._lock:
            self._reserved.discard(job_id)

    def all(self) -> list[Lease]:
        """Return the leases held now."""
        with self._lock:
            return list(self._held.values())

    def shortest_seconds(self) -> float:
        """Return the length of the shortest lease held now, or infinity."""
        with self._lock:
            held = self._held.values()
            self._shortest = min((lease.seconds for lease in held), default=float("inf"))
            return self._shortest

    def to_extend(self) -> list[Lease]:
        """Return the leases a quarter of which has passed and whose handlers are within their deadline."""
        now = time.monotonic()
        return [
            lease
            for lease in self.all()
            if lease.deadline > now and now - lease.extended >= lease.seconds / 4
        ]
