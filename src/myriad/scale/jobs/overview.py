"""The queue at a glance: how old the oldest job is, what waits, runs and failed, and for whom.

The same statements serve an account (row security shows it its own jobs) and the operator of the
installation (a crossing session). They count exactly, which takes the longer the more rows wait, so
a screen that many people watch keeps an answer for a moment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from myriad.kit.clock import utc_now
from myriad.scale.data import ReadSession
from myriad.scale.jobs.affinity import slots_of
from myriad.scale.jobs.limits import tenant_policy
from myriad.scale.jobs.store import CLASSES, run
from myriad.scale.tenancy import TenantId, current_tenant

MINUTES = 15
MOST_GROUPS = 20
MOST_TENANTS = 20
STUCK_SECONDS: Mapping[str, float] = {
    "interactive": 30.0,
    "high": 300.0,
    "default": 900.0,
    "low": 3600.0,
    "bulk": 14400.0,
}
"""After how many seconds of waiting the oldest due job of a class says that something is stuck."""

WORKER_SILENT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Lane:
    """One class: how many of its jobs are in each state, and since when the oldest one is due."""

    job_class: str
    blocked: int = 0
    waiting: int = 0
    ready: int = 0
    running: int = 0
    dead: int = 0
    oldest_at: datetime | None = None

    def age_seconds(self, now: datetime) -> float:
        """Return for how long the oldest job has been due; 0 when none is."""
        return 0.0 if self.oldest_at is None else max(0.0, (now - self.oldest_at).total_seconds())

    def is_stuck(self, now: datetime) -> bool:
        """Whether the oldest job has waited longer than this class allows."""
        return self.age_seconds(now) > STUCK_SECONDS[self.job_class]


@dataclass(frozen=True, slots=True)
class Minute:
    """What ended within one minute; `cost` is what was served, in seconds or the tasks' own unit."""

    at: datetime
    succeeded: int = 0
    cancelled: int = 0
    failed: int = 0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class DeadGroup:
    """Dead letters of one task with one error code."""

    task: str
    code: str
    jobs: int
    tenants: int
    first_at: datetime
    last_at: datetime
    newest_id: UUID
    newest_tenant_id: UUID
    detail: str | None


@dataclass(frozen=True, slots=True)
class Share:
    """What one tenant has waiting and under way, and what it was served in the last 15 minutes.

    A tenant with a limit of its own may have `cap` jobs under way, others occupy up to
    `policy_slots` slots; `is_full` says that no more fits.
    """

    tenant_id: UUID
    name: str
    plan: str
    ready: int
    in_flight: int
    dead: int
    served: int
    cost: float
    cap: int | None = None
    share: float = 0.0
    slots: float = 0.0
    policy_slots: float | None = None
    is_full: bool = False

    @property
    def capped(self) -> int:
        """How many ready jobs wait only because the tenant is at its cap."""
        return self.ready if self.is_full else 0


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    """A worker process as its last heartbeat told."""

    id: UUID
    name: str
    host: str
    pid: int
    slots: int
    busy: int
    classes: tuple[str, ...]
    is_draining: bool
    cpu_share: float | None
    started_at: datetime
    seen_at: datetime

    @property
    def machine(self) -> str:
        """The host's name, without the boot and namespace that make its place unique."""
        return self.host.partition("/")[0]

    def is_silent(self, now: datetime) -> bool:
        """Whether its heartbeat has stopped."""
        return (now - self.seen_at).total_seconds() > WORKER_SILENT_SECONDS


@dataclass(frozen=True, slots=True)
class Queue:
    """Everything that the queue's page and its API say."""

    at: datetime
    lanes: tuple[Lane, ...]
    minutes: tuple[Minute, ...]
    dead: tuple[DeadGroup, ...]

    @property
    def ready(self) -> int:
        """Jobs that could run now."""
        return sum(lane.ready for lane in self.lanes)

    @property
    def running(self) -> int:
        """Jobs that were handed to a worker."""
        return sum(lane.running for lane in self.lanes)

    @property
    def waiting(self) -> int:
        """Jobs whose time has not come, or whose parents are not done."""
        return sum(lane.waiting + lane.blocked for lane in self.lanes)

    @property
    def dead_letters(self) -> int:
        """Jobs that were given up."""
        return sum(lane.dead for lane in self.lanes)

    @property
    def succeeded(self) -> int:
        """Jobs that ended well in the minutes shown."""
        return sum(minute.succeeded for minute in self.minutes)

    @property
    def failed(self) -> int:
        """Attempts that failed in the minutes shown."""
        return sum(minute.failed for minute in self.minutes)

    @property
    def stuck(self) -> tuple[Lane, ...]:
        """The classes whose oldest job is too old, the most important first."""
        return tuple(lane for lane in self.lanes if lane.is_stuck(self.at))


async def look_at_lanes(session: ReadSession) -> tuple[Lane, ...]:
    """Return only the classes of `look_at_queue`."""
    return _lanes((await run(session, "count_lanes", {})).all())


