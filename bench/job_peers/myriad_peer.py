"""Myriad's own worker and ticker processes with the tasks of the benches of jobs.

`python -m job_peers.myriad_peer worker CONFIG` or `ticker CONFIG`, where CONFIG is a JSON object of
the servers' URLs, the file of effects and the worker's slots.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass

from job_peers import marks
from myriad.scale.data import Database, DatabaseSettings
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.jobs.broker import Publisher, create_celery
from myriad.scale.jobs.dispatch import Dispatcher
from myriad.scale.jobs.job import Job
from myriad.scale.jobs.reaper import Reaper
from myriad.scale.jobs.registry import Payload, Registry, Task
from myriad.scale.jobs.settings import WorkerSettings
from myriad.scale.jobs.worker import run_worker
from myriad.scale.observe import logs
from myriad.scale.runtime import Runtime, open_runtime
from myriad.scale.vault import Vault

NOOP, LEDGER, RECORD, PAUSE = (
    f"bench.job.{name}" for name in ("noop", "ledger", "record", "pause")
)
LEASE_SECONDS = 5.0
_INSERT = "INSERT INTO bench.ledger (tenant_id, number) VALUES (%s, %s)"


@dataclass(frozen=True)
class Config:
    """What a process of the bench needs to know."""

    urls: dict[str, str]
    slots: int = 16
    name: str = ""

    def as_json(self) -> str:
        """Return it as the argument of a process."""
        return json.dumps(asdict(self))


def database_settings(urls: ServerUrls) -> DatabaseSettings:
    """Return the settings that reach the bench's database."""
    return DatabaseSettings.model_validate(
        {
            "url": urls.database_url,
            "app_url": urls.app_url,
            "crossing_url": urls.crossing_url,
        }
    )


def open_bench_runtime(urls: ServerUrls, process: str) -> AbstractAsyncContextManager[Runtime]:
    """Open a runtime on the bench's servers."""
    return open_runtime(
        process=process,
        database=database_settings(urls),
        broker_url=urls.broker_url,
        cache_url=urls.cache_url,
        vault=Vault(bytes(32)),
    )


async def noop(job: Job, payload: Payload) -> None:
    """Leave one byte, as every peer does."""
    marks.touch()


async def ledger(job: Job, payload: Payload) -> None:
    """Write the job's number into the ledger, in the transaction that ends the job."""
    connection = await job.session.connection()
    await connection.exec_driver_sql(_INSERT, (job.tenant_id, payload["number"]))


async def record(job: Job, payload: Payload) -> None:
    """Write the job's number into the ledger between two short waits."""
    await asyncio.sleep(marks.SHORT_SECONDS)
    await ledger(job, payload)
    await asyncio.sleep(marks.SHORT_SECONDS)


async def pause(job: Job, payload: Payload) -> None:
    """Wait as for a provider, then leave the byte."""
    await asyncio.sleep(marks.WAIT_SECONDS)
    marks.touch()


def registry() -> Registry:
    """Return the tasks; a job may lose more workers here than it should in life."""
    tasks = Registry()
    handlers = {NOOP: noop, LEDGER: ledger, RECORD: record, PAUSE: pause}
    for name, handler in handlers.items():
        tasks.add(Task(name, handler, max_attempts=50, lease_seconds=LEASE_SECONDS))
    return tasks


def work(config: Config) -> int:
    """Serve jobs until the process is told to end."""
    urls = ServerUrls(**config.urls)
    settings = WorkerSettings(slots=config.slots, grace_seconds=1.0, name=config.name)
    return run_worker(lambda: open_bench_runtime(urls, "worker"), settings, registry())


async def tick(config: Config) -> None:
    """Dispatch and reap until the process is told to end."""
    urls = ServerUrls(**config.urls)
    database = Database(database_settings(urls), process="ticker")
    publisher = Publisher(create_celery(urls.broker_url))
    async with asyncio.TaskGroup() as group:
        group.create_task(Dispatcher(database, publisher).serve())
        group.create_task(Reaper(database, publisher).serve())


def main() -> int:
    """Run the part that the command line names."""
    part, config = sys.argv[1], Config(**json.loads(sys.argv[2]))
    logs.configure(part, level="WARNING")
    if part == "worker":
        return work(config)
    asyncio.run(tick(config))
    return 0


if __name__ == "__main__":
    sys.exit(main())
