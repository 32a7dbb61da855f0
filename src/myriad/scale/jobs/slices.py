"""Slices: the jobs of a pack that went to one worker together, one row until they are opened.

A slice is named by its pack and the place of its first job. Whoever wants to act on single jobs of
slices unpacks those first; nothing else has to know of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from myriad.scale.data import Session
from myriad.scale.jobs.packs import place_in_pack
from myriad.scale.jobs.store import JobRef, run
from myriad.scale.tenancy import TenantId, current_tenant

# One entry of a message: tenant, job, class, task, and for a slice how many places it has.
Member = Sequence[Any]

# Fewer jobs than this are sent as rows.
FEWEST_FOR_SLICE = 8
_MOST = 1000
_SLICE_FIELDS = 5
_ANY: dict[str, Any] = {
    "worker_ids": None,
    "job_classes": None,
    "stale_seconds": 0.0,
    "are_orphans": False,
    "limit": _MOST,
}


async def unpack_slices(
    session: Session,
    *,
    worker_ids: Sequence[UUID] | None = None,
    job_classes: Sequence[int] | None = None,
    stale_seconds: float = 0.0,
    are_orphans: bool = False,
    limit: int = _MOST,
) -> int:
    """Turn up to `limit` slices into rows in state `dispatched`; return how many jobs they held.

    Every condition given must hold: sent to one of the workers, of one of the classes, sent at
    least so long ago, to a worker that is gone.
    """
    facts = slices_where(
        worker_ids=None if worker_ids is None else list(worker_ids),
        job_classes=None if job_classes is None else list(job_classes),
        stale_seconds=stale_seconds,
        are_orphans=are_orphans,
        limit=limit,
    )
    return await _open_chosen(session, "choose_slices", facts)


async def unpack_own_slices(session: Session, job_id: UUID | None = None) -> None:
    """Turn the tenant's slices into rows, or only the one in which the job may lie."""
    pack_id, item = (None, 0) if job_id is None else place_in_pack(job_id)
    facts = {"tenant_id": current_tenant(), "pack_id": pack_id, "item": item}
    await _open_chosen(session, "choose_own_slices", facts)


async def _open_chosen(session: Session, choosing: str, facts: Mapping[str, Any]) -> int:
    chosen = (await run(session, choosing, facts)).all()
    return (await run(session, "open_slices", chosen_columns(chosen))).rowcount if chosen else 0


async def open_slices(session: Session, members: Sequence[Member]) -> None:
    """Turn those of a message's members that are slices into rows in state `dispatched`."""
    slices = [member for member in members if is_slice(member)]
    if slices:
        await run(session, "open_slices", slice_columns(slices))


def is_slice(member: Member) -> bool:
    """Tell whether a message's member stands for many jobs."""
    return len(member) == _SLICE_FIELDS


def slice_columns(slices: Sequence[Member]) -> dict[str, list[Any]]:
    """Return slices as the arrays of the query `open_slices`."""
    places = [place_in_pack(UUID(member[1])) for member in slices]
    return {
        "tenant_ids": [UUID(member[0]) for member in slices],
        "pack_ids": [pack_id for pack_id, _ in places],
        "firsts": [first for _, first in places],
    }


def chosen_columns(rows: Sequence[Any]) -> dict[str, list[Any]]:
    """Return the rows of the query `choose_slices` as the arrays of the query `open_slices`."""
    return {
        "tenant_ids": [row.tenant_id for row in rows],
        "pack_ids": [row.pack_id for row in rows],
        "firsts": [row.first for row in rows],
    }


def refs_of(member: Member) -> list[JobRef]:
    """Return where the jobs of a message's member stand; an empty place of a slice is among them."""
    tenant_id, job_id = TenantId(UUID(member[0])), UUID(member[1])
    job_class, task_id = int(member[2]), int(member[3])
    places = member[4] if is_slice(member) else 1
    return [
        JobRef(tenant_id, UUID(int=job_id.int + place), job_class, task_id)
        for place in range(places)
    ]


def slices_where(**facts: Any) -> dict[str, Any]:
    """Return the parameters of the query `choose_slices` for callers with a connection of their own."""
    return {**_ANY, **facts}
