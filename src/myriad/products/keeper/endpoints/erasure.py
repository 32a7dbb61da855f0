"""Erasing a person: first what it would do, then the job that does it."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from myriad.products.keeper.erasing import ErasurePreview, enqueue_erasure, preview_erasure
from myriad.scale.http import Owner, Router, TenantReadSession, TenantSession
from myriad.scale.http.answers import Queued

router = Router()


@router.get("/customers/{person_id}/erasure")
async def get_erasure(
    person_id: UUID, caller: Owner, session: TenantReadSession, response: Response
) -> ErasurePreview:
    """Return what erasing the person would take away, and what would stay without a name."""
    response.headers["Cache-Control"] = "no-store"
    return await preview_erasure(session, person_id)


@router.delete("/customers/{person_id}", status_code=202)
async def erase(person_id: UUID, caller: Owner, session: TenantSession) -> Queued:
    """Erase a person for good; it cannot be undone. Square's own copy is deleted in Square."""
    return Queued(job_id=await enqueue_erasure(session, person_id, caller))
