"""Jobs of valuations: reports, large simulations, a new filing, letting go of what is old."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from myriad.kit.clock import utc_now
from myriad.products.upswitch.queueing import (
    REPORT_TASK,
    SIMULATION_TASK,
    TIDY_TASK,
    WATCH_TASK,
)
from myriad.products.upswitch.valuations.making import make_report, make_simulation
from myriad.products.upswitch.valuations.sql import execute
from myriad.products.upswitch.valuations.watching import revalue
from myriad.scale.jobs import Job, task

# Reports and simulations are made again when somebody asks; links say no more once they ended.
KEPT = timedelta(days=30)


@task(REPORT_TASK, max_attempts=4, lease_seconds=60, timeout_seconds=120, job_class="interactive")
async def render_report(job: Job, payload: dict[str, Any]) -> None:
    """Make a valuation's report, so that it is there when it is fetched."""
    valuation_id = UUID(payload["valuation_id"])
    await make_report(job.runtime, job.session, valuation_id, payload["format"])


@task(SIMULATION_TASK, max_attempts=4, lease_seconds=60, timeout_seconds=300, job_class="high")
async def run_simulation(job: Job, payload: dict[str, Any]) -> None:
    """Simulate a valuation over many paths."""
    await make_simulation(
        job.runtime,
        job.session,
        UUID(payload["valuation_id"]),
        int(payload["paths"]),
        int(payload["seed"]),
    )


@task(WATCH_TASK, max_attempts=4, lease_seconds=60, timeout_seconds=120, job_class="low")
async def watch(job: Job, payload: dict[str, Any]) -> None:
    """Value a company again after it has filed."""
    await revalue(job.runtime, job.session, int(payload["number"]))


@task(TIDY_TASK, max_attempts=5, lease_seconds=60, timeout_seconds=300, job_class="low")
async def tidy(job: Job, payload: dict[str, Any]) -> None:
    """Let go of reports, simulations and links that are a month old; valuations stay."""
    before = utc_now() - KEPT
    for name in ("drop_old_reports", "drop_old_simulations", "drop_old_share_links"):
        await execute(job.session, name, before=before)
