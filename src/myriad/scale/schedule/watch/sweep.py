"""The due set becomes jobs: one pass over an index, a job for each bundle, whatever its size.

A sweep takes what fell due since the sweep before and moves the plan's mark to now, so nothing is
written to the things themselves. That is what lets 500,000 due things become jobs in less than a
second. A job names a stretch of the due order and reads it when it runs. What was swept but not
looked at within a day, because its job died, is asked for again by its ids.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from myriad.kit.clock import utc_now
from myriad.scale.data import Database
from myriad.scale.observe.logs import get_logger
from myriad.scale.observe.metrics import Counter
from myriad.scale.schedule.ensure import run

# Sweeping a plan less often gathers its things into fewer, fuller bundles.
SWEEP_SECONDS = 900.0
LATE = timedelta(days=1)
_log = get_logger(__name__)

SWEPT = Counter("myriad_schedule_bundles", "Jobs made for bundles of due watched things", ["why"])


async def sweep(
    database: Database, now: datetime | None = None, *, every_seconds: float = SWEEP_SECONDS
) -> int:
    """Make a job for each bundle of things that are due at `now` and return how many.

    A plan is swept at most once in `every_seconds`. Any number of processes may sweep at once:
    each takes the plans that no other holds.
    """
    now = now or utc_now()
    facts = {"now": now, "before": now - timedelta(seconds=every_seconds)}
    async with database.crossing("sweep due watched things") as session:
        row = (await run(session, "sweep", facts)).first()
    return _counted("due", row.jobs if row else 0)


async def recall_late(database: Database, now: datetime | None = None) -> int:
    """Ask again for what was due a day before `now` and not looked at; return how many jobs."""
    facts = {"before": (now or utc_now()) - LATE}
    async with database.crossing("recall late watched things") as session:
        row = (await run(session, "recall_late", facts)).first()
    return _counted("late", row.jobs if row else 0)


def _counted(why: str, jobs: int) -> int:
    SWEPT.labels(why).inc(jobs)
    if jobs:
        _log.info("watched_things_due", why=why, jobs=jobs)
    return jobs
