"""Letting workers finish, and pausing a class of jobs."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import Any

import psutil

from myriad.apps.cli.context import CliContext
from myriad.kit.errors import InvalidInputError, NotFoundError
from myriad.scale.jobs.limits import clear_limit, list_limits, set_limit
from myriad.scale.jobs.overview import WorkerSeen, list_workers, look_at_queue
from myriad.scale.jobs.place import Place
from myriad.scale.jobs.store import CLASSES
from myriad.scale.runtime import Runtime

_EVERY_SECONDS = 0.25


async def drain(context: CliContext, name: str | None, *, wait: float) -> dict[str, Any]:
    """Tell the workers of this machine to finish, wait, and return who did and who did not.

    A worker elsewhere cannot be told from here: it is named under `elsewhere`. Raises
    NotFoundError when no worker of that name is heard of.
    """
    async with context.runtime() as runtime:
        workers = await _wanted(runtime, name)
        here = Place.here()
        ours = [worker for worker in workers if worker.host == here.host]
        told = [worker for worker in ours if _tell(worker)]
        left = await _wait(told, wait)
    return {
        "drained": [worker.name for worker in told if worker not in left],
        "busy": [worker.name for worker in left],
        "elsewhere": [worker.name for worker in workers if worker not in ours],
    }


async def _wanted(runtime: Runtime, name: str | None) -> list[WorkerSeen]:
    async with runtime.database.crossing("drain from the command line") as crossing:
        queue, workers = await look_at_queue(crossing), await list_workers(crossing)
    live = [worker for worker in workers if not worker.is_silent(queue.at)]
    wanted = [worker for worker in live if name is None or worker.name == name]
    if name is not None and not wanted:
        known = ", ".join(worker.name for worker in live) or "none"
        raise NotFoundError(f"no worker {name!r} is heard of; there are: {known}")
    return wanted


def _tell(worker: WorkerSeen) -> bool:
    """Send SIGTERM to a worker of this machine; a process number may have passed to another."""
    try:
        process = psutil.Process(worker.pid)
        if process.create_time() > worker.started_at.timestamp():
            return False
        os.kill(worker.pid, signal.SIGTERM)
    except (psutil.Error, ProcessLookupError):
        return False
    return True


async def _wait(told: list[WorkerSeen], seconds: float) -> list[WorkerSeen]:
    """Return who has not ended when the time is over."""
    deadline, left = time.monotonic() + seconds, told
    while left and time.monotonic() < deadline:
        await asyncio.sleep(_EVERY_SECONDS)
        left = [worker for worker in left if Place.here().is_alive(worker.pid)]
    return left


async def pause(
    context: CliContext, job_class: str, *, resume: bool, wait: float
) -> dict[str, Any]:
    """Let no job of the class begin, or let them go on; return what is ready and still runs."""
    if job_class not in CLASSES:
        raise InvalidInputError(f"no class {job_class!r}; there are: {', '.join(CLASSES)}")
    async with context.runtime() as runtime:
        await _set(runtime, f"class:{job_class}", is_paused=not resume)
        deadline = time.monotonic() + wait
        while True:
            ready, running = await _counts(runtime, job_class)
            if resume or not running or time.monotonic() >= deadline:
                return {"paused": not resume, "ready": ready, "running": running}
            await asyncio.sleep(_EVERY_SECONDS)


async def _set(runtime: Runtime, key: str, *, is_paused: bool) -> None:
    async with runtime.database.crossing("drain from the command line") as crossing:
        if is_paused:
            await set_limit(crossing, key, 0)
        elif key in await list_limits(crossing):
            await clear_limit(crossing, key)


async def _counts(runtime: Runtime, job_class: str) -> tuple[int, int]:
    async with runtime.database.crossing("drain from the command line") as crossing:
        lanes = (await look_at_queue(crossing)).lanes
    lane = next(lane for lane in lanes if lane.job_class == job_class)
    return lane.ready, lane.running
