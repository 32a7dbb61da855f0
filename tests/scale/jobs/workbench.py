"""Handlers, rows and short cuts for the tests of jobs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from myriad.scale.jobs import enqueue
from myriad.scale.jobs.attempt import Outcome
from myriad.scale.jobs.broker import Bundle
from myriad.scale.jobs.execution import Executor
from myriad.scale.jobs.job import Job
from myriad.scale.jobs.registry import Handler, Payload, Registry, Task
from myriad.scale.jobs.slices import refs_of
from myriad.scale.jobs.status import JobStatus, get_job
from myriad.scale.jobs.store import JobRef
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

TASK = "test.thing.do"
_EFFECT = text(
    "INSERT INTO platform.audit_event (tenant_id, actor_kind, action, subject) "
    "VALUES (:tenant, 'system', 'test.effect', :subject)"
)
_REF = (
    "SELECT tenant_id, job_class, task_id FROM platform.job WHERE id = %(id)s UNION ALL "
    "SELECT tenant_id, job_class, task_id FROM platform.job_finished WHERE id = %(id)s"
)
_HISTORY = "SELECT attempt, outcome FROM platform.job_attempt WHERE job_id = %(id)s ORDER BY id"
_EFFECTS = "SELECT subject FROM platform.audit_event WHERE action = 'test.effect' ORDER BY id"


async def write_effect(job: Job, payload: Payload) -> None:
    """Write one row that a test can count."""
    await job.session.execute(_EFFECT, {"tenant": job.tenant_id, "subject": str(payload["n"])})


async def effects(runtime: Runtime, tenant: TenantId) -> list[str]:
    """Return the effects that the tenant's jobs have committed, oldest first."""
    return [row["subject"] for row in await runtime.database.reader.rows(tenant, _EFFECTS)]


async def add_job(runtime: Runtime, tenant: TenantId, n: int = 0, **options: Any) -> UUID:
    """Enqueue one job in a transaction of its own."""
    async with runtime.database.session(tenant) as session:
        return await enqueue(session, options.pop("task", TASK), {"n": n}, **options)


async def status_of(runtime: Runtime, tenant: TenantId, job_id: UUID) -> JobStatus:
    """Return the job's row."""
    async with runtime.database.read_session(tenant) as session:
        return await get_job(session, job_id)


async def ref_of(runtime: Runtime, tenant: TenantId, job_id: UUID) -> JobRef:
    """Return where the job stands, as a message would say it."""
    found = await runtime.database.crossing_rows("test looks for a job", _REF, {"id": job_id})
    row = found[0]
    assert row["tenant_id"] == tenant
    return JobRef(tenant, job_id, row["job_class"], row["task_id"])


async def run_job(executor: Executor, tenant: TenantId, job_id: UUID) -> Outcome:
    """Let `executor` run one attempt at the job and return how it ended."""
    return (await executor.execute([await ref_of(executor.runtime, tenant, job_id)]))[0]


async def sql(runtime: Runtime, statement: str, **parameters: Any) -> None:
    """Run a statement across tenants."""
    async with runtime.database.crossing("test changes rows") as session:
        await session.execute(text(statement), parameters)


async def expire_lease(runtime: Runtime, job_id: UUID) -> None:
    """Let the lease of a job have run out a second ago."""
    await sql(
        runtime,
        "UPDATE platform.job SET lease_until = now() - interval '1 second' WHERE id = :id",
        id=job_id,
    )


async def make_due(runtime: Runtime, job_id: UUID) -> None:
    """Let the time of a waiting job have come."""
    await sql(
        runtime,
        "UPDATE platform.job SET state = 'queued', run_at = now() WHERE id = :id",
        id=job_id,
    )


async def history(runtime: Runtime, tenant: TenantId, job_id: UUID) -> list[tuple[int, str]]:
    """Return the attempts of the tenant's job that did not succeed: number and outcome."""
    rows = await runtime.database.reader.rows(tenant, _HISTORY, {"id": job_id})
    return [(row["attempt"], row["outcome"]) for row in rows]


def executor_for(runtime: Runtime, handler: Handler = write_effect, **limits: Any) -> Executor:
    """Return the executor of a worker of its own that knows one task."""
    registry = Registry()
    registry.add(Task(TASK, handler, **limits))
    return Executor(runtime, registry)


@dataclass
class RecordingPublisher:
    """A quiet twin of the broker: keeps what was published."""

    bundles: list[Bundle] = field(default_factory=list)
    waiting: int = 0
    forgotten: list[str] = field(default_factory=list)

    @property
    def published(self) -> list[list[Any]]:
        """The jobs of every bundle, in their order: [tenant, job, class, task]."""
        return [
            [member[0], str(ref.job_id), ref.job_class, ref.task_id]
            for bundle in self.bundles
            for member in bundle.members
            for ref in refs_of(member)
        ]

    @property
    def ids(self) -> list[UUID]:
        """The published jobs, in their order."""
        return [UUID(member[1]) for member in self.published]

    def publish(self, bundles: Sequence[Bundle]) -> None:
        """Keep `bundles`."""
        self.bundles += bundles

    def lengths(self, worker_names: Iterable[str]) -> dict[str, int]:
        """Return what the test says."""
        return dict.fromkeys(worker_names, self.waiting)

    def forget(self, worker_names: Iterable[str]) -> None:
        """Keep the names."""
        self.forgotten += worker_names

    def close(self) -> None:
        """Nothing to close."""


async def add_worker(
    runtime: Runtime, slots: int = 4, name: str = "w1", classes: str = "{0,1,2,3,4}"
) -> UUID:
    """Announce a worker as its heartbeat would, and return its id."""
    worker_id = uuid4()
    await sql(
        runtime,
        "INSERT INTO platform.job_worker (id, host, pid, slots, name, classes) "
        "VALUES (:id, 'test', 1, :slots, :name, CAST(:classes AS smallint[]))",
        id=worker_id,
        slots=slots,
        name=name,
        classes=classes,
    )
    return worker_id
