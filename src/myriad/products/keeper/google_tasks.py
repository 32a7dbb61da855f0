"""The jobs that speak with Google: connect, read, answer, disconnect."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from myriad.products.keeper import answering
from myriad.products.keeper.errors import AuthorizationFailedError
from myriad.products.keeper.google.connecting import (
    CONNECT_TASK,
    END_TASK,
    READ_ONE_TASK,
    READ_TASK,
    REPLY_TASK,
    connect,
    end,
)
from myriad.products.keeper.google.errors import GoogleAnswerError
from myriad.products.keeper.google.sync import ReadReport, read_account, read_one
from myriad.products.keeper.queueing import enqueue_run
from myriad.products.keeper.square.sql import run as run_statement
from myriad.scale.data import Session
from myriad.scale.jobs import Job, task


@task(
    CONNECT_TASK,
    max_attempts=3,
    lease_seconds=30,
    timeout_seconds=120,
    permanent=(AuthorizationFailedError, GoogleAnswerError),
    job_class="interactive",
)
async def connect_google(job: Job, payload: dict[str, Any]) -> None:
    """Redeem the code of a consent and queue the first reading."""
    await job.progress(0, None, "Asking Google")
    await connect(job, payload["code"])


@task(READ_TASK, max_attempts=8, lease_seconds=60, timeout_seconds=1800, job_class="high")
async def read(job: Job, payload: dict[str, Any]) -> None:
    """Read reviews; queue the review agent when anything is different."""
    await job.progress(0, None, "Reading reviews from Google")
    await examine_if_moved(job.session, await read_account(job, payload.get("mode", "increment")))


@task(READ_ONE_TASK, max_attempts=8, lease_seconds=30, timeout_seconds=120, job_class="interactive")
async def read_named(job: Job, payload: dict[str, Any]) -> None:
    """Read the review that a notification names."""
    report = await read_one(job, payload["review"])
    outcome = "applied" if report.moved else "stale"
    await run_statement(job.session, "finish_event", event_id=payload["event_id"], outcome=outcome)
    await examine_if_moved(job.session, report)


@task(
    REPLY_TASK,
    max_attempts=answering.LAST_ATTEMPT,
    lease_seconds=30,
    timeout_seconds=120,
    job_class="interactive",
)
async def reply(job: Job, payload: dict[str, Any]) -> None:
    """Publish an answer that a person approved."""
    await answering.send(job, UUID(payload["review_id"]), payload["digest"])


@task(END_TASK, max_attempts=5, lease_seconds=30, timeout_seconds=60, job_class="interactive")
async def disconnect(job: Job, payload: dict[str, Any]) -> None:
    """Forget the tokens and give the permission back."""
    await end(job, UUID(payload["connection_id"]))


async def examine_if_moved(session: Session, report: ReadReport) -> None:
    """Queue the review agent after reviews came, changed or went."""
    if report.moved:
        await enqueue_run(session, agent="review")
