"""A real worker process with the tasks of the chaos test: `python chaos_worker.py URLS_JSON`."""

from __future__ import annotations

import asyncio
import json
import sys

from myriad.scale.data import DatabaseSettings
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.jobs.job import Job
from myriad.scale.jobs.registry import Payload, Registry, Task
from myriad.scale.jobs.settings import WorkerSettings
from myriad.scale.jobs.worker import run_worker
from myriad.scale.observe import logs
from myriad.scale.runtime import open_runtime
from myriad.scale.vault import Vault
from tests.scale.jobs.workbench import write_effect

EFFECT = "test.effect.write"
TWO_STEPS = "test.effect.steps"
SLOW = "test.effect.slow"
KEY = bytes(32)


async def write_once(job: Job, payload: Payload) -> None:
    """Write one effect after a short wait, so that kills fall into the middle."""
    await write_effect(job, payload)
    await asyncio.sleep(0.01)


async def write_twice(job: Job, payload: Payload) -> None:
    """Write two effects in two transactions; the first one counts as done when it is there."""
    done = await job.session.connection()
    found = await done.exec_driver_sql(
        "SELECT count(*) FROM platform.audit_event WHERE subject = %s", (f"{payload['n']}a",)
    )
    if not found.scalar_one():
        await write_effect(job, {"n": f"{payload['n']}a"})
    await job.checkpoint()
    await asyncio.sleep(0.01)
    await write_effect(job, {"n": f"{payload['n']}b"})


async def write_slowly(job: Job, payload: Payload) -> None:
    """Take a minute."""
    await write_effect(job, payload)
    await asyncio.sleep(60)


def registry() -> Registry:
    """Return the tasks with leases short enough for a test."""
    tasks = Registry()
    for name, handler in ((EFFECT, write_once), (TWO_STEPS, write_twice), (SLOW, write_slowly)):
        tasks.add(Task(name, handler, max_attempts=50, lease_seconds=2.0))
    return tasks


def main() -> int:
    """Serve jobs on the servers named in the first argument."""
    logs.configure("worker")
    urls = ServerUrls(**json.loads(sys.argv[1]))
    database = DatabaseSettings.model_validate(
        {
            "url": urls.database_url,
            "app_url": urls.app_url,
            "crossing_url": urls.crossing_url,
            "pool_size": 12,
        }
    )
    return run_worker(
        lambda: open_runtime(
            process="worker",
            database=database,
            broker_url=urls.broker_url,
            cache_url=urls.cache_url,
            vault=Vault(KEY),
        ),
        WorkerSettings(slots=8, grace_seconds=1.0),
        registry(),
    )


if __name__ == "__main__":
    sys.exit(main())
