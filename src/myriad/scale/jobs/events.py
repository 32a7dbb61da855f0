"""Live events of a job: a short Redis stream that open pages follow.

PostgreSQL keeps the truth, this stream only brings it to watchers sooner: it holds about 200
events for an hour and may vanish at any time. Who reads it also looks at the job's row.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from redis.asyncio import Redis

from myriad.kit.clock import utc_now
from myriad.scale import live
from myriad.scale.observe.metrics import Counter
from myriad.scale.tenancy import TenantId

ENDED = frozenset({"succeeded", "cancelled", "dead"})

_events = Counter(
    "myriad_jobs_events", "Live events told to watchers, by whether Redis took them", ["outcome"]
)

EventKind = Literal["progress", "state"]


@dataclass(frozen=True, slots=True)
class JobEvent:
    """What watchers of a job are told.

    `kind` is "progress" while a handler tells how far it is, "state" when an attempt begins or
    ends; `state` is the job's state at that moment in the words of `platform.job_overview`. `done`
    and `total` count in the handler's own unit, `at` is the moment in UTC (None: now).
    """

    kind: EventKind
    state: str
    attempt: int = 0
    done: int | None = None
    total: int | None = None
    stage: str | None = None
    message: str | None = None
    at: datetime | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the event as JSON values."""
        return asdict(self) | {"at": (self.at or utc_now()).isoformat(timespec="milliseconds")}


def stream_of(tenant_id: TenantId | UUID, job_id: UUID) -> str:
    """Return the name of the job's stream; the tenant stands in it, as in every key."""
    return f"jobs:{tenant_id}:{job_id}:events"


async def publish(cache: Redis, tenant_id: TenantId | UUID, job_id: UUID, event: JobEvent) -> None:
    """Tell the job's watchers; one round trip, at most 50 ms, and never an error.

    Callers ask for at most four a second for each job. A Redis that does not answer costs watchers
    only the seconds until they look at the row.
    """
    is_told = await live.publish(cache, stream_of(tenant_id, job_id), event.as_dict())
    _events.labels("told" if is_told else "lost").inc()
