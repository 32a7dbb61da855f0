"""The jobs that tell people of notices."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from myriad.products.keeper.notify import DELIVER_TASK
from myriad.products.keeper.notify.telling import announce
from myriad.scale.jobs import Job, task


@task(DELIVER_TASK, max_attempts=8, lease_seconds=30, timeout_seconds=60, job_class="interactive")
async def deliver(job: Job, payload: dict[str, Any]) -> None:
    """Bring a notice to open pages and queue its mails."""
    notice_id = UUID(payload["notice_id"])
    await announce(job.runtime, job.tenant_id, notice_id)
