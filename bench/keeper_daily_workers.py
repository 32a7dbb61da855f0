"""The processes that work through the nights of keeper-daily, each a run of this file."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import psutil
from job_peers.harness import Place, running
from job_peers.myriad_peer import database_settings

from myriad.apps.products import PRODUCTS
from myriad.products.keeper.settings import KeeperSettings
from myriad.scale.data import Database
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.jobs.broker import Publisher, create_celery
from myriad.scale.jobs.dispatch import Dispatcher
from myriad.scale.jobs.reaper import Reaper
from myriad.scale.jobs.settings import WorkerSettings
from myriad.scale.jobs.worker import run_worker
from myriad.scale.observe import logs
from myriad.scale.runtime import Runtime, open_runtime
from myriad.scale.vault import Vault

WORKERS, SLOTS = 2, 2


def open_bench_runtime(
    urls: ServerUrls, process: str
) -> contextlib.AbstractAsyncContextManager[Runtime]:
    """Open a runtime on the bench's servers."""
    return open_runtime(
        process=process,
        database=database_settings(urls),
        broker_url=urls.broker_url,
        cache_url=urls.cache_url,
        vault=Vault(bytes(32)),
        settings=[KeeperSettings()],
    )


def work(urls: ServerUrls, name: str) -> int:
    """Serve Keeper's jobs until told to end."""
    for product in PRODUCTS:
        product.load_tasks()
    settings = WorkerSettings(slots=SLOTS, connections=SLOTS, grace_seconds=1.0, name=name)
    return run_worker(lambda: open_bench_runtime(urls, "worker"), settings)


async def tick(urls: ServerUrls) -> None:
    """Dispatch and reap until told to end."""
    database = Database(database_settings(urls), process="ticker")
    publisher = Publisher(create_celery(urls.broker_url))
    async with asyncio.TaskGroup() as group:
        group.create_task(Dispatcher(database, publisher).serve())
        group.create_task(Reaper(database, publisher).serve())


@contextlib.contextmanager
def workers(place: Place) -> Iterator[list[psutil.Process]]:
    """Run a ticker and the workers while the block lasts; yield the workers."""
    config = json.dumps(asdict(place.urls))
    command = [sys.executable, str(Path(__file__).resolve())]
    with contextlib.ExitStack() as stack:
        stack.enter_context(running([*command, "ticker", config], place.log_of("ticker")))
        names = [f"night-{number}" for number in range(WORKERS)]
        children = [
            stack.enter_context(running([*command, name, config], place.log_of(name)))
            for name in names
        ]
        yield [psutil.Process(child.pid) for child in children]


def main() -> int:
    """Serve as the ticker or as a worker of that name, on the servers given as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("urls")
    chosen = parser.parse_args()
    logs.configure("bench", level="WARNING")
    urls = ServerUrls(**json.loads(chosen.urls))
    if chosen.name == "ticker":
        asyncio.run(tick(urls))
        return 0
    return work(urls, chosen.name)


if __name__ == "__main__":
    sys.exit(main())
