"""Jobs of facts: simulated closes go on from day to day."""

from __future__ import annotations

from typing import Any

from myriad.kit.clock import utc_now
from myriad.products.kamioi.broker.market import last_closed_day
from myriad.products.kamioi.facts.inventing import continue_closes
from myriad.products.kamioi.facts.schedules import CLOSES_TASK
from myriad.scale.jobs import Job, task


@task(CLOSES_TASK, job_class="low", max_attempts=5, lease_seconds=60, timeout_seconds=300)
async def simulate_closes(job: Job, payload: dict[str, Any]) -> dict[str, int]:
    """Add the closes of the days that have ended, in an installation whose closes are invented.

    Every programme asks; the first one that does has them written for all.
    """
    return {"closes": await continue_closes(job.runtime.database, last_closed_day(utc_now()))}
