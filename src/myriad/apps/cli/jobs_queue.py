"""What `./myriad jobs` asks of the queue and does to it, over all accounts or for one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from myriad.apps.cli.accounts import get_account_id
from myriad.apps.cli.context import CliContext
from myriad.apps.console.job_actions import replay_everywhere, replay_own_of
from myriad.kit.errors import InvalidInputError
from myriad.scale.data import Session
from myriad.scale.directory.audit import record_event
from myriad.scale.jobs.detail import (
    find_tenant_of,
    get_detail,
    list_attempts,
    list_everywhere,
    list_relatives,
    list_steps,
)
from myriad.scale.jobs.errors import JobNotFoundError
from myriad.scale.jobs.limits import clear_limit, list_limits, set_limit
from myriad.scale.jobs.overview import (
    Queue,
    WorkerSeen,
    list_workers,
    look_at_queue,
)
from myriad.scale.jobs.status import STATES, cancel, list_jobs, replay
from myriad.scale.jobs.store import CLASSES
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId


@dataclass(frozen=True)
class Filter:
    """Which jobs are meant; None is all."""

    state: str | None
    task: str | None
    job_class: str | None
    tenant: str | None
    limit: int

    def check(self) -> None:
        """Raise InvalidInputError for a state or class that does not exist."""
        for word, kind, known in (
            (self.state, "state", STATES),
            (self.job_class, "class", CLASSES),
        ):
            if word is not None and word not in known:
                raise InvalidInputError(f"no {kind} {word!r}; there are: {', '.join(known)}")


async def list_jobs_of(context: CliContext, wanted: Filter) -> list[dict[str, Any]]:
    """Return the newest jobs that the filter names, with the slug of their account."""
    wanted.check()
    async with (
        context.runtime() as runtime,
        runtime.database.crossing("jobs from the command line") as crossing,
    ):
        if wanted.tenant is None:
            return await list_everywhere(
                crossing,
                state=wanted.state,
                task=wanted.task,
                job_class=wanted.job_class,
                limit=wanted.limit,
            )
        tenant_id = await get_account_id(crossing, wanted.tenant)
        async with runtime.database.read_session(tenant_id) as session:
            jobs = await list_jobs(
                session,
                state=wanted.state,
                task=wanted.task,
                job_class=wanted.job_class,
                limit=wanted.limit,
            )
    return [asdict(job) | {"tenant": wanted.tenant} for job in jobs]


async def show_job(context: CliContext, job_id: UUID) -> dict[str, Any]:
    """Return everything about a job of whatever account, or raise JobNotFoundError."""
    async with context.runtime() as runtime:
        tenant_id = await _tenant_of(runtime, job_id)
        async with runtime.database.read_session(tenant_id) as session:
            return asdict(await get_detail(session, job_id)) | {
                "tenant_id": tenant_id,
                "attempts_made": [asdict(one) for one in await list_attempts(session, job_id)],
                "relatives": [asdict(one) for one in await list_relatives(session, job_id)],
                "steps": [asdict(one) for one in await list_steps(session, job_id)],
            }


async def _tenant_of(runtime: Runtime, job_id: UUID) -> TenantId:
    async with runtime.database.crossing("jobs from the command line") as crossing:
        found = await find_tenant_of(crossing, job_id)
    if found is None:
        raise JobNotFoundError(f"there is no job {job_id}; `./myriad jobs ls` shows them")
    return found


@asynccontextmanager
async def _acting(runtime: Runtime, job_id: UUID, action: str) -> AsyncIterator[Session]:
    """A transaction of the job's account that ends in a line of its audit log."""
    tenant_id = await _tenant_of(runtime, job_id)
    async with runtime.database.session(tenant_id) as session:
        yield session
        record_event(session, tenant_id, action, subject=str(job_id))


async def retry(context: CliContext, job_ids: Sequence[UUID]) -> int:
    """Queue dead letters again; raises JobNotFoundError for the first that is none."""
    async with context.runtime() as runtime:
        for job_id in job_ids:
            async with _acting(runtime, job_id, "job.replayed") as session:
                await replay(session, job_id)
    return len(job_ids)


async def retry_all(context: CliContext, wanted: Filter, error_code: str | None) -> int:
    """Queue the dead letters that the filter names again and return how many."""
    facts: dict[str, Any] = {"task": wanted.task, "error_code": error_code, "limit": wanted.limit}
    async with context.runtime() as runtime:
        if wanted.tenant is None:
            return await replay_everywhere(runtime, None, **facts)
        async with runtime.database.crossing("jobs from the command line") as crossing:
            tenant_id = await get_account_id(crossing, wanted.tenant)
        async with runtime.database.session(tenant_id) as session:
            return await replay_own_of(session, None, tenant_id, **facts)


async def cancel_jobs(context: CliContext, job_ids: Sequence[UUID]) -> int:
    """Cancel live jobs and return how many there were; raises JobNotFoundError for no job."""
    cancelled = 0
    async with context.runtime() as runtime:
        for job_id in job_ids:
            async with _acting(runtime, job_id, "job.cancelled") as session:
                cancelled += await cancel(session, job_id)
    return cancelled


async def change_limits(
    context: CliContext, key: str | None, concurrency: int | None
) -> dict[str, int]:
    """Set a limit, or clear it without a number; return all limits that are set."""
    async with (
        context.runtime() as runtime,
        runtime.database.crossing("jobs from the command line") as crossing,
    ):
        if key is not None and concurrency is not None:
            await set_limit(crossing, key, concurrency)
        elif key is not None:
            await clear_limit(crossing, key)
        return await list_limits(crossing)


async def look(context: CliContext) -> tuple[Queue, tuple[WorkerSeen, ...]]:
    """Return how the whole queue stands, and its workers."""
    async with (
        context.runtime() as runtime,
        runtime.database.crossing("jobs from the command line") as crossing,
    ):
        return await look_at_queue(crossing), await list_workers(crossing)
