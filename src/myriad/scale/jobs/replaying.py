"""Dead letters in bulk: all of an account, or those of one task or one error."""

from __future__ import annotations

from myriad.scale.data import Session
from myriad.scale.jobs.store import run
from myriad.scale.tenancy import current_tenant


async def replay_many(
    session: Session,
    *,
    task: str | None = None,
    error_code: str | None = None,
    limit: int = 1000,
) -> int:
    """Queue the account's dead letters again, the oldest first, and return how many.

    Each has all its attempts before it and no deadline. A job whose deduplication key a live job
    holds stays dead; of several dead ones with the same key the newest is replayed.
    """
    facts = {"tenant_id": current_tenant(), "task": task, "error_code": error_code, "limit": limit}
    row = (await run(session, "replay_dead_many", facts)).one()
    return int(row.replayed)
