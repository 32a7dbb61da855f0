"""Checks of what callers say about a job, each fault with a sentence that says what to do."""

from __future__ import annotations

import math
from datetime import datetime

from myriad.kit.clock import utc_now
from myriad.kit.errors import InvalidInputError
from myriad.scale.jobs.store import rank_of

_MAX_NAME, _MAX_KEY, _MAX_ATTEMPTS = 200, 500, 32767


def check_task(name: str) -> str:
    """Return `name`, or raise InvalidInputError unless it has 1 to 200 characters."""
    if not 1 <= len(name) <= _MAX_NAME:
        raise InvalidInputError(f"a task's name has 1 to {_MAX_NAME} characters, not {len(name)}")
    return name


def check_class(job_class: str | None) -> int | None:
    """Return the class as its rank, or None for the one that task and plan decide."""
    return None if job_class is None else rank_of(job_class)


def check_key(dedup_key: str | None) -> str | None:
    """Return `dedup_key`, or raise InvalidInputError unless it has 1 to 500 characters."""
    if dedup_key is not None and not 1 <= len(dedup_key) <= _MAX_KEY:
        raise InvalidInputError(f"a dedup_key has 1 to {_MAX_KEY} characters; hash a longer one")
    return dedup_key


def check_time(name: str, at: datetime | None) -> datetime | None:
    """Return `at`, or raise InvalidInputError for a time without a zone."""
    if at is not None and at.tzinfo is None:
        raise InvalidInputError(f"{name} needs a time zone")
    return at


def check_deadline(deadline_at: datetime | None) -> datetime | None:
    """Return `deadline_at`, or raise InvalidInputError when it has passed or has no zone."""
    if check_time("deadline_at", deadline_at) and deadline_at and deadline_at <= utc_now():
        raise InvalidInputError(f"deadline_at {deadline_at.isoformat()} has passed already")
    return deadline_at


def check_cost(cost: float | None) -> float | None:
    """Return `cost`, or raise InvalidInputError unless it is finite and above zero."""
    if cost is not None and not (math.isfinite(cost) and cost > 0):
        raise InvalidInputError(f"a cost is a number above zero, not {cost}")
    return cost


def check_attempts(max_attempts: int | None) -> int | None:
    """Return `max_attempts`, or raise InvalidInputError unless it is 1 to 32,767."""
    if max_attempts is not None and not 1 <= max_attempts <= _MAX_ATTEMPTS:
        raise InvalidInputError(f"max_attempts is 1 to {_MAX_ATTEMPTS}, not {max_attempts}")
    return max_attempts
