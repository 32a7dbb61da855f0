"""Putting a job into the queue, inside the caller's transaction: no commit, no job."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from myriad.kit.errors import InvalidInputError
from myriad.kit.ids import new_id
from myriad.scale.data import Session
from myriad.scale.jobs.registry import REGISTRY
from myriad.scale.jobs.store import CLASSES, as_json, run
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
    job_class: str = "default",
    max_attempts: int | None = None,
    debounce_seconds: float | None = None,
) -> UUID:
    """Enqueue `task` for the tenant of `session` and return the job's id.

    The job exists once the caller's transaction commits, and never if it rolls back. `payload` is
    JSON and should hold ids, not data. With a `dedup_key`, a live job of this tenant with that key
    is returned instead of a second one. With `debounce_seconds` as well, each call moves the run
    to that long after it, at most ten windows after the first; a call during the run causes one
    more run. Raises NoTenantError without a tenant, InvalidInputError for a bad argument.
    """
    known = REGISTRY.find(task)
    parameters = {
        "tenant_id": current_tenant(),
        "id": new_id(),
        "task": task,
        "job_class": _checked_class(job_class),
        "run_at": _checked_time(run_at),
        "dedup_key": dedup_key,
        "payload": as_json(payload or {}),
        "max_attempts": max_attempts or (known.max_attempts if known else None),
    }
    if debounce_seconds is not None:
        return await _debounce(session, parameters, debounce_seconds)
    return await _insert(session, parameters)


async def _insert(session: Session, parameters: dict[str, Any]) -> UUID:
    for _ in range(_TRIES):
        inserted = (await run(session, "insert_job", parameters)).first()
        if inserted is not None:
            return parameters["id"]  # type: ignore[no-any-return]
        existing = (await run(session, "find_live_duplicate", parameters)).scalar()
        if existing is not None:
            return UUID(str(existing))
    raise InvalidInputError("the deduplication key is taken and given back all the time")


async def _debounce(session: Session, parameters: dict[str, Any], window: float) -> UUID:
    if not parameters["dedup_key"] or window <= 0:
        raise InvalidInputError("debouncing needs a dedup_key and a window above zero seconds")
    parameters |= {"window": window, "limit": DEBOUNCE_LIMIT}
    return UUID(str((await run(session, "debounce_job", parameters)).scalar_one()))


def _checked_class(job_class: str) -> str:
    if job_class not in CLASSES:
        raise InvalidInputError(f"no job class {job_class!r}; there are: {', '.join(CLASSES)}")
    return job_class


def _checked_time(run_at: datetime | None) -> datetime | None:
    if run_at is not None and run_at.tzinfo is None:
        raise InvalidInputError("run_at needs a time zone")
    return run_at
