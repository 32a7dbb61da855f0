"""Keeper's jobs: ids in, one call, the outcome in the account's own tables."""

from __future__ import annotations

from datetime import date
from typing import Any

from myriad.products.keeper import google_tasks as google_tasks
from myriad.products.keeper import keeping_tasks as keeping_tasks
from myriad.products.keeper import notice_tasks as notice_tasks
from myriad.products.keeper import weekly_tasks as weekly_tasks
from myriad.products.keeper.connecting import WEBHOOK_TASK
from myriad.products.keeper.errors import (
    BusinessDateError,
    ConnectionRevokedError,
    NoAccountError,
    UnknownAgentError,
)
from myriad.products.keeper.google.connecting import enqueue_reading
from myriad.products.keeper.queueing import RUN_TASK, SYNC_TASK, enqueue_run, enqueue_sync
from myriad.products.keeper.repository.accounts import find_account
from myriad.products.keeper.repository.patterns import find_search
from myriad.products.keeper.runs import run_account, run_one
from myriad.products.keeper.square.connections import list_connections
from myriad.products.keeper.square.events import process_event
from myriad.products.keeper.square.sync import sync_account
from myriad.products.keeper.weekly_queue import enqueue_week
from myriad.scale.jobs import Job, task

# A webhook asks for a sync; many in a row are one sync, this long after the last of them.
SETTLE_SECONDS = 5.0


@task(
    SYNC_TASK,
    max_attempts=12,
    lease_seconds=60,
    timeout_seconds=3600,
    job_class="default",
    permanent=(ConnectionRevokedError,),
)
async def sync(job: Job, payload: dict[str, Any]) -> None:
    """Read what Square has to tell; queue a run of the agents when one is wanted or due."""
    account = await find_account(job.session)
    if account is None or not await list_connections(job.session):
        return
    await job.progress(0, None, "Asking Square")
    await sync_account(job, payload.get("mode", "increment"), payload.get("only"))
    is_asked = payload.get("run", True) and payload.get("mode") != "nightly"
    if payload.get("run", True) or account.is_behind:
        await enqueue_run(job.session, is_asked=is_asked)


@task(
    RUN_TASK,
    max_attempts=5,
    lease_seconds=60,
    timeout_seconds=1800,
    job_class="low",
    permanent=(BusinessDateError, UnknownAgentError),
)
async def run(job: Job, payload: dict[str, Any]) -> None:
    """Run the agents for a day, or one of them."""
    day = date.fromisoformat(payload["day"]) if payload.get("day") else None
    again, agent = bool(payload.get("again")), payload.get("agent")
    try:
        if agent:
            await run_one(job.runtime, job.tenant_id, agent, day, again=again)
        else:
            await run_account(job.runtime, job.tenant_id, day, again=again, progress=job.progress)
            # The first patterns need not wait for the account's weekly slot.
            if await find_search(job.session) is None:
                await enqueue_week(job.session)
    except NoAccountError:
        return


@task(WEBHOOK_TASK, max_attempts=8, lease_seconds=30, timeout_seconds=120, job_class="interactive")
async def process_webhook(job: Job, payload: dict[str, Any]) -> None:
    """Apply one stored event of Square's; one that only names an object asks for a sync.

    Whose payment it is gets looked at again at once.
    """
    outcome = await process_event(job.session, payload["event_id"], job.runtime.vault)
    if outcome == "applied":
        await notice_tasks.enqueue_refresh(job.session, payload["event_id"])
    if outcome == "sync":
        await enqueue_sync(job.session, "increment", run=False, settle_seconds=SETTLE_SECONDS)


@task("keeper.account.increment", max_attempts=3, timeout_seconds=60, job_class="high")
async def increment(job: Job, payload: dict[str, Any]) -> None:
    """Every hour: queue a sync of what is new; the agents run at night."""
    if await find_account(job.session) is not None:
        await enqueue_sync(job.session, "increment", run=False)
        await enqueue_reading(job.session, "increment")


@task("keeper.account.night", max_attempts=3, timeout_seconds=60, job_class="low")
async def night(job: Job, payload: dict[str, Any]) -> None:
    """Every night: read the last 96 hours again, compare closed days, run the agents."""
    if await find_account(job.session) is not None:
        await enqueue_sync(job.session, "nightly")
        await enqueue_reading(job.session, "full")
