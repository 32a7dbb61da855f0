"""Who looked at whom and who did what, for the owner."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from myriad.products.keeper.endpoints.paging import page
from myriad.products.keeper.repository.customer import require_person
from myriad.products.keeper.repository.viewing import AuditRow, ViewRow, list_audit, list_views
from myriad.scale.http import Owner, Page, PageRequest, Router, TenantReadSession

router = Router()


@router.get("/audit/views")
async def get_views(
    paging: PageRequest, caller: Owner, session: TenantReadSession, response: Response
) -> Page[ViewRow]:
    """Return who looked at whom, newest first; one line per person, caller and hour."""
    rows, next_after = await list_views(session, paging.after_key, paging.limit)
    return page(paging, response, rows, next_after)


@router.get("/audit/events")
async def get_events(
    paging: PageRequest, caller: Owner, session: TenantReadSession, response: Response
) -> Page[AuditRow]:
    """Return what was decided and done in the account, newest first."""
    rows, next_after = await list_audit(session, paging.after_key, paging.limit)
    return page(paging, response, rows, next_after)


@router.get("/customers/{person_id}/views")
async def get_views_of_person(
    person_id: UUID,
    paging: PageRequest,
    caller: Owner,
    session: TenantReadSession,
    response: Response,
) -> Page[ViewRow]:
    """Return who looked at one person, newest first."""
    person = await require_person(session, person_id)
    rows, next_after = await list_views(session, paging.after_key, paging.limit, person)
    return page(paging, response, rows, next_after)
