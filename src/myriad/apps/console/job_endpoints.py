"""The API of jobs: an account's own for its owners, the whole queue for operators."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from myriad.apps.console import job_actions
from myriad.apps.console.job_views import load_job
from myriad.scale.http import (
    CurrentRuntime,
    EventSourceResponse,
    Operator,
    Owner,
    Page,
    PageRequest,
    Router,
    ServerSentEvent,
    TenantReadSession,
    TenantSession,
)
from myriad.scale.http.events import JobEvents
from myriad.scale.jobs.overview import Queue, Share, list_shares, list_workers, look_at_queue
from myriad.scale.jobs.status import NEWEST, get_job, list_jobs

router = Router(tags=["jobs"])

JobClass = Literal["interactive", "high", "default", "low", "bulk"]
JobState = Literal[
    "blocked", "waiting", "queued", "dispatched", "running", "succeeded", "dead", "cancelled"
]
TaskFilter = Annotated[str | None, Query(max_length=200)]
_TOO_MANY: dict[int | str, dict[str, Any]] = {
    429: {"description": "The caller watches as many jobs at once as one caller may."}
}


class _Read(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class JobRead(_Read):
    """One job; `error` says why the last attempt failed."""

    id: UUID
    task: str
    job_class: JobClass
    state: JobState
    run_at: datetime
    attempts: int
    max_attempts: int | None
    error: dict[str, Any] | None
    progress_done: int | None
    progress_total: int | None
    stage: str | None
    message: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class AttemptRead(_Read):
    """One attempt that did not succeed."""

    attempt: int
    outcome: str
    error: dict[str, Any] | None
    started_at: datetime | None
    ended_at: datetime


class RelativeRead(_Read):
    """A job of the same graph."""

    id: UUID
    name: str
    is_child: bool
    task: str
    state: str


class StepRead(_Read):
    """A step whose result is kept; secrets in it are masked."""

    name: str
    result: Any
    created_at: datetime


class JobDetailRead(JobRead):
    """One job with what it was told (secrets masked), its attempts, graph and steps."""

    payload: Any
    attempts_made: list[AttemptRead]
    relatives: list[RelativeRead]
    steps: list[StepRead]


class LaneRead(_Read):
    """One class of the queue; `oldest_at` is since when its oldest job could have run."""

    job_class: JobClass
    blocked: int
    waiting: int
    ready: int
    running: int
    dead: int
    oldest_at: datetime | None


class MinuteRead(_Read):
    """What ended within one minute."""

    at: datetime
    succeeded: int
    cancelled: int
    failed: int
    cost: float


class DeadGroupRead(_Read):
    """Dead letters of one task with one error code."""

    task: str
    code: str
    jobs: int
    first_at: datetime
    last_at: datetime
    newest_id: UUID
    detail: str | None


class QueueRead(_Read):
    """The queue at a glance; `minutes` are the last 15."""

    at: datetime
    ready: int
    running: int
    waiting: int
    dead_letters: int
    lanes: list[LaneRead]
    minutes: list[MinuteRead]
    dead: list[DeadGroupRead]


class ShareRead(_Read):
    """One tenant's part of the work of the last 15 minutes, between 0 and 1."""

    tenant_id: UUID
    name: str
    plan: str
    ready: int
    capped: int
    in_flight: int
    dead: int
    served: int
    cost: float
    share: float
    cap: int | None


class WorkerRead(_Read):
    """A worker process as its last heartbeat told."""

    id: UUID
    name: str
    host: str
    slots: int
    busy: int
    classes: list[JobClass]
    is_draining: bool
    cpu_share: float | None
    seen_at: datetime


class WholeQueueRead(QueueRead):
    """The queue of the installation, with its tenants' shares and its workers."""

    shares: list[ShareRead]
    workers: list[WorkerRead]


