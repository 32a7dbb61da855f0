"""The named SQL of the queue, run inside whatever transaction the caller has open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import CursorResult

from myriad.kit.errors import InvalidInputError
from myriad.scale.data import NamedQueries, ReadSession
from myriad.scale.tenancy import TenantId

QUERIES = NamedQueries.load("myriad.scale.jobs")
CHANNEL = "myriad_jobs"
CLASSES = ("interactive", "high", "default", "low", "bulk")


@dataclass(frozen=True, slots=True)
class JobRef:
    """Where a job stands: its tenant, its id, its class as a rank (0 is interactive), its task."""

    tenant_id: TenantId
    job_id: UUID
    job_class: int
    task_id: int


def columns_of(refs: Sequence[JobRef]) -> dict[str, list[Any]]:
    """Return where jobs stand as the arrays that statements for many jobs take."""
    return {
        "tenant_ids": [ref.tenant_id for ref in refs],
        "ids": [ref.job_id for ref in refs],
        "job_classes": [ref.job_class for ref in refs],
        "task_ids": [ref.task_id for ref in refs],
    }


def rank_of(job_class: str) -> int:
    """Return the rank of a class by its name, or raise InvalidInputError."""
    try:
        return CLASSES.index(job_class)
    except ValueError:
        known = ", ".join(CLASSES)
        raise InvalidInputError(f"no job class {job_class!r}; there are: {known}") from None


async def run(session: ReadSession, query: str, parameters: Mapping[str, Any]) -> CursorResult[Any]:
    """Run the query of that name and return its result."""
    connection = await session.connection()
    return await connection.exec_driver_sql(QUERIES[query], dict(parameters))


def as_json(value: Mapping[str, Any]) -> Jsonb:
    """Return `value` as the driver sends it to a jsonb column."""
    return Jsonb(dict(value))
