"""The worker process: Celery's threads receive ids, one event loop runs the jobs."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from uuid import UUID

from celery import Celery, signals

from myriad.scale.jobs.bridge import AsyncBridge
from myriad.scale.jobs.broker import QUEUE, RUN_JOB, create_celery
from myriad.scale.jobs.execution import Executor
from myriad.scale.jobs.heartbeat import Heartbeat
from myriad.scale.jobs.place import Place
from myriad.scale.jobs.pool import WakingThreadPool
from myriad.scale.jobs.reaper import BATCH, release_jobs_of
from myriad.scale.jobs.registry import REGISTRY, Registry
from myriad.scale.jobs.settings import WorkerSettings
from myriad.scale.jobs.store import run
from myriad.scale.observe.logs import get_logger
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

OpenRuntime = Callable[[], AbstractAsyncContextManager[Runtime]]
_log = get_logger(__name__)


def run_worker(
    open_runtime: OpenRuntime, settings: WorkerSettings, registry: Registry = REGISTRY
) -> int:
    """Serve jobs until SIGTERM or SIGINT and return the exit code.

    `open_runtime()` gives an asynchronous context manager of a Runtime; it is entered on the loop
    that will run every job. Call from the main thread, which Celery keeps.
    """
    bridge, stack = AsyncBridge(), AsyncExitStack()
    runtime: Runtime = bridge.run(stack.enter_async_context(open_runtime()))
    executor = Executor(runtime, registry)
    place = Place.here()
    bridge.run(release_dead_neighbours(runtime, place))
    url = runtime.database.settings.crossing
    heartbeat = Heartbeat(url, executor.leases, executor.worker_id, settings.slots, place)
    heartbeat.start()
    try:
        return _serve(_application(runtime, bridge, executor), executor, settings)
    finally:
        heartbeat.stop()
        bridge.run(stack.aclose())
        bridge.close()


def _application(runtime: Runtime, bridge: AsyncBridge, executor: Executor) -> Celery:
    app = create_celery(runtime.broker_url)

    @app.task(name=RUN_JOB, ignore_result=True)
    def run_job(tenant_id: str, job_id: str, task: str) -> None:
        bridge.run(executor.execute(TenantId(UUID(tenant_id)), UUID(job_id), task))

    return app


def _serve(app: Celery, executor: Executor, settings: WorkerSettings) -> int:
    def begin_shutdown(**_: object) -> None:
        _log.info("worker_stopping", held=len(executor.leases.all()))
        timer = threading.Timer(settings.grace_seconds, _give_back, [executor])
        timer.daemon = True
        timer.start()

    # Celery warns root because of pickled messages; this worker accepts JSON only.
    warnings.filterwarnings("ignore", message="You're running the worker with superuser")
    signals.worker_shutting_down.connect(begin_shutdown, weak=False)
    signals.setup_logging.connect(_leave_logging_alone, weak=False)
    worker = app.Worker(
        pool=WakingThreadPool,
        concurrency=settings.slots,
        queues=[QUEUE],
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
        loglevel=None,
    )
    worker.start()
    return int(worker.exitcode or 0)


def _leave_logging_alone(**_: object) -> None:
    """Being connected is what tells Celery that logging is configured already."""


def _give_back(executor: Executor) -> None:
    for lease in executor.leases.all():
        lease.stop("shutdown")


async def release_dead_neighbours(runtime: Runtime, place: Place) -> int:
    """Take back at once the jobs of workers that died on this machine; return how many.

    Without this they would wait for their leases to expire. Called before this worker announces
    itself, so a worker known under our own pid is dead as well.
    """
    async with runtime.database.crossing("release jobs of dead workers") as session:
        known = await run(session, "list_workers_on_host", {"host": place.host})
        dead = [row.id for row in known if row.pid == place.pid or not place.is_alive(row.pid)]
        if not dead:
            return 0
        released = await release_jobs_of(session, dead)
        # The dead also took messages with them; telling of a job twice does no harm.
        await run(session, "reap_dispatched", {"limit": BATCH, "stale_seconds": 0})
        await run(session, "dismiss_workers", {"ids": dead})
    _log.info("dead_workers_found", workers=len(dead), jobs=released)
    return released
