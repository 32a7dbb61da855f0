"""The jobs that nobody waits for in vain: notices, and what a payment changes at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from myriad.kit.clock import utc_now
from myriad.products.keeper.agents.returning import refresh_payer
from myriad.products.keeper.notify import DELIVER_TASK
from myriad.products.keeper.notify.mailing import (
    DIGEST_TASK,
    MAIL_TASK,
    plan_mails,
    send_digest,
    send_own,
)
from myriad.products.keeper.notify.telling import announce
from myriad.products.keeper.repository.returning import are_agents_at_work, find_payment_of_event
from myriad.products.keeper.settings import KeeperSettings
from myriad.scale.data import Session
from myriad.scale.jobs import Job, enqueue, task

REFRESH_TASK = "keeper.person.refresh"
# A run that read before the payment came writes what it saw; we look again after it.
AFTER_RUN = timedelta(minutes=2)


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


async def enqueue_refresh(session: Session, event_id: str) -> None:
    """Queue a look at the person whose payment a webhook event carried, if it carried one."""
    ext_id = await find_payment_of_event(session, event_id)
    if ext_id:
        await enqueue(session, REFRESH_TASK, {"payment": ext_id})


@task(REFRESH_TASK, max_attempts=5, lease_seconds=30, timeout_seconds=60, job_class="interactive")
async def refresh(job: Job, payload: dict[str, Any]) -> None:
    """Bring the payer up to date, and once more after a run of the agents that is under way."""
    ext_id = str(payload["payment"])
    found = await refresh_payer(job.session, ext_id)
    if found is not None and await are_agents_at_work(job.session):
        await enqueue(
            job.session,
            REFRESH_TASK,
            {"payment": ext_id},
            run_at=utc_now() + AFTER_RUN,
            dedup_key=f"refresh-after:{ext_id}:{utc_now():%H:%M}",
            job_class="high",
        )
