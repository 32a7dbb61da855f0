"""The ticker process: `python -m myriad.apps.ticker` makes jobs due and hands them to workers.

It ticks the schedules, dispatches the queue and takes back what was lost. Several tickers are
harmless; one is enough.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys

from prometheus_client import start_http_server

from myriad.apps.measures import serve_measures
from myriad.apps.settings import Settings, load_settings
from myriad.kit.errors import MyriadError
from myriad.scale.ai.upkeep import serve_upkeep
from myriad.scale.data import Database
from myriad.scale.data.bulk.upkeep import serve_quarantine
from myriad.scale.jobs.backlog import serve_backlog
from myriad.scale.jobs.broker import Publisher, create_celery
from myriad.scale.jobs.capacity import serve_capacity
from myriad.scale.jobs.dispatch import Dispatcher
from myriad.scale.jobs.reaper import Reaper
from myriad.scale.observe import logs
from myriad.scale.schedule.tick import serve_ticks


async def serve(settings: Settings) -> None:
    """Tick, dispatch and reap until cancelled."""
    database = Database(settings.database, process="ticker")
    publisher = Publisher(create_celery(settings.redis.broker_url.get_secret_value()))
    try:
        await database.open()
        async with asyncio.TaskGroup() as group:
            group.create_task(serve_ticks(database), name="schedule")
            group.create_task(Dispatcher(database, publisher).serve(), name="dispatcher")
            group.create_task(Reaper(database, publisher).serve(), name="reaper")
            capacity = serve_capacity(database, settings.jobs.backlog_capacity)
            group.create_task(capacity, name="capacity")
            group.create_task(serve_backlog(database), name="backlog")
            group.create_task(serve_upkeep(database, settings.ai), name="ai")
            kept_days = settings.database.keep_quarantined_days
            group.create_task(serve_quarantine(database, kept_days), name="quarantine")
            group.create_task(
                serve_measures(database, [settings.keeper, settings.upswitch]), name="measures"
            )
    finally:
        publisher.close()
        await database.close()


async def _serve_until_signal(settings: Settings) -> None:
    serving = asyncio.ensure_future(serve(settings))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await serving


def main() -> int:
    """Serve until SIGTERM and return the exit code; settings come from the environment."""
    logs.configure("ticker")
    try:
        settings = load_settings()
    except MyriadError as error:
        sys.exit(f"the ticker cannot start: {error.detail}")
    if settings.ticker.metrics_port is not None:
        start_http_server(settings.ticker.metrics_port, settings.ticker.metrics_host)
    asyncio.run(_serve_until_signal(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
