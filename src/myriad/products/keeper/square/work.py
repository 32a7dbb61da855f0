"""The transaction in which a sync works, ended and begun anew at every page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from myriad.scale.data import Session
from myriad.scale.jobs.job import act_for_tenant_in_every_transaction
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId


class Work(Protocol):
    """What a sync needs of its surroundings; a job of the queue has it."""

    @property
    def runtime(self) -> Runtime:
        """The resources of the process."""

    @property
    def session(self) -> Session:
        """The transaction in hand."""

    @property
    def attempt(self) -> int:
        """The number of this attempt at the work, from 1."""

    async def checkpoint(self) -> None:
        """Commit and begin the next transaction."""

    async def progress(
        self, done: int, total: int | None = None, message: str | None = None
    ) -> None:
        """Tell how far the work is."""


@dataclass
class DirectWork:
    """Work outside the queue: on the command line and in tests."""

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
