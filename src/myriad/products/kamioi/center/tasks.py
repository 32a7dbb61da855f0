"""What follows from a decision."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from myriad.products.kamioi.center.task_names import REDECIDE_TASK
from myriad.products.kamioi.money.round_ups import redecide
from myriad.products.kamioi.repository.entities import propose_for_same_entity
from myriad.scale.jobs import Job, task


@task(REDECIDE_TASK, job_class="high", max_attempts=8, timeout_seconds=1_800, lease_seconds=60)
async def redecide_strings(job: Job, payload: dict[str, Any]) -> None:
    """Make the open round-ups of some strings anew, and propose the same for the same merchant."""
    ids = [UUID(one) for one in payload["descriptor_ids"]]
    await propose_for_same_entity(job.session, ids)
    for descriptor_id in ids:
        await redecide(job.session, descriptor_id)
        await job.checkpoint()
