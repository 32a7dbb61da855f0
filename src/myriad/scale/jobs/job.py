"""What a handler gets: its tenant, its transaction, and ways to save and tell how far it is."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session as SyncSession
from sqlalchemy.orm import SessionTransaction

from myriad.scale.data import ReadSession, Session
from myriad.scale.jobs.errors import LeaseLostError
from myriad.scale.jobs.store import run
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

PROGRESS_SECONDS = 0.25
_SET_TENANT = text("SELECT set_config('app.tenant_id', :tenant_id, true)")


@dataclass
class Job:
    """One attempt at a job, under its lease.

    `session` is the transaction that commits together with the job's end. It takes a connection
    at its first query, not before, so a handler that waits for a provider holds none. `attempt`
    counts from 1. A handler must not commit by itself: `checkpoint()` does, under the fence.
    """

    id: UUID
    task: str
    tenant_id: TenantId
    runtime: Runtime
    session: Session
    fence: int
    attempt: int
    lease_seconds: float
    _told_at: float = field(default=0.0, repr=False)

    async def checkpoint(self) -> None:
        """Commit what was done so far and begin the next transaction.

        Raises LeaseLostError, with nothing written, when the job is no longer ours or was
        cancelled. After a crash the handler starts again from what checkpoints have kept.
        """
        await self.hold(self.session)
        await self.session.commit()

    async def hold(self, session: Session) -> None:
        """Lock the job's row under the fence until `session` ends, or raise LeaseLostError."""
        held = await run(session, "keep_job", self._key | {"lease_seconds": self.lease_seconds})
        if held.rowcount == 0:
            await session.rollback()
            raise LeaseLostError(self.id, self.fence)

    async def progress(
        self,
        done: int,
        total: int | None = None,
        message: str | None = None,
        *,
        stage: str | None = None,
    ) -> None:
        """Tell watchers how far the job is, at once and outside its transaction.

        At most four times a second are written; the last one (`done == total`) always is.
        """
        now = time.monotonic()
        if now - self._told_at < PROGRESS_SECONDS and done != total:
            return
        self._told_at = now
        facts = {"done": done, "total": total, "message": message, "stage": stage}
        async with self.runtime.database.session(self.tenant_id) as session:
            await run(session, "note_progress", self._key | facts)

    async def is_held(self) -> bool:
        """Return whether the job is still ours; False once it was cancelled or reaped."""
        async with self.runtime.database.read_session(self.tenant_id) as session:
            return await _is_held(session, self)

    @property
    def _key(self) -> dict[str, object]:
        return {"tenant_id": self.tenant_id, "id": self.id, "fence": self.fence}


async def _is_held(session: ReadSession, job: Job) -> bool:
    found = (await run(session, "get_fence", {"tenant_id": job.tenant_id, "id": job.id})).first()
    return found is not None and (found.state, found.fence) == ("running", job.fence)


def act_for_tenant_in_every_transaction(session: Session, tenant_id: TenantId) -> None:
    """Set the tenant at the start of each transaction that this session will begin."""

    def set_tenant(_: SyncSession, __: SessionTransaction, connection: Connection) -> None:
        connection.execute(_SET_TENANT, {"tenant_id": str(tenant_id)})

    event.listen(session.sync_session, "after_begin", set_tenant)
