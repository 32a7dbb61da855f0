"""Looking at jobs, replaying dead letters and cancelling, for one tenant at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from myriad.scale.data import ReadSession, Session
from myriad.scale.jobs.errors import JobIsLiveError, JobNotFoundError
from myriad.scale.jobs.store import run
from myriad.scale.tenancy import current_tenant

_NEWEST = UUID(int=(1 << 128) - 1)


@dataclass(frozen=True)
class JobStatus:
    """What a job's row says, for screens and the API."""

    id: UUID
    task: str
    job_class: str
    state: str
    run_at: datetime
    attempts: int
    max_attempts: int | None
    error: Mapping[str, Any] | None
    progress_done: int | None
    progress_total: int | None
    stage: str | None
    message: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_live(self) -> bool:
        """Whether the job still waits or runs."""
        return self.state in ("waiting", "queued", "dispatched", "running")


async def find_job(session: ReadSession, job_id: UUID) -> JobStatus | None:
    """Return the job of the session's tenant, or None."""
    row = (await run(session, "get_job", {"tenant_id": current_tenant(), "id": job_id})).first()
    return None if row is None else JobStatus(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public API


async def get_job(session: ReadSession, job_id: UUID) -> JobStatus:
    """Return the job of the session's tenant, or raise JobNotFoundError."""
    found = await find_job(session, job_id)
    if found is None:
        raise JobNotFoundError(f"no job {job_id}")
    return found


async def list_dead(
    session: ReadSession, *, before: UUID = _NEWEST, limit: int = 50
) -> list[JobStatus]:
    """Return the tenant's dead letters, newest first; pass the last id as `before` for more."""
    facts = {"tenant_id": current_tenant(), "before": before, "limit": limit}
    rows = await run(session, "list_dead", facts)
    return [JobStatus(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public API


async def replay(session: Session, job_id: UUID) -> None:
    """Queue a dead letter again with all its attempts before it.

    Raises JobNotFoundError unless the job is dead, JobIsLiveError while another live job has its
    deduplication key.
    """
    try:
        async with session.begin_nested():
            facts = {"tenant_id": current_tenant(), "id": job_id}
            replayed = (await run(session, "replay_dead", facts)).first()
    except IntegrityError:
        raise JobIsLiveError(f"job {job_id} already has a living successor") from None
    if replayed is None:
        raise JobNotFoundError(f"no dead job {job_id}")


async def cancel(session: Session, job_id: UUID) -> bool:
    """Cancel a live job and return whether it was one; a running handler is told within seconds."""
    facts = {"tenant_id": current_tenant(), "id": job_id}
    return (await run(session, "cancel_live", facts)).rowcount > 0
