"""The jobs that tell people of notices."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from myriad.products.keeper.notify import DELIVER_TASK
from myriad.products.keeper.notify.mailing import (
    DIGEST_TASK,
    MAIL_TASK,
    plan_mails,
    send_digest,
    send_own,
)
from myriad.products.keeper.notify.telling import announce
from myriad.products.keeper.settings import KeeperSettings
from myriad.scale.jobs import Job, task


@task(DELIVER_TASK, max_attempts=8, lease_seconds=30, timeout_seconds=60, job_class="interactive")
async def deliver(job: Job, payload: dict[str, Any]) -> None:
    """Bring a notice to open pages and queue its mails."""
    notice_id = UUID(payload["notice_id"])
    await announce(job.runtime, job.tenant_id, notice_id)
    await plan_mails(job.session, notice_id, job.runtime.settings_of(KeeperSettings))


@task(MAIL_TASK, max_attempts=12, lease_seconds=60, timeout_seconds=120, job_class="high")
async def mail(job: Job, payload: dict[str, Any]) -> None:
    """Send one notice to one member."""
    await send_own(job, UUID(payload["delivery_id"]))


@task(DIGEST_TASK, max_attempts=12, lease_seconds=60, timeout_seconds=120, job_class="low")
async def digest(job: Job, payload: dict[str, Any]) -> None:
    """Send one member what waited for the day's message."""
    await send_digest(job, UUID(payload["user_id"]))
