"""The worker process: Celery's loop receives bundles of ids, one event loop runs the jobs."""

from __future__ import annotations

import gc
import re
import signal
import socket
import threading
import warnings
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from celery import Celery, signals
from kombu import Queue
from psycopg.types.json import Jsonb
from sqlalchemy.exc import OperationalError

from myriad.kit.errors import UnavailableError
from myriad.scale.jobs.bridge import AsyncBridge
from myriad.scale.jobs.broker import RUN_JOB, Publisher, create_celery, queue_name
from myriad.scale.jobs.execution import Executor
from myriad.scale.jobs.heartbeat import Heartbeat
from myriad.scale.jobs.ledger import Ledger
from myriad.scale.jobs.place import Place
from myriad.scale.jobs.pool import loop_pool
from myriad.scale.jobs.reaper import release_jobs_of
from myriad.scale.jobs.registry import REGISTRY, Registry, Task
from myriad.scale.jobs.settings import WorkerSettings
from myriad.scale.jobs.slices import is_slice, refs_of
from myriad.scale.jobs.store import rank_of, run
from myriad.scale.observe.logs import get_logger
from myriad.scale.runtime import Runtime

# Rows that a job reads are many and hold no cycles: 700 objects, Python's own measure, are a look
# at the heap for every other statement.
_COLLECT_AFTER = (20_000, 10, 10)
OpenRuntime = Callable[[], AbstractAsyncContextManager[Runtime]]
_log = get_logger(__name__)


def run_worker(
    open_runtime: OpenRuntime, settings: WorkerSettings, registry: Registry = REGISTRY
) -> int:
    """Serve jobs until SIGTERM or SIGINT and return the exit code.

    `open_runtime()` gives an asynchronous context manager of a Runtime; it is entered on the loop
    that will run every job. Call from the main thread, which Celery keeps. Raises UnavailableError
    when PostgreSQL is away at the start; an outage later is outlived.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        # Until Celery listens itself, so that a start can be broken off without a trace.
        signal.signal(number, _leave)
    bridge, stack = AsyncBridge(), AsyncExitStack()
    runtime: Runtime = bridge.run(stack.enter_async_context(open_runtime()))
    try:
        return bridge_worker(bridge, runtime, settings, registry).serve()
    finally:
        bridge.run(stack.aclose())
        bridge.close()


def bridge_worker(
    bridge: AsyncBridge, runtime: Runtime, settings: WorkerSettings, registry: Registry
) -> Worker:
    """Return a worker whose jobs run on `bridge`, with the dead of this machine laid to rest."""
    place = Place.here()
    try:
        bridge.run(release_dead_neighbours(runtime, place))
        bridge.run(announce_tasks(runtime, registry))
    except OperationalError as error:
        raise UnavailableError(f"PostgreSQL cannot be reached: {error.orig}") from error
    executor = bridge.run(_executor(runtime, settings, registry))
    ranks = tuple(rank_of(name) for name in settings.classes)
    name = settings.name or default_name(executor.worker_id)
    url = runtime.database.settings.crossing
    heartbeat = Heartbeat(url, executor, settings.slots, name, ranks, place)
    return Worker(bridge, runtime, settings, executor, heartbeat)


async def _executor(runtime: Runtime, settings: WorkerSettings, registry: Registry) -> Executor:
    Ledger.of(runtime.database, durable_claims=settings.durable_claims)
    return Executor(runtime, registry)


def default_name(worker_id: UUID) -> str:
    """Return a name that says where the worker runs and that no other one has."""
    host = re.sub(r"[^A-Za-z0-9_-]", "-", socket.gethostname())[:40] or "host"
    return f"{host}-{worker_id.hex[-12:]}"


@dataclass
class Worker:
    """One worker: its queues, one for each class, and what happens when it shall end."""

    bridge: AsyncBridge
    runtime: Runtime
    settings: WorkerSettings
    executor: Executor
    heartbeat: Heartbeat
    _is_ending: bool = False
    _is_told_early: bool = False

    def serve(self) -> int:
        """Announce the worker, run bundles until told to end, and leave nothing behind."""
        app = create_celery(self.runtime.broker_url)
        queues = [queue_name(self.heartbeat.name, rank) for rank in self.heartbeat.classes]
        # Who takes a message owns it: the row, not the broker, is what brings a lost job back.
        app.conf.task_queues = [Queue(name, no_ack=True) for name in queues]
        app.task(name=RUN_JOB, ignore_result=True)(_never_called)
        # What the imports have made stays for good; collections need not look at it again.
        gc.freeze()
        gc.set_threshold(*_COLLECT_AFTER)
        for number in (signal.SIGTERM, signal.SIGINT):
            # Celery's parts cannot be broken off while they are being put together.
            signal.signal(number, self._note_signal)
        try:
            self.heartbeat.start()
            return self._consume(app)
        finally:
            self.heartbeat.stop()
            _forget_queues(app, self.heartbeat.name)
            app.close()

    def _consume(self, app: Celery) -> int:
        # Celery warns root because of pickled messages; this worker accepts JSON only.
        warnings.filterwarnings("ignore", message="You're running the worker with superuser")
        signals.worker_shutting_down.connect(self._end, weak=False)
        signals.setup_logging.connect(_leave_logging_alone, weak=False)
        worker = app.Worker(
            pool=loop_pool(self.bridge, self._run_bundle, self._heed_signal),
            concurrency=self.settings.slots,
            hostname=self.heartbeat.name,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            quiet=True,
            loglevel=None,
        )
        worker.start()
        return int(worker.exitcode or 0)

    async def _run_bundle(self, bundle: list[list[Any]]) -> None:
        refs = [ref for member in bundle for ref in refs_of(member)]
        await self.executor.execute(refs, [member for member in bundle if is_slice(member)])

    def _note_signal(self, *_: object) -> None:
        self._is_told_early = True

    def _heed_signal(self) -> None:
        """Now that Celery listens, tell it what was said before."""
        if self._is_told_early:
            signal.raise_signal(signal.SIGTERM)

    def _end(self, **_: object) -> None:
        """Begin to drain; told a second time, stop at once."""
        seconds = 0.0 if self._is_ending else self.settings.grace_seconds
        self._is_ending = True
        _log.info("worker_stopping", held=self.executor.busy, grace_seconds=seconds)
        self.executor.drain()
        self.heartbeat.wake()
        timer = threading.Timer(seconds, self.executor.stop)
        timer.daemon = True
        timer.start()


def _leave(*_: object) -> None:
    raise SystemExit(0)


def _never_called(bundle: list[list[Any]]) -> None:
    """Let Celery know the message; the pool hands its argument to the loop without calling this."""


def _leave_logging_alone(**_: object) -> None:
    """Being connected is what tells Celery that logging is configured already."""


def _forget_queues(app: Celery, worker_name: str) -> None:
    """Delete the worker's queues; what was in them is queued in the table again."""
    try:
        Publisher(app).forget([worker_name])
    except UnavailableError as error:
        _log.warning("queues_left_behind", error=str(error))


