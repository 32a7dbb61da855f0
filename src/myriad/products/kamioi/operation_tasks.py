"""Jobs of running a programme: quality measured by the hour."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from myriad.kit.clock import utc_now
from myriad.products.kamioi.looking import forget_looks
from myriad.products.kamioi.operation import measuring
from myriad.products.kamioi.operation_schedules import QUALITY_TASK
from myriad.scale.jobs import Job, task


@task(QUALITY_TASK, job_class="low", max_attempts=3, timeout_seconds=600, lease_seconds=60)
async def measure_quality(job: Job, payload: dict[str, Any]) -> None:
    """Keep how good mapping is at this hour, and forget what is old."""
    at = payload.get("fire_time")
    now = datetime.fromisoformat(at) if at else utc_now()
    await measuring.keep(job.session, now)
    await forget_looks(job.session, now.date())
