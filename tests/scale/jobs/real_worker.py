"""A real worker process with tasks for tests: `python real_worker.py URLS_JSON SETTINGS_JSON`."""

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
SLOW = "test.effect.slow"
KEY = bytes(32)


async def write_slowly(job: Job, payload: Payload) -> None:
    """Write an effect and take a minute."""
    await write_effect(job, payload)
    await asyncio.sleep(60)


def registry() -> Registry:
    """Return the tasks with leases short enough for a test."""
    tasks = Registry()
    for name, handler in ((EFFECT, write_effect), (SLOW, write_slowly)):
        tasks.add(Task(name, handler, max_attempts=50, lease_seconds=2.0))
    return tasks


def main() -> int:
    """Serve jobs on the servers of the first argument with the settings of the second."""
    logs.configure("worker")
    urls = ServerUrls(**json.loads(sys.argv[1]))
    database = DatabaseSettings.model_validate(
        {
            "url": urls.database_url,
            "app_url": urls.app_url,
            "crossing_url": urls.crossing_url,
            "work_pool_size": 8,
        }
    )
    given = json.loads(sys.argv[2])
    return run_worker(
        lambda: open_runtime(
            process="worker",
            database=database,
            broker_url=urls.broker_url,
            cache_url=urls.cache_url,
            vault=Vault(KEY),
        ),
        WorkerSettings.model_validate({"slots": 8, "grace_seconds": 1.0} | given),
        registry(),
    )


if __name__ == "__main__":
    sys.exit(main())
