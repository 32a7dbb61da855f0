"""The worker process: `python -m myriad.apps.worker` runs the jobs of every product."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import start_http_server

from myriad.apps.products import PRODUCTS
from myriad.apps.settings import Settings, load_settings
from myriad.kit.errors import MyriadError
from myriad.scale.ai.gateway import Gateway
from myriad.scale.jobs.worker import run_worker
from myriad.scale.manifest import load
from myriad.scale.observe import logs
from myriad.scale.runtime import Runtime, open_runtime
from myriad.scale.vault import Vault


def main() -> int:
    """Serve jobs until SIGTERM and return the exit code; settings come from the environment."""
    logs.configure("worker")
    try:
        return serve(load_settings())
    except MyriadError as error:
        sys.exit(f"the worker cannot start: {error.detail}")


def serve(settings: Settings) -> int:
    """Serve the jobs of every product until SIGTERM or SIGINT and return the exit code."""
    # Read when numpy is loaded: beside other workers, its threads would only wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    load("myriad.scale.ai.tasks:poll_batch")
    load("myriad.scale.storage.archive.tasks:keep")
    for product in PRODUCTS:
        product.load_tasks()
    if settings.worker.metrics_port is not None:
        start_http_server(settings.worker.metrics_port, settings.worker.metrics_host)
    return run_worker(lambda: _runtime(settings), settings.worker)


@asynccontextmanager
async def _runtime(settings: Settings) -> AsyncIterator[Runtime]:
    connections = min(settings.worker.connections, settings.worker.slots)
    async with open_runtime(
        process="worker",
        database=settings.database.model_copy(update={"work_pool_size": connections}),
        broker_url=settings.redis.broker_url.get_secret_value(),
        cache_url=settings.redis.cache_url.get_secret_value(),
        vault=Vault.from_base64(settings.secrets.key.get_secret_value()),
        settings=[
            settings.http,
            settings.ai,
            settings.storage.within(settings.home),
            settings.keeper,
            settings.upswitch,
            settings.kamioi,
        ],
    ) as runtime:
        Gateway.of(runtime).start_warming()
        yield runtime


if __name__ == "__main__":
    sys.exit(main())
