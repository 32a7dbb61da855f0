"""Gauges of how full the queue is, beside what it may hold; the reaper does the counting."""

from __future__ import annotations

import asyncio

from myriad.scale.data import Database, ReadSession
from myriad.scale.jobs.store import CLASSES, run
from myriad.scale.observe.logs import get_logger
from myriad.scale.observe.metrics import Gauge

EVERY_SECONDS = 10.0

BACKLOG = Gauge("myriad_jobs_backlog", "Jobs that wait, as last counted, by class", ["job_class"])
CAPACITY = Gauge(
    "myriad_jobs_backlog_capacity",
    "Up to how many waiting jobs in all the class still takes jobs in",
    ["job_class"],
)
_log = get_logger(__name__)


async def measure_backlog(session: ReadSession) -> None:
    """Set the gauges from the last count."""
    for row in await run(session, "show_backlog", {}):
        BACKLOG.labels(CLASSES[row.job_class]).set(row.jobs)
        CAPACITY.labels(CLASSES[row.job_class]).set(row.capacity)


async def serve_backlog(database: Database) -> None:
    """Keep the gauges up to date until cancelled."""
    while True:
        try:
            async with database.crossing("show the backlog") as session:
                await measure_backlog(session)
        except Exception as error:  # noqa: BLE001 - the loop outlives any outage
            _log.warning("backlog_unseen", error=str(error))
        await asyncio.sleep(EVERY_SECONDS)
