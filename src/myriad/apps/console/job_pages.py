"""The screens of jobs: how the account's queue stands, its jobs, one job; the operator's queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Form, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from myriad.apps.console import job_actions
from myriad.apps.console.advice import advice
from myriad.apps.console.job_endpoints import JobClass, JobState
from myriad.apps.console.job_views import JobPage, load_job
from myriad.apps.console.queue_looks import looks_of
from myriad.apps.console.queue_views import QueuePage
from myriad.scale.http import (
    CurrentRuntime,
    Operator,
    Owner,
    PageRequest,
    Router,
    TenantReadSession,
    TenantSession,
)
from myriad.scale.jobs.overview import (
    find_own_share,
    list_shares,
    list_task_names,
    list_workers,
    look_at_queue,
)
from myriad.scale.jobs.status import NEWEST, STATES, JobStatus, list_jobs
from myriad.scale.jobs.store import CLASSES
from myriad.scale.ui import Renderer
from myriad.scale.ui.filters import title_case_key
from myriad.scale.ui.page import CurrentPage, OperatorPage

JOBS, QUEUE = "/jobs", "/queue"
REPLAYED_AT_ONCE = 10_000
_SEE_OTHER = 303

router = Router(tags=["jobs"])
_renderer = Renderer(Path(__file__).parent / "templates")

Word = Annotated[str, Form(min_length=1, max_length=200)]


@dataclass(frozen=True)
class JobList:
    """The list of jobs with its filters."""

    jobs: Sequence[JobStatus]
    task_names: Sequence[str]
    state: str
    job_class: str
    task: str
    next_href: str
    first_href: str

    states = (("", "Every state"), *((name, title_case_key(name)) for name in STATES))
    classes = (("", "Every class"), *((name, title_case_key(name)) for name in CLASSES))

    @property
    def tasks(self) -> list[tuple[str, str]]:
        """The choices of the task."""
        return [("", "Every task"), *((name, name) for name in self.task_names)]

    @property
    def is_filtered(self) -> bool:
        """Whether a filter is set."""
        return bool(self.state or self.job_class or self.task)

    @property
    def answer(self) -> str:
        """What the list shows, in one sentence."""
        if not self.jobs:
            return "No job fits" if self.is_filtered else "No jobs yet"
        words = [self.job_class, self.state]
        kind = " ".join(word for word in words if word)
        of = f" of {self.task}" if self.task else ""
        return f"The newest {kind + ' ' if kind else ''}jobs{of}"

    @staticmethod
    def took(job: JobStatus) -> int | None:
        """Return how long the last attempt took, in milliseconds."""
        if job.started_at is None or job.finished_at is None:
            return None
        return int((job.finished_at - job.started_at).total_seconds() * 1000)


@router.get(JOBS)
async def show_queue(
    request: Request,
    caller: Owner,
    page: CurrentPage,
    session: TenantReadSession,
    runtime: CurrentRuntime,
) -> Response:
    """Show how the account's queue stands."""

    async def look() -> QueuePage:
        queue = await look_at_queue(session)
        async with runtime.database.crossing("an owner looks at the account's share") as crossing:
            share = await find_own_share(session, crossing)
        return QueuePage(queue, page.zone, share=share)

    view = await looks_of(request).get((caller.tenant_id, page.zone), look)
    return _renderer.respond(page, "console/jobs.html", view=view, advice=advice)


@router.get(f"{JOBS}/list")
async def show_list(
    _caller: Owner,
    page: CurrentPage,
    session: TenantReadSession,
    paging: PageRequest,
    state: Annotated[JobState | str, Query(max_length=20)] = "",
    job_class: Annotated[JobClass | str, Query(alias="class", max_length=20)] = "",
    task: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Show the account's jobs, newest first."""
    before = UUID(paging.after[0]) if paging.after else NEWEST
    jobs = await list_jobs(
        session,
        state=state or None,
        task=task or None,
        job_class=job_class or None,
        before=before,
        limit=paging.fetch,
    )
    cursor = paging.next_cursor(jobs, lambda job: (str(job.id),))
    filters = {name: value for name, value in paging.filters.items() if value}
    view = JobList(
        jobs[: paging.limit],
        await list_task_names(session),
        state,
        job_class,
        task,
        paging.next_path(cursor) if cursor else "",
        f"{JOBS}/list?{urlencode(filters)}" if paging.after else "",
    )
    return _renderer.respond(page, "console/job_list.html", view=view)


@router.get(f"{JOBS}/{{job_id}}")
async def show_job(
    _caller: Owner, page: CurrentPage, session: TenantReadSession, job_id: UUID
) -> Response:
    """Show one job."""
    view = JobPage(await load_job(session, job_id), page.zone, page.now)
    return _renderer.respond(page, "console/job.html", view=view, advice=advice)


@router.post(f"{JOBS}/replay-many")
async def replay_group(
    request: Request, caller: Owner, session: TenantSession, task: Word, error_code: Word
) -> Response:
    """Run the dead letters of one task and error again."""
    await job_actions.replay_own(
        session, caller, task=task, error_code=error_code, limit=REPLAYED_AT_ONCE
    )
    looks_of(request).forget()
    return RedirectResponse(JOBS, _SEE_OTHER)


@router.post(f"{JOBS}/{{job_id}}/replay")
async def replay_job(caller: Owner, session: TenantSession, job_id: UUID) -> Response:
    """Run a dead letter again."""
    await job_actions.replay_one(session, caller, job_id)
    return RedirectResponse(f"{JOBS}/{job_id}", _SEE_OTHER)


@router.post(f"{JOBS}/{{job_id}}/cancel")
async def cancel_job(caller: Owner, session: TenantSession, job_id: UUID) -> Response:
    """Cancel a job that waits or runs."""
    await job_actions.cancel_one(session, caller, job_id)
    return RedirectResponse(f"{JOBS}/{job_id}", _SEE_OTHER)


@router.get(QUEUE)
async def show_whole_queue(
    request: Request, _caller: Operator, page: OperatorPage, runtime: CurrentRuntime
) -> Response:
    """Show the queue of all accounts to an operator."""

    async def look() -> QueuePage:
        async with runtime.database.crossing("an operator looks at the queue") as session:
            queue = await look_at_queue(session)
            shares = await list_shares(session)
            workers = await list_workers(session)
        return QueuePage(queue, page.zone, shares=shares, workers=workers)

    view = await looks_of(request).get((None, page.zone), look)
    return _renderer.respond(page, "console/queue.html", view=view, advice=advice)


@router.post(f"{QUEUE}/replay-many")
async def replay_everywhere(
    request: Request, caller: Operator, runtime: CurrentRuntime, task: Word, error_code: Word
) -> Response:
    """Run the dead letters of one task and error again, of all accounts."""
    await job_actions.replay_everywhere(
        runtime, caller, task=task, error_code=error_code, limit=REPLAYED_AT_ONCE
    )
    looks_of(request).forget()
    return RedirectResponse(QUEUE, _SEE_OTHER)
