"""Which queued jobs go next: the one place where order between tenants and classes is decided.

This is the seam for fairness. Today: classes in strict order, in each by virtual finish time and
then by id, that is by age, because every virtual finish time is still 0. A fair dispatcher sets
`virtual_finish_time` and `cost` when it admits a job and gives each class its reserved share here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from myriad.scale.data import Session
from myriad.scale.jobs.store import CLASSES, run
from myriad.scale.tenancy import TenantId


@dataclass(frozen=True)
class ChosenJob:
    """A job that a worker shall be told of."""

    tenant_id: TenantId
    job_id: UUID
    task: str


Chooser = Callable[[Session, int], Awaitable[list[ChosenJob]]]


async def choose_in_order(session: Session, room: int) -> list[ChosenJob]:
    """Return up to `room` queued jobs, locked until the transaction of `session` ends.

    Rows that another dispatcher has locked are passed over, so several do no harm.
    """
    chosen: list[ChosenJob] = []
    for job_class in CLASSES:
        if len(chosen) >= room:
            break
        facts = {"job_class": job_class, "limit": room - len(chosen)}
        rows = await run(session, "choose_in_class", facts)
        chosen += [ChosenJob(row.tenant_id, row.id, row.task) for row in rows]
    return chosen