async def announce_tasks(runtime: Runtime, registry: Registry) -> None:
    """Write what this process knows of its tasks to the table that routing and limits read."""
    facts = [_task_facts(task) for task in registry.all().values()]
    async with runtime.database.crossing("announce tasks") as session:
        await run(session, "announce_tasks", {"tasks": Jsonb(facts)})


def _task_facts(task: Task) -> dict[str, Any]:
    return {
        "name": task.name,
        "job_class": rank_of(task.job_class),
        "class_by_plan": {plan: rank_of(name) for plan, name in task.class_by_plan.items()},
        "limit_keys": list(task.limits),
        "max_attempts": task.max_attempts,
        "mean_seconds": task.cost_seconds,
    }


async def release_dead_neighbours(runtime: Runtime, place: Place) -> int:
    """Take back at once the jobs of workers that died on this machine; return how many.

    Without this they would wait for their leases to expire, and what was only sent to them for the
    next look at silent workers. Called before this worker announces
    itself, so a worker known under our own pid is dead as well.
    """
    async with runtime.database.crossing("release jobs of dead workers") as session:
        known = await run(session, "list_workers_on_host", {"host": place.host})
        dead = [row.id for row in known if row.pid == place.pid or not place.is_alive(row.pid)]
        if not dead:
            return 0
        released = await release_jobs_of(session, dead)
        await run(session, "dismiss_workers", {"ids": dead})
    _log.info("dead_workers_found", workers=len(dead), jobs=released)
    return released
