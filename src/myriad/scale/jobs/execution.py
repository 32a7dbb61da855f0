"""One attempt at one job: claim, run, and commit effect and end together."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlalchemy import Row

from myriad.scale.data import Session
from myriad.scale.jobs.backoff import Verdict, judge
from myriad.scale.jobs.errors import JobTimeoutError, LeaseLostError, UnknownTaskError
from myriad.scale.jobs.faults import describe
from myriad.scale.jobs.job import Job, act_for_tenant_in_every_transaction
from myriad.scale.jobs.leases import Lease, Leases
from myriad.scale.jobs.measures import ATTEMPT_SECONDS, ATTEMPTS
from myriad.scale.jobs.registry import REGISTRY, Payload, Registry, Task
from myriad.scale.jobs.store import as_json, run
from myriad.scale.observe.logs import get_logger
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

Outcome = Literal[
    "succeeded", "duplicate", "retry", "later", "dead", "lost", "cancelled", "given_back"
]

GRACE_SECONDS = 30.0
_log = get_logger(__name__)


async def _refuse(job: Job, _: Payload) -> None:
    raise UnknownTaskError(f"no task named {job.task!r} is registered", task=job.task)


@dataclass
class Executor:
    """Runs jobs by id for one process."""

    runtime: Runtime
    registry: Registry = REGISTRY
    worker_id: UUID = field(default_factory=uuid4)
    leases: Leases = field(default_factory=Leases)

    async def execute(self, tenant_id: TenantId, job_id: UUID, task_name: str) -> Outcome:
        """Run one attempt at the job if nobody else does, and return how it ended.

        Raises only when the database cannot be reached; then the lease expires by itself.
        """
        if self.leases.holds(job_id):
            return "duplicate"
        task = self.registry.find(task_name) or Task(task_name, _refuse)
        async with self.runtime.database.session(tenant_id) as session:
            act_for_tenant_in_every_transaction(session, tenant_id)
            claimed = await self._claim(session, tenant_id, job_id, task)
            if claimed is None:
                return "duplicate"
            began = time.monotonic()
            outcome = await self._attempt(session, tenant_id, job_id, task, claimed)
        ATTEMPTS.labels(task=task.name, outcome=outcome).inc()
        ATTEMPT_SECONDS.labels(task=task.name).observe(time.monotonic() - began)
        return outcome

    async def _claim(
        self, session: Session, tenant_id: TenantId, job_id: UUID, task: Task
    ) -> Row[Any] | None:
        facts = {
            "tenant_id": tenant_id,
            "id": job_id,
            "worker_id": self.worker_id,
            "lease_seconds": task.lease_seconds,
            "max_attempts": task.max_attempts,
        }
        claimed = (await run(session, "claim_job", facts)).first()
        await session.commit()
        return claimed

    async def _attempt(
        self, session: Session, tenant_id: TenantId, job_id: UUID, task: Task, claimed: Row[Any]
    ) -> Outcome:
        deadline = time.monotonic() + task.timeout_seconds + GRACE_SECONDS
        lease = Lease(tenant_id, job_id, claimed.fence, task.lease_seconds, deadline)
        job = Job(
            job_id,
            task.name,
            tenant_id,
            self.runtime,
            session,
            claimed.fence,
            claimed.attempts,
            task.lease_seconds,
        )
        self.leases.add(lease)
        try:
            return await self._run(job, task, claimed, lease)
        finally:
            self.leases.drop(lease)

    async def _run(self, job: Job, task: Task, claimed: Row[Any], lease: Lease) -> Outcome:
        try:
            await _call(job, task, claimed.payload, lease)
            await _finish(job)
        except LeaseLostError:
            _log.warning("job_lease_lost", job_id=str(job.id), task=job.task)
            return "cancelled" if lease.stopped == "cancelled" else "lost"
        except asyncio.CancelledError:
            if lease.stopped is None:
                raise
            return await _stopped(job, lease)
        except Exception as error:  # noqa: BLE001 - a handler may raise anything; the row keeps it
            return await _failed(job, task, claimed, error)
        _log.info("job_succeeded", job_id=str(job.id), task=job.task, attempt=job.attempt)
        return "succeeded"


async def _call(job: Job, task: Task, payload: Payload, lease: Lease) -> None:
    """Run the handler as a task of its own, so that stopping it stops nothing else."""
    handler = asyncio.ensure_future(task.handler(job, payload))
    lease.watch(handler)
    try:
        async with asyncio.timeout(task.timeout_seconds) as limit:
            await handler
    except TimeoutError:
        if not limit.expired():
            raise
        message = f"{job.task} took longer than {task.timeout_seconds:g} s"
        raise JobTimeoutError(message, timeout_seconds=task.timeout_seconds) from None


def _key(job: Job) -> dict[str, Any]:
    return {"tenant_id": job.tenant_id, "id": job.id, "fence": job.fence}


async def _finish(job: Job) -> None:
    """Commit the handler's effects and the job's end as one, or raise LeaseLostError."""
    ended = (await run(job.session, "finish_job", _key(job))).first()
    if ended is None:
        await job.session.rollback()
        raise LeaseLostError(job.id, job.fence)
    if ended.again_at is not None:
        await run(job.session, "enqueue_again", _key(job))
    await job.session.commit()


async def _stopped(job: Job, lease: Lease) -> Outcome:
    """Roll back a handler that was told to stop; at shutdown the job goes back to the queue."""
    await job.session.rollback()
    _log.info("job_stopped", job_id=str(job.id), task=job.task, why=lease.stopped)
    if lease.stopped != "shutdown":
        return "cancelled" if lease.stopped == "cancelled" else "lost"
    await run(job.session, "give_back_job", _key(job))
    await job.session.commit()
    return "given_back"


async def _failed(job: Job, task: Task, claimed: Row[Any], error: Exception) -> Outcome:
    await job.session.rollback()
    verdict = judge(error, job.attempt, task.permanent)
    is_last = verdict.costs_an_attempt and job.attempt >= claimed.max_attempts
    facts = _key(job) | {"error": as_json(describe(error))}
    _log.warning(
        "job_failed",
        job_id=str(job.id),
        task=job.task,
        attempt=job.attempt,
        verdict=verdict.kind,
        error=type(error).__name__,
        exc_info=error,
    )
    if verdict.kind == "permanent" or is_last:
        return await _bury(job, facts)
    return await _postpone(job, verdict, facts)


async def _bury(job: Job, facts: dict[str, Any]) -> Outcome:
    buried = (await run(job.session, "bury_job", facts)).first()
    if buried is not None and buried.again_at is not None:
        await run(job.session, "enqueue_again", facts)
    await job.session.commit()
    return "dead" if buried is not None else "lost"


async def _postpone(job: Job, verdict: Verdict, facts: dict[str, Any]) -> Outcome:
    facts |= {
        "delay_seconds": verdict.delay_seconds,
        "attempts_back": 0 if verdict.costs_an_attempt else 1,
    }
    postponed = await run(job.session, "postpone_job", facts)
    await job.session.commit()
    if postponed.rowcount == 0:
        return "lost"
    return "later" if verdict.kind == "later" else "retry"