class ReplayMany(BaseModel):
    """Which dead letters to queue again: all, or those of a task or an error code."""

    model_config = ConfigDict(extra="forbid")

    task: Annotated[str, Field(max_length=200)] | None = None
    error_code: Annotated[str, Field(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1000


class Replayed(BaseModel):
    """How many dead letters were queued again."""

    replayed: int


class Cancelled(BaseModel):
    """Whether the job was live and is cancelled now."""

    cancelled: bool


@router.get("/jobs", response_model=Page[JobRead])
async def list_own_jobs(
    _caller: Owner,
    session: TenantReadSession,
    paging: PageRequest,
    state: JobState | None = None,
    task: TaskFilter = None,
    job_class: Annotated[JobClass | None, Query(alias="class")] = None,
) -> Response:
    """List the account's jobs, newest first."""
    found = await list_jobs(
        session,
        state=state,
        task=task,
        job_class=job_class,
        before=UUID(paging.after[0]) if paging.after else NEWEST,
        limit=paging.fetch,
    )
    rows = [JobRead.model_validate(job).model_dump() for job in found]
    return paging.answer(rows, position=lambda row: (row["id"],))


@router.get("/jobs/summary")
async def summary(_caller: Owner, session: TenantReadSession) -> QueueRead:
    """Say how the account's queue stands: its classes, the last 15 minutes, its dead letters."""
    return QueueRead.model_validate(await look_at_queue(session))


@router.post("/jobs/replay-many", status_code=200)
async def replay_own(caller: Owner, session: TenantSession, body: ReplayMany) -> Replayed:
    """Queue many of the account's dead letters again."""
    replayed = await job_actions.replay_own(
        session, caller, task=body.task, error_code=body.error_code, limit=body.limit
    )
    return Replayed(replayed=replayed)


@router.get("/jobs/{job_id}")
async def show(_caller: Owner, session: TenantReadSession, job_id: UUID) -> JobDetailRead:
    """Show a job with its attempts, graph and steps; secrets in it are masked."""
    return JobDetailRead.model_validate(await load_job(session, job_id))


@router.get("/jobs/{job_id}/events", response_class=EventSourceResponse, responses=_TOO_MANY)
async def watch(events: JobEvents) -> AsyncIterator[ServerSentEvent]:
    """Stream the job's progress as server-sent events until it ends; Last-Event-ID resumes."""
    async for event in events:
        yield event


@router.post("/jobs/{job_id}/replay", status_code=200)
async def replay_one(caller: Owner, session: TenantSession, job_id: UUID) -> JobRead:
    """Queue a dead letter again, with all its attempts before it."""
    await job_actions.replay_one(session, caller, job_id)
    return JobRead.model_validate(await get_job(session, job_id))


@router.post("/jobs/{job_id}/cancel", status_code=200)
async def cancel_one(caller: Owner, session: TenantSession, job_id: UUID) -> Cancelled:
    """Cancel a job that waits or runs; a running handler is told within seconds."""
    return Cancelled(cancelled=await job_actions.cancel_one(session, caller, job_id))


@router.get("/queue")
async def whole_queue(_caller: Operator, runtime: CurrentRuntime) -> WholeQueueRead:
    """Show the queue of the installation over all tenants; for its operators."""
    async with runtime.database.crossing("an operator looks at the queue") as session:
        queue: Queue = await look_at_queue(session)
        shares: tuple[Share, ...] = await list_shares(session)
        workers = await list_workers(session)
    facts = QueueRead.model_validate(queue).model_dump()
    return WholeQueueRead(
        **facts,
        shares=[ShareRead.model_validate(share) for share in shares],
        workers=[WorkerRead.model_validate(worker) for worker in workers],
    )


@router.post("/queue/replay-many", status_code=200)
async def replay_everywhere(
    caller: Operator, runtime: CurrentRuntime, body: ReplayMany
) -> Replayed:
    """Queue many dead letters of all tenants again; written to each one's audit log."""
    replayed = await job_actions.replay_everywhere(
        runtime, caller, task=body.task, error_code=body.error_code, limit=body.limit
    )
    return Replayed(replayed=replayed)
