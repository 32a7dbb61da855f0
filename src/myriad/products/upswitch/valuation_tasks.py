"""Jobs of valuations: reports, large simulations, a new filing, letting go of what is old."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from myriad.kit.clock import utc_now
from myriad.products.upswitch.queueing import (
    MOVES_MAIL_TASK,
    REPORT_TASK,
    REVALUE_TASK,
    SIMULATION_TASK,
    TIDY_TASK,
    WATCH_TASK,
    enqueue_revaluation,
)
from myriad.products.upswitch.valuations.mailing import mail_moves
from myriad.products.upswitch.valuations.making import make_report, make_simulation
from myriad.products.upswitch.valuations.sql import execute, fetch
from myriad.products.upswitch.valuations.vintages import get_in_force
from myriad.products.upswitch.valuations.watching import revalue, revalue_account
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


@task(REVALUE_TASK, max_attempts=6, lease_seconds=60, timeout_seconds=3600, job_class="low")
async def revalue_all(job: Job, payload: dict[str, Any]) -> None:
    """Value an account's sessions again under other parameters."""
    await revalue_account(job, UUID(payload["vintage_id"]))


@task(MOVES_MAIL_TASK, max_attempts=8, lease_seconds=60, timeout_seconds=300, job_class="high")
async def mail(job: Job, payload: dict[str, Any]) -> None:
    """Tell the account's members of values that moved."""
    await mail_moves(job)


@task(TIDY_TASK, max_attempts=5, lease_seconds=60, timeout_seconds=300, job_class="low")
async def tidy(job: Job, payload: dict[str, Any]) -> None:
    """Let go of reports, simulations and links that are a month old; valuations stay.

    Parameters that have come into force since are taken up.
    """
    before = utc_now() - KEPT
    for name in ("drop_old_reports", "drop_old_simulations", "drop_old_share_links"):
        await execute(job.session, name, before=before)
    await execute(job.session, "drop_old_moves")
    vintage = await get_in_force(job.runtime.database, utc_now().date())
    older = {"after": None, "parameter_set_id": vintage.id, "limit": 1}
    if await fetch(job.session, "list_newest_of_sessions", **older):
        await enqueue_revaluation(job.session, vintage.id)
