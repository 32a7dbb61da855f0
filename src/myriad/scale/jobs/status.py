"""Looking at jobs, replaying dead letters and cancelling, for one tenant at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from myriad.kit.errors import InvalidInputError
from myriad.scale.data import ReadSession, Session
from myriad.scale.jobs.arguments import check_class
from myriad.scale.jobs.errors import JobIsLiveError, JobNotFoundError
from myriad.scale.jobs.packs import PACK_SIZE, place_in_pack
from myriad.scale.jobs.slices import unpack_own_slices
from myriad.scale.jobs.store import JobRef, run
from myriad.scale.tenancy import current_tenant

NEWEST = UUID(int=(1 << 128) - 1)
LIVE_STATES = ("blocked", "waiting", "queued", "dispatched", "running")
STATES = (*LIVE_STATES, "succeeded", "dead", "cancelled")


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
        return self.state in LIVE_STATES


async def find_job(session: ReadSession, job_id: UUID) -> JobStatus | None:
    """Return the job of the session's tenant, or None."""
    row = (await run(session, "get_job", _key(job_id))).first()
    return None if row is None else JobStatus(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public API


async def get_job(session: ReadSession, job_id: UUID) -> JobStatus:
    """Return the job of the session's tenant, or raise JobNotFoundError."""
    found = await find_job(session, job_id)
    if found is None:
        raise JobNotFoundError(f"no job {job_id}")
    return found


async def find_ref(session: ReadSession, job_id: UUID) -> JobRef | None:
    """Return where the tenant's unfinished job stands, or None; a job in a pack has no place yet."""
    row = (await run(session, "find_ref", _key(job_id))).first()
    return None if row is None else JobRef(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public API


async def list_jobs(
    session: ReadSession,
    *,
    state: str | None = None,
    task: str | None = None,
    job_class: str | None = None,
    before: UUID = NEWEST,
    limit: int = 50,
) -> list[JobStatus]:
    """Return the tenant's jobs, newest first, also those that lie in packs.

    Pass the last id as `before` for more. Raises InvalidInputError for an unknown state or class.
    """
    if state is not None and state not in STATES:
        raise InvalidInputError(f"no state {state!r}; there are: {', '.join(STATES)}")
    pack_id, item = place_in_pack(before)
    facts = {
        "tenant_id": current_tenant(),
        "state": state,
        "task": task,
        "job_class": check_class(job_class),
        "before": before,
        "pack_id": pack_id,
        "item": item,
        "limit": limit,
    }
    rows = await run(session, "list_dead" if state == "dead" else "list_jobs", facts)
    return [JobStatus(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public API


async def list_dead(
    session: ReadSession, *, before: UUID = NEWEST, limit: int = 50
) -> list[JobStatus]:
    """Return the tenant's dead letters, newest first; pass the last id as `before` for more."""
    return await list_jobs(session, state="dead", before=before, limit=limit)


async def replay(session: Session, job_id: UUID) -> None:
    """Queue a dead letter again with all its attempts before it, and without its deadline.

    Raises JobNotFoundError unless the job is dead, JobIsLiveError while another live job has its
    deduplication key.
    """
    try:
        async with session.begin_nested():
            replayed = (await run(session, "replay_dead", _key(job_id))).first()
    except IntegrityError:
        raise JobIsLiveError(f"job {job_id} already has a living successor") from None
    if replayed is None:
        raise JobNotFoundError(f"no dead job {job_id}")


async def replay_many(
    session: Session,
    *,
    task: str | None = None,
    error_code: str | None = None,
    limit: int = 1000,
) -> int:
    """Queue up to `limit` dead letters again, of one task and error code if given; return how many.

    As `replay` for each, the oldest first. A dead letter whose deduplication key has a live job
    stays dead, and of several with one key only the newest is queued. Raises JobIsLiveError when
    such a key was taken at the same moment.
    """
    facts = {"tenant_id": current_tenant(), "task": task, "error_code": error_code, "limit": limit}
    try:
        async with session.begin_nested():
            return int((await run(session, "replay_many", facts)).scalar_one())
    except IntegrityError:
        raise JobIsLiveError("a deduplication key was taken meanwhile; replay again") from None


async def cancel(session: Session, job_id: UUID) -> bool:
    """Cancel a live job and return whether it was one; a running handler is told within seconds.

    The jobs of its graph that wait for it, near or far, are cancelled with it.
    """
    # The pack first: an item that the dispatcher takes out meanwhile is then found in its row.
    if (await run(session, "cancel_packed", _key(job_id))).rowcount > 0:
        return True
    await unpack_own_slices(session, job_id)
    return await cancel_all(session, [job_id]) > 0


async def cancel_all(session: Session, job_ids: list[UUID]) -> int:
    """Cancel those of the tenant's jobs that live in rows and return how many, descendants apart."""
    facts = {"tenant_id": current_tenant(), "ids": job_ids}
    done = (await run(session, "cancel_live", facts)).one()
    if done.parents:
        tenant_ids = [current_tenant()] * len(done.parents)
        facts = {"tenant_ids": tenant_ids, "ids": list(done.parents)}
        await run(session, "cancel_descendants", facts)
    return int(done.cancelled)


async def cancel_many(
    session: Session,
    *,
    task: str | None = None,
    state: str | None = None,
    limit: int = 1000,
) -> int:
    """Cancel about `limit` of the tenant's live jobs, the oldest first; return how many were.

    Jobs that lie in packs are cancelled by whole packs, after those in rows. Call again until it
    returns 0. Raises InvalidInputError for a state that no live job can have.
    """
    if state is not None and state not in LIVE_STATES:
        raise InvalidInputError(f"no live state {state!r}; there are: {', '.join(LIVE_STATES)}")
    facts = {"tenant_id": current_tenant(), "task": task, "state": state, "limit": limit}
    await unpack_own_slices(session)
    chosen = list((await run(session, "choose_to_cancel", facts)).scalars())
    cancelled = await cancel_all(session, chosen)
    if state in (None, "queued") and cancelled < limit:
        facts["packs"] = -(-(limit - cancelled) // PACK_SIZE)
        cancelled += int((await run(session, "cancel_packs", facts)).scalar_one())
    return cancelled


def _key(job_id: UUID) -> dict[str, Any]:
    pack_id, item = place_in_pack(job_id)
    return {"tenant_id": current_tenant(), "id": job_id, "pack_id": pack_id, "item": item}
