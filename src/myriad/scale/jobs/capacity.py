"""How many jobs may wait: beyond it nothing is taken in, and the caller is told so.

What waits is counted by the reaper into `platform.job_backlog` (all tenants, by class) and
`platform.job_flow.backlog` (each tenant), so that asking costs a look at a few rows. Between two
counts a burst may pass; how much is bounded by the seconds between them.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from myriad.kit.errors import TooManyRequestsError
from myriad.scale.data import Database, Session
from myriad.scale.jobs.store import CLASSES, run
from myriad.scale.observe.logs import get_logger

RETRY_AFTER_SECONDS = 30.0
RESERVED_SHARE = 0.1
TENANT_SHARE = 0.5
EVERY_SECONDS = 60.0
_CLASSES_WITH_RESERVE = ("interactive", "high")
_log = get_logger(__name__)


class BacklogFullError(TooManyRequestsError):
    """No more jobs are taken in for now; nothing was written."""

    code = "backlog_full"
    status = 503
    title = "Too many jobs are waiting"


class TenantBacklogFullError(BacklogFullError):
    """This tenant has half of everything that may wait; nothing was written."""

    code = "tenant_backlog_full"
    status = 429


@dataclass(frozen=True)
class Route:
    """Where the jobs of one call go, and how full the queue was when it was last counted."""

    task_id: int
    job_class: int
    jobs: int
    capacity: int
    tenant_jobs: int

    @classmethod
    def of(cls, row: Row[Any]) -> Route:
        """Return the route that a row of `platform.job_route` tells."""
        return cls(row.task_id, row.job_class, row.jobs, row.capacity, row.tenant_jobs)

    def check_room(self, wanted: int, of_all: int = 0) -> None:
        """Raise BacklogFullError or TenantBacklogFullError unless `wanted` more jobs may wait.

        `of_all` counts what the same call wants for every tenant, these included.
        """
        facts = {"waiting": self.jobs, "capacity": self.capacity, "wanted": wanted}
        if self.jobs + max(wanted, of_all) > self.capacity:
            raise BacklogFullError(
                f"{self.jobs} jobs wait and {self.capacity} may; send fewer, try again in "
                f"{RETRY_AFTER_SECONDS:g} s, add workers or raise MYRIAD_JOBS__BACKLOG_CAPACITY",
                RETRY_AFTER_SECONDS,
                **facts,
            )
        share = int(self.capacity * TENANT_SHARE)
        if self.tenant_jobs + wanted > share:
            raise TenantBacklogFullError(
                f"{self.tenant_jobs} jobs of this tenant wait and {share} may; send fewer or try "
                f"again in {RETRY_AFTER_SECONDS:g} s",
                RETRY_AFTER_SECONDS,
                **facts | {"capacity": share},
            )


async def set_capacity(crossing: Session, jobs: int) -> None:
    """Let up to `jobs` jobs wait, a tenth of them only for the classes interactive and high."""
    capacities = [
        jobs if name in _CLASSES_WITH_RESERVE else int(jobs * (1 - RESERVED_SHARE))
        for name in CLASSES
    ]
    await run(crossing, "set_capacity", {"capacities": capacities})


async def serve_capacity(database: Database, jobs: int) -> None:
    """Keep the capacity as this process was told, until cancelled; outlives any outage."""
    while True:
        try:
            async with database.crossing("set the capacity of the queue") as session:
                await set_capacity(session, jobs)
        except Exception as error:  # noqa: BLE001 - the loop outlives any outage
            _log.warning("capacity_failed", error=str(error))
        await asyncio.sleep(EVERY_SECONDS)


async def find_route(session: Session, tenant_id: UUID, task: str, job_class: int | None) -> Route:
    """Return where jobs of `task` go, making the task known when it is not."""
    facts = {"tenant_id": tenant_id, "task": task, "job_class": job_class}
    row = (await run(session, "route_job", facts)).first()
    if row is None:
        await run(session, "name_task", facts)
        row = (await run(session, "route_job", facts)).one()
    return Route.of(row)
