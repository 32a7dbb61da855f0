"""What a handler gets: its tenant, its transaction, and ways to save and tell how far it is."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Error as PsycopgError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from myriad.kit.errors import InvalidInputError
from myriad.scale.cache import committing
from myriad.scale.data import ReadSession, Session
from myriad.scale.data.work import commit_with
from myriad.scale.jobs.batches import take_items
from myriad.scale.jobs.errors import LeaseLostError
from myriad.scale.jobs.events import JobEvent, publish
from myriad.scale.jobs.ledger import Claim, Ledger
from myriad.scale.jobs.registry import Task
from myriad.scale.jobs.steps import RESULT, as_result, checked_name
from myriad.scale.jobs.store import QUERIES, rank_of, run
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

PROGRESS_SECONDS = 0.25
# What runs in the background is looked at by hardly anybody, and there is much of it.
BACKGROUND_PROGRESS_SECONDS = 2.0
_DEFAULT = rank_of("default")
# What the functions finish_job and keep_job of the schema fail with.
LEASE_LOST = "MJ001"


@dataclass
class Job:
    """One attempt at a job, under its lease.

    `session` is the transaction that commits together with the job's end. It takes a connection
    at its first query, not before, so a handler that waits for a provider holds none. `attempt`
    counts from 1. A handler must not commit by itself: `checkpoint()` does, under the fence.
    """

    runtime: Runtime
    definition: Task
    claim: Claim
    ledger: Ledger
    cost: float | None = None
    has_told: bool = False
    _session: AsyncSession | None = field(default=None, repr=False)
    _told_at: float = field(default=0.0, repr=False)
    _steps: dict[str, Any] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self._is_background:
            self._told_at = time.monotonic()

    @property
    def _is_background(self) -> bool:
        return self.claim.ref.job_class > _DEFAULT

    @property
    def id(self) -> UUID:
        """The job's id."""
        return self.claim.ref.job_id

    @property
    def task(self) -> str:
        """The task's name."""
        return self.definition.name

    @property
    def tenant_id(self) -> TenantId:
        """The tenant that the job acts for."""
        return self.claim.ref.tenant_id

    @property
    def fence(self) -> int:
        """The number of this claim; a later claim has a higher one."""
        return self.claim.fence

    @property
    def attempt(self) -> int:
        """The number of this attempt, from 1."""
        return self.claim.attempt

    @property
    def deadline_at(self) -> datetime | None:
        """The time by which the job must be done, if it has one."""
        return self.claim.deadline_at

    @property
    def session(self) -> Session:
        """The transaction in hand."""
        if self._session is None:
            self._session = self.runtime.database.work.open(self.tenant_id)
        return Session(ReadSession(self._session))

    @property
    def has_effects(self) -> bool:
        """Whether the handler has used its session, so that it may have written something."""
        return self._session is not None

    async def checkpoint(self) -> None:
        """Commit what was done so far and begin the next transaction.

        Raises LeaseLostError, with nothing written, when the job is no longer ours or was
        cancelled. After a crash the handler starts again from what checkpoints have kept.
        """
        await self.commit_with("keep_job", self.key | self._lease)

    async def commit_with(self, query: str, parameters: dict[str, Any]) -> None:
        """Commit with a last statement that fails unless the job is ours, or raise LeaseLostError."""
        try:
            with committing(self.session):
                await commit_with(self.session, QUERIES[query], parameters)
        except PsycopgError as error:
            await self.session.rollback()
            self._raise_if_lost(error)
            raise

    async def hold(self, session: Session) -> None:
        """Lock the job's row under the fence until `session` ends, or raise LeaseLostError."""
        try:
            await run(session, "keep_job", self.key | self._lease)
        except DBAPIError as error:
            await session.rollback()
            self._raise_if_lost(error.orig)
            raise

    def _raise_if_lost(self, error: BaseException | None) -> None:
        if getattr(error, "sqlstate", None) == LEASE_LOST:
            raise LeaseLostError(self.id, self.fence) from None

    async def step(self, name: str, make: Callable[[], Awaitable[Any]]) -> Any:
        """Return what `make()` returned the first time, as JSON; later attempts do not call it.

        The result and what was written through `session` since the last checkpoint are committed
        as one. A crash between an outside effect and that commit calls `make()` again: give the
        provider the idempotency key `f"{job.id}:{name}"`. Raises InvalidInputError for a name
        that is empty or longer than 200, ResultNotJsonError, or LeaseLostError.
        """
        steps = await self._known_steps()
        if checked_name(name) not in steps:
            text = as_result(await make())
            await run(self.session, "keep_step", self.key | {"name": name, "result": text})
            await self.checkpoint()
            steps[name] = json.loads(text)
        return steps[name]

    async def _known_steps(self) -> dict[str, Any]:
        if self._steps is None:
            rows = await self.ledger.note("list_steps", self.key)
            self._steps = {row.name: row.result for row in rows if row.name != RESULT}
        return self._steps

    async def results(self) -> dict[str, Any]:
        """Return the results of this job's parents in its graph by their names."""
        rows = await self.ledger.note("list_results_of_parents", self.key)
        return {row.name: row.result for row in rows}

    async def take_items(self, most: int | None = None) -> list[Any]:
        """Take this batch's items, the oldest first, at most `most` or the task's `max_items`.

        They are gone when this job's transaction commits, and back for the next attempt when it
        does not. When more remain, another run follows. Raises InvalidInputError for a task that
        was declared without a batch.
        """
        if self.definition.batch is None:
            raise InvalidInputError(f"{self.task} takes no items; declare it with batch=Batch()")
        return await take_items(self.session, self.key, most or self.definition.batch.max_items)

    def charge(self, cost: float) -> None:
        """Say what this attempt has cost, in the unit of the task's costs, such as tokens.

        It counts towards the tenant's share in place of the seconds that the attempt took.
        """
        if not cost >= 0:
            raise InvalidInputError(f"a cost must be zero or more, not {cost}")
        self.cost = (self.cost or 0.0) + cost

    async def progress(
        self,
        done: int,
        total: int | None = None,
        message: str | None = None,
        *,
        stage: str | None = None,
    ) -> None:
        """Tell watchers how far the job is, at once and outside its transaction.

        At most four times a second are written; the last one (`done == total`) always is. Of a job
        below the class "default" one every two seconds, and none when it ends sooner.
        """
        now = time.monotonic()
        every = BACKGROUND_PROGRESS_SECONDS if self._is_background else PROGRESS_SECONDS
        is_last = done == total and (self.has_told or not self._is_background)
        if now - self._told_at < every and not is_last:
            return
        self._told_at = now
        self.has_told = True
        facts = {"done": done, "total": total, "message": message, "stage": stage}
        await self.ledger.note("note_progress", self.key | facts)
        event = JobEvent("progress", "running", self.attempt, done, total, stage, message)
        await publish(self.runtime.cache, self.tenant_id, self.id, event)

    async def discard(self) -> None:
        """Roll back what was not committed and give the connection back."""
        if self._session is not None:
            session, self._session = self._session, None
            if session.in_transaction():
                await session.close()

    @property
    def key(self) -> dict[str, Any]:
        """The job's row under this claim, as parameters of a query."""
        ref = self.claim.ref
        return {
            "tenant_id": ref.tenant_id,
            "id": ref.job_id,
            "job_class": ref.job_class,
            "task_id": ref.task_id,
            "fence": self.fence,
        }

    @property
    def _lease(self) -> dict[str, Any]:
        return {"lease_seconds": self.definition.lease_seconds}
