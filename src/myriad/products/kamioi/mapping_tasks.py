"""Jobs of mapping: new strings are decided, and a share of what was decided alone is audited."""

from __future__ import annotations

from typing import Any

from myriad.kit.clock import utc_now
from myriad.products.kamioi.deciding import map_descriptors
from myriad.products.kamioi.facts.loading import load_world
from myriad.products.kamioi.mapping_schedules import AUDIT_TASK, MAP_TASK, WEIGH_TASK
from myriad.products.kamioi.money.round_ups import redecide
from myriad.products.kamioi.repository.mappings import sample_audits
from myriad.products.kamioi.repository.sql import execute, fetch
from myriad.scale.ai.gateway import Gateway
from myriad.scale.jobs import Job, task


@task(MAP_TASK, job_class="default", max_attempts=4, timeout_seconds=1_800, lease_seconds=120)
async def map_strings(job: Job, payload: dict[str, Any]) -> None:
    """Decide the strings of which nothing is said yet, those with most money first.

    Then round-ups that waited for a decision follow it.
    """
    database, done = job.runtime.database, 0
    world, gateway = await load_world(database), Gateway.of(job.runtime)
    while made := await map_descriptors(database, world, job.tenant_id, gateway):
        done += made
        await job.progress(done, done, f"{done:,} strings")
    for row in await fetch(job.session, "list_decided_but_queued"):
        await redecide(job.session, row["descriptor_id"])
        await job.checkpoint()


@task(WEIGH_TASK, job_class="low", max_attempts=4)
async def weigh_queue(job: Job, payload: dict[str, Any]) -> None:
    """Put what waits for people into the order of what hangs on it now.

    What turned out to be income, rent or fees only waits no longer: it never rounds up.
    """
    await execute(job.session, "weigh_queue")
    await execute(job.session, "withdraw_beside_money")


@task(AUDIT_TASK, job_class="low", max_attempts=4)
async def sample_decisions(job: Job, payload: dict[str, Any]) -> None:
    """Put one in a hundred of what was decided without a person before one."""
    await sample_audits(job.session, utc_now().date())
