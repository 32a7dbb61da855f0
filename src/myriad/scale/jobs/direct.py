"""Work outside the queue, on the command line: the same transactions at the same places as a job."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, event
from sqlalchemy.orm import Session as SyncSession
from sqlalchemy.orm import SessionTransaction

from myriad.scale.data import Session
from myriad.scale.data.database import SET_TENANT
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId


@dataclass
class DirectWork:
    """What a handler needs of a job, without a queue, a lease or a fence."""

    runtime: Runtime
    session: Session
    attempt: int = 1

    async def checkpoint(self) -> None:
        """Commit; the next statement begins a transaction for the same tenant."""
        await self.session.commit()

    async def progress(
        self, done: int, total: int | None = None, message: str | None = None
    ) -> None:
        """Tell nobody."""


@asynccontextmanager
async def direct_work(runtime: Runtime, tenant_id: TenantId) -> AsyncIterator[DirectWork]:
    """Open work for a tenant outside the queue; commits at the end."""
    async with runtime.database.session(tenant_id) as session:
        act_for_tenant_in_every_transaction(session, tenant_id)
        yield DirectWork(runtime, session)


def act_for_tenant_in_every_transaction(session: Session, tenant_id: TenantId) -> None:
    """Set the tenant at the start of each transaction that this session will begin."""

    def set_tenant(_: SyncSession, __: SessionTransaction, connection: Connection) -> None:
        connection.execute(SET_TENANT, {"tenant_id": str(tenant_id)})

    event.listen(session.sync_session, "after_begin", set_tenant)