async def look_at_queue(session: ReadSession) -> Queue:
    """Return the queue of the session's account, or everybody's for a crossing session."""
    now = utc_now()
    lanes = await look_at_lanes(session)
    window = {"minutes": MINUTES}
    ended = (await run(session, "count_endings", window)).all()
    failed = (await run(session, "count_failures", window)).all()
    groups = (await run(session, "group_dead", {"limit": MOST_GROUPS})).all()
    dead = tuple(DeadGroup(**row._mapping) for row in groups)  # noqa: SLF001 - SQLAlchemy's public API
    return Queue(now, lanes, _minutes(now, ended, failed), dead)


_COLUMN = {"queued": "ready", "dispatched": "running"}


def _lanes(rows: Sequence[Any]) -> tuple[Lane, ...]:
    counts: dict[str, dict[str, Any]] = {name: {} for name in CLASSES}
    for row in rows:
        facts = counts[CLASSES[row.job_class]]
        column = _COLUMN.get(row.state, row.state)
        facts[column] = facts.get(column, 0) + row.jobs
        if row.state == "queued" and row.oldest_at is not None:
            facts["oldest_at"] = min(row.oldest_at, facts.get("oldest_at", row.oldest_at))
    return tuple(Lane(name, **facts) for name, facts in counts.items())


def _minutes(now: datetime, ended: Sequence[Any], failed: Sequence[Any]) -> tuple[Minute, ...]:
    failures = {row.minute: row.failed for row in failed}
    endings = {row.minute: row for row in ended}
    last = now.replace(second=0, microsecond=0)
    moments = [last - timedelta(minutes=back) for back in range(MINUTES - 1, -1, -1)]
    return tuple(_minute(at, endings.get(at), failures.get(at, 0)) for at in moments)


def _minute(at: datetime, row: Any, failed: int) -> Minute:
    if row is None:
        return Minute(at, failed=failed)
    return Minute(at, row.succeeded, row.cancelled, failed, row.cost)


async def list_shares(crossing: ReadSession, limit: int = MOST_TENANTS) -> tuple[Share, ...]:
    """Return the tenants that were served most or have jobs, each with its share of the work."""
    rows = (await run(crossing, "list_shares", {"minutes": MINUTES, "limit": limit})).all()
    total = (await run(crossing, "sum_served", {"minutes": MINUTES})).scalar_one()
    return await _weighed(crossing, [_share(row, total) for row in rows])


async def find_own_share(session: ReadSession, crossing: ReadSession) -> Share:
    """Return the share of the session's account; of the others only sums are read."""
    own = (await run(session, "list_shares", {"minutes": MINUTES, "limit": 1})).first()
    total = (await run(crossing, "sum_served", {"minutes": MINUTES})).scalar_one()
    nothing = Share(current_tenant(), "", "", ready=0, in_flight=0, dead=0, served=0, cost=0.0)
    [share] = await _weighed(crossing, [nothing if own is None else _share(own, total)])
    return share


def _share(row: Row[Any], total: float) -> Share:
    part = min(1.0, row.cost / total) if total else 0.0
    return Share(**row._mapping, share=part)  # noqa: SLF001 - SQLAlchemy's public API


async def _weighed(crossing: ReadSession, shares: Sequence[Share]) -> tuple[Share, ...]:
    """Return the shares with the slots that their jobs occupy, as the dispatcher counts them."""
    ids = [share.tenant_id for share in shares]
    rows = (await run(crossing, "weigh_in_flight", {"tenant_ids": ids})).all()
    active = (await run(crossing, "count_active_tenants", {})).scalar_one()
    policy = float(tenant_policy(active))
    parts: dict[UUID, list[tuple[float, int]]] = defaultdict(list)
    for row in rows:
        parts[row.tenant_id].append((slots_of(row.mean_seconds), row.jobs))
    return tuple(_filled(share, parts[share.tenant_id], policy) for share in shares)


def _filled(share: Share, parts: Sequence[tuple[float, int]], policy: float) -> Share:
    slots = sum(part * jobs for part, jobs in parts)
    if share.cap is not None:
        return replace(share, slots=slots, is_full=share.in_flight >= share.cap)
    smallest = min((part for part, _ in parts), default=0.0)
    is_full = bool(parts) and slots + smallest > policy
    return replace(share, slots=slots, policy_slots=policy, is_full=is_full)


async def count_waiting_of(crossing: ReadSession, tenant_id: TenantId) -> int:
    """Return how many of a tenant's jobs have not begun."""
    found = await run(crossing, "count_waiting_of", {"tenant_id": tenant_id})
    return int(found.scalar_one())


async def list_workers(crossing: ReadSession) -> tuple[WorkerSeen, ...]:
    """Return every worker that has announced itself within a day; silent ones come last."""
    rows = (await run(crossing, "show_workers", {})).all()
    return tuple(
        WorkerSeen(**dict(row._mapping) | {"classes": tuple(CLASSES[rank] for rank in row.classes)})  # noqa: SLF001 - SQLAlchemy's public API
        for row in rows
    )


async def list_task_names(session: ReadSession) -> list[str]:
    """Return the name of every task that was ever enqueued or announced."""
    return list((await run(session, "list_task_names", {})).scalars())


async def list_tenants_with_dead(
    crossing: ReadSession, *, task: str | None = None, error_code: str | None = None
) -> list[TenantId]:
    """Return the tenants with dead letters of that task and error code, the oldest first."""
    facts = {"task": task, "error_code": error_code}
    found = (await run(crossing, "list_tenants_with_dead", facts)).scalars()
    return [TenantId(tenant_id) for tenant_id in found]
