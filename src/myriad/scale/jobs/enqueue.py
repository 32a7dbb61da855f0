"""Putting a job into the queue, inside the caller's transaction: no commit, no job."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from myriad.kit.errors import InvalidInputError
from myriad.kit.ids import new_id
from myriad.scale.data import Session
from myriad.scale.jobs.arguments import (
    check_attempts,
    check_class,
    check_cost,
    check_deadline,
    check_key,
    check_task,
    check_time,
)
from myriad.scale.jobs.capacity import Route
from myriad.scale.jobs.payloads import encode_payload
from myriad.scale.jobs.store import run
from myriad.scale.tenancy import current_tenant

DEBOUNCE_LIMIT = 10
_TRIES = 5


async def enqueue(
    session: Session,
    task: str,
    payload: Mapping[str, Any] | None = None,
    *,
    run_at: datetime | None = None,
    dedup_key: str | None = None,
    job_class: str | None = None,
    max_attempts: int | None = None,
    debounce_seconds: float | None = None,
    deadline_at: datetime | None = None,
    cost: float | None = None,
    job_id: UUID | None = None,
) -> UUID:
    """Enqueue `task` for the tenant of `session` and return the job's id.

    The job exists once the caller's transaction commits, and never if it rolls back. `payload` is
    JSON and should hold ids, not data. Without a `job_class` the task and the tenant's plan decide
    it. With a `dedup_key`, a live job of this tenant with that key is returned instead of a second
    one. With `debounce_seconds` as well, each call moves the run to that long after it, at most
    ten windows after the first; a call during the run causes one more run. A job that has not
    ended by `deadline_at` is a dead letter. `cost` is what the job will take in seconds, or in
    tokens if every job of the tenant is counted so; by default its task's mean. `job_id` is a fresh
    id (kit.ids) that something has of which this is the only job: whoever has the one finds the
    other. Raises NoTenantError without a tenant, InvalidInputError for a bad argument,
    BacklogFullError when too many jobs wait.
    """
    parameters = {
        "tenant_id": current_tenant(),
        "id": job_id or new_id(),
        "task": check_task(task),
        "job_class": check_class(job_class),
        "run_at": check_time("run_at", run_at),
        "dedup_key": check_key(dedup_key),
        "payload": encode_payload({} if payload is None else payload),
        "max_attempts": check_attempts(max_attempts),
        "deadline_at": check_deadline(deadline_at),
        "cost": check_cost(cost),
    }
    if debounce_seconds is not None:
        return await _debounce(session, parameters, debounce_seconds)
    return await _insert(session, parameters)


async def _insert(session: Session, parameters: dict[str, Any]) -> UUID:
    for _ in range(_TRIES):
        placed = await place(session, "insert_job", parameters)
        if placed.id is not None:
            return UUID(str(placed.id))
        existing = (await run(session, "find_live_duplicate", parameters)).scalar()
        if existing is not None:
            return UUID(str(existing))
        Route.of(placed).check_room(1)
    raise InvalidInputError("the deduplication key is taken and given back all the time")


async def _debounce(session: Session, parameters: dict[str, Any], window: float) -> UUID:
    if not parameters["dedup_key"] or not window > 0:
        raise InvalidInputError("debouncing needs a dedup_key and a window above zero seconds")
    parameters |= {"window": window, "limit": DEBOUNCE_LIMIT}
    placed = await place(session, "debounce_job", parameters)
    if placed.id is None:
        Route.of(placed).check_room(1)
    return UUID(str(placed.id))


async def place(session: Session, query: str, parameters: Mapping[str, Any]) -> Row[Any]:
    """Run an inserting query that begins with its task's route; a new task is named first."""
    placed = (await run(session, query, parameters)).first()
    if placed is None:
        await run(session, "name_task", parameters)
        placed = (await run(session, query, parameters)).one()
    return placed
