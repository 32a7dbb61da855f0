"""How many jobs may be under way at once: limits that an operator changes while everything runs.

A limit is a row of `platform.job_limit`: 'global', 'tenant' (for each tenant), 'tenant:<id>',
'class:<name>', 'task:<name>', and any key that tasks declare, such as 'provider:payments'. 0 pauses.
They are read each second.

Where neither 'tenant' nor 'tenant:<id>' is set the policy applies: 5, 20, 50 or 100 slots for each
tenant by the number of active ones. Unlike a limit it leaves no slot empty: a tenant goes beyond it
when nobody who is below it wants the slot. A limit counts jobs; the policy counts slots, of which
short jobs, many to a bundle, occupy little.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from myriad.kit.errors import InvalidInputError, NotFoundError
from myriad.scale.data import Session
from myriad.scale.jobs.affinity import slots_of
from myriad.scale.jobs.store import CLASSES, run

POLICY = ((100, 5), (1000, 20), (5000, 50))
MOST_PER_TENANT = 100
NO_LIMIT = 1 << 30
UNKNOWN_PART = slots_of(None)
_LONGEST_KEY = 200
_EPSILON = 1e-9
_WORDS = ("global", "tenant")


class UnknownLimitError(NotFoundError):
    """No limit is set under this key; list_limits tells which are."""

    code = "unknown_limit"
    title = "Unknown limit"


def tenant_policy(active_tenants: int) -> int:
    """Return how many slots one tenant may occupy before others: 5, 20, 50 or 100."""
    return next((limit for below, limit in POLICY if active_tenants < below), MOST_PER_TENANT)


async def set_limit(session: Session, key: str, concurrency: int) -> None:
    """Let at most `concurrency` jobs be under way under `key`, from the next second on; 0 pauses.

    Needs a session that crosses tenants. Raises InvalidInputError for a key or number that cannot be.
    """
    if not 0 <= concurrency < NO_LIMIT:
        raise InvalidInputError("concurrency must be 0 (paused) or a positive number of jobs")
    await run(session, "set_limit", {"key": check_key(key), "concurrency": concurrency})


async def clear_limit(session: Session, key: str) -> None:
    """Lift the limit under `key`, or raise UnknownLimitError."""
    if (await run(session, "clear_limit", {"key": key})).rowcount == 0:
        raise UnknownLimitError(f"no limit is set under {key!r}", key=key)


async def list_limits(session: Session) -> dict[str, int]:
    """Return every limit that is set, by its key."""
    return {row.key: row.concurrency for row in await run(session, "list_limits", {})}


def check_key(key: str) -> str:
    """Return `key`, or raise InvalidInputError saying which forms there are."""
    kind, _, name = key.partition(":")
    if len(key) > _LONGEST_KEY or not kind or (not name and key not in _WORDS):
        raise InvalidInputError(
            f"{key!r} is no key of a limit: use global, tenant, tenant:<id>, class:<name>, "
            "task:<name> or a key that tasks declare, such as provider:<name>"
        )
    if kind == "class" and name not in CLASSES:
        raise InvalidInputError(f"no job class {name!r}; there are: {', '.join(CLASSES)}")
    if kind == "tenant" and name:
        try:
            return f"tenant:{UUID(name)}"
        except ValueError:
            raise InvalidInputError(f"{name!r} is not the id of a tenant") from None
    return key


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """What the dispatcher knows of a task."""

    name: str
    mean_seconds: float | None = None
    limit_keys: tuple[str, ...] = ()


@dataclass
class Limits:
    """The limits and how much of each is under way; what is under way never exceeds a limit.

    While `is_generous` the policy does not hold, as when slots would stay empty otherwise.
    """

    limits: Mapping[str, int] = field(default_factory=dict)
    tasks: Mapping[int, TaskFacts] = field(default_factory=dict)
    slots_per_tenant: float = MOST_PER_TENANT
    is_generous: bool = False
    under_way: Counter[Hashable] = field(default_factory=Counter)
    _occupied: dict[UUID, float] = field(default_factory=dict)
    _of_tenants: dict[UUID, int] = field(default_factory=dict)
    _shared: dict[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)
    _parts: dict[int, float] = field(default_factory=dict)

    def set(self, limits: Mapping[str, int], tasks: Mapping[int, TaskFacts]) -> None:
        """Take the limits and tasks as they are now; count anew afterwards."""
        self.limits, self.tasks = limits, tasks
        self._of_tenants = {
            UUID(key.partition(":")[2]): limit
            for key, limit in limits.items()
            if key.startswith("tenant:")
        }
        self._parts = {number: slots_of(task.mean_seconds) for number, task in tasks.items()}
        self._shared.clear()
        self.clear()

    def clear(self) -> None:
        """Begin to count anew."""
        self.under_way.clear()
        self._occupied.clear()

    def room(self, tenant_id: UUID, job_class: int, task_id: int) -> tuple[int, Hashable]:
        """Return how many more jobs may be under way, and the key that allows the fewest."""
        room = self._room_of_tenant(tenant_id, task_id)
        tightest: Hashable = tenant_id
        for key in self.shared_keys(job_class, task_id):
            left = self.limits[key] - self.under_way[key]
            if left < room:
                room, tightest = left, key
        return max(0, room), tightest

    def room_under(self, key: Hashable) -> int:
        """Return how many more jobs may be under way under one key: a tenant's id or a name."""
        if isinstance(key, UUID):
            return max(0, self._room_of_tenant(key, None))
        return max(0, self.limits.get(str(key), NO_LIMIT) - self.under_way[key])

    def _room_of_tenant(self, tenant_id: UUID, task_id: int | None) -> int:
        limit = self._of_tenants.get(tenant_id, self.limits.get("tenant"))
        if limit is not None:
            return limit - self.under_way[tenant_id]
        if self.is_generous:
            return NO_LIMIT
        part = self._part(task_id)
        return int((self.slots_per_tenant - self._occupied.get(tenant_id, 0.0)) / part + _EPSILON)

    def _part(self, task_id: int | None) -> float:
        return 1.0 if task_id is None else self._parts.get(task_id, UNKNOWN_PART)

    def shared_keys(self, job_class: int, task_id: int) -> tuple[str, ...]:
        """Return the keys with a limit, other than the tenant's, that such jobs count under."""
        found = self._shared.get((job_class, task_id))
        if found is None:
            task = self.tasks.get(task_id)
            names = ["global", f"class:{CLASSES[job_class]}"]
            if task is not None:
                names += [f"task:{task.name}", *task.limit_keys]
            found = tuple(name for name in dict.fromkeys(names) if name in self.limits)
            self._shared[job_class, task_id] = found
        return found

    def add(self, tenant_id: UUID, job_class: int, task_id: int, jobs: int) -> None:
        """Count `jobs` (negative: take them off) as under way."""
        self.under_way[tenant_id] += jobs
        part = jobs * self._part(task_id)
        self._occupied[tenant_id] = self._occupied.get(tenant_id, 0.0) + part
        for key in self.shared_keys(job_class, task_id):
            self.under_way[key] += jobs
