"""The jobs of the week, and judging reviews again."""

from __future__ import annotations

from typing import Any

from myriad.products.keeper.errors import NoAccountError
from myriad.products.keeper.rejudging import REJUDGE_TASK, rejudge
from myriad.products.keeper.weekly import lend_now, publish_network, run_week
from myriad.products.keeper.weekly_queue import LEND_TASK, NETWORK_TASK, WEEK_TASK
from myriad.scale.jobs import Job, task


@task(WEEK_TASK, max_attempts=5, lease_seconds=60, timeout_seconds=900, job_class="bulk")
async def week(job: Job, payload: dict[str, Any]) -> None:
    """Once a week: search for patterns and trends, and lend figures to the network."""
    try:
        await run_week(job.runtime, job.tenant_id, again=bool(payload.get("again")))
    except NoAccountError:
        return


@task(LEND_TASK, max_attempts=5, lease_seconds=60, timeout_seconds=300, job_class="high")
async def lending(job: Job, payload: dict[str, Any]) -> None:
    """Lend an account's figures as soon as it has joined."""
    try:
        await lend_now(job.runtime, job.tenant_id)
    except NoAccountError:
        return


@task(NETWORK_TASK, max_attempts=5, lease_seconds=60, timeout_seconds=900, job_class="bulk")
async def network(job: Job, payload: dict[str, Any]) -> None:
    """Publish the week's pooled figures, unless another account's job has done so."""
    await publish_network(job.runtime)


@task(REJUDGE_TASK, max_attempts=5, lease_seconds=60, timeout_seconds=1800, job_class="bulk")
async def judge_again(job: Job, payload: dict[str, Any]) -> None:
    """Judge the stored reviews by the model that was trained last."""
    await rejudge(job)
