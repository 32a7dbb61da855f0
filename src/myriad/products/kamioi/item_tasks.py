"""Jobs of linked banks: finish linking, read one, read all, let go of what never posts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from myriad.kit.errors import ConflictError, InvalidInputError, NotFoundError
from myriad.products.kamioi.banking.linking import finish_told_visit
from myriad.products.kamioi.intake.recording import expire_pending, today_utc
from myriad.products.kamioi.plaid.items import SYNC_TASK, enqueue_all
from myriad.products.kamioi.plaid.syncing import sync_item
from myriad.products.kamioi.plaid.visits import FINISH_TASK
from myriad.scale.jobs import Job, task

SYNC_ALL_TASK = "kamioi.items.sync"
EXPIRE_TASK = "kamioi.purchases.expire"


@task(
    SYNC_TASK,
    max_attempts=12,
    lease_seconds=60,
    timeout_seconds=1800,
    job_class="default",
    permanent=(NotFoundError,),
)
async def sync(job: Job, payload: dict[str, Any]) -> dict[str, int]:
    """Read what is new of one linked bank."""
    recorded = await sync_item(job, UUID(payload["item_id"]))
    return {"new": recorded.new, "changed": recorded.changed, "refused": recorded.refused}


@task(
    FINISH_TASK,
    max_attempts=6,
    lease_seconds=60,
    timeout_seconds=300,
    job_class="default",
    permanent=(NotFoundError, ConflictError, InvalidInputError),
)
async def finish_visit(job: Job, payload: dict[str, Any]) -> dict[str, str]:
    """Link what came of a visit to Plaid's pages from which no browser came back."""
    outcome = await finish_told_visit(job.runtime, job.tenant_id, UUID(payload["visit_id"]))
    return {"outcome": outcome}


@task(SYNC_ALL_TASK, max_attempts=5, lease_seconds=30, timeout_seconds=120, job_class="low")
async def sync_all(job: Job, payload: dict[str, Any]) -> None:
    """Queue reading every linked bank of the tenant, in case that a webhook was missed."""
    await enqueue_all(job.session)


@task(EXPIRE_TASK, max_attempts=5, lease_seconds=30, timeout_seconds=300, job_class="low")
async def expire(job: Job, payload: dict[str, Any]) -> None:
    """Mark what has been pending for too long."""
    await expire_pending(job.session, today_utc())
