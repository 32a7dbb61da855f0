"""What people do to jobs, each written to the audit log of the account that it concerns."""

from __future__ import annotations

from uuid import UUID

from myriad.scale.data import Session
from myriad.scale.directory import Principal
from myriad.scale.directory.audit import record_event
from myriad.scale.jobs.errors import JobNotFoundError
from myriad.scale.jobs.overview import list_tenants_with_dead
from myriad.scale.jobs.status import cancel, find_job, replay, replay_many
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId


async def replay_one(session: Session, caller: Principal, job_id: UUID) -> None:
    """Queue a dead letter again; raises JobNotFoundError or JobIsLiveError."""
    await replay(session, job_id)
    record_event(
        session, caller.tenant_id, "job.replayed", actor=caller, subject=str(job_id), jobs=1
    )


async def cancel_one(session: Session, caller: Principal, job_id: UUID) -> bool:
    """Cancel a live job and return whether it was one; raises JobNotFoundError for no job."""
    if not await cancel(session, job_id):
        if await find_job(session, job_id) is None:
            raise JobNotFoundError(f"no job {job_id}")
        return False
    record_event(session, caller.tenant_id, "job.cancelled", actor=caller, subject=str(job_id))
    return True


async def replay_own(
    session: Session,
    caller: Principal,
    *,
    task: str | None = None,
    error_code: str | None = None,
    limit: int,
) -> int:
    """Queue many dead letters of the caller's account again and return how many."""
    return await replay_own_of(
        session, caller, caller.tenant_id, task=task, error_code=error_code, limit=limit
    )


async def replay_own_of(
    session: Session,
    caller: Principal | None,
    tenant_id: TenantId,
    *,
    task: str | None = None,
    error_code: str | None = None,
    limit: int,
) -> int:
    """Queue many dead letters of the session's account again; without a caller the system did."""
    replayed = await replay_many(session, task=task, error_code=error_code, limit=limit)
    if replayed:
        record_event(
            session,
            tenant_id,
            "job.replayed",
            actor=caller,
            subject=task or "every task",
            jobs=replayed,
            error_code=error_code,
        )
    return replayed


async def replay_everywhere(
    runtime: Runtime,
    caller: Principal | None,
    *,
    task: str | None = None,
    error_code: str | None = None,
    limit: int,
) -> int:
    """Queue dead letters of all tenants again, account by account, and return how many.

    Each account is a transaction of its own, under its row security, with a line in its audit log.
    """
    async with runtime.database.crossing("an operator replays dead letters") as crossing:
        tenants = await list_tenants_with_dead(crossing, task=task, error_code=error_code)
    replayed = 0
    for tenant_id in tenants:
        if replayed >= limit:
            break
        async with runtime.database.session(tenant_id) as session:
            done = await replay_own_of(
                session,
                caller,
                tenant_id,
                task=task,
                error_code=error_code,
                limit=limit - replayed,
            )
        replayed += done
    return replayed
