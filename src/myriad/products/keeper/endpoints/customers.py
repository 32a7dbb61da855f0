"""Customers: the list, one person, their timeline, whether they may be contacted."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from myriad.products.keeper import repository
from myriad.products.keeper.endpoints.paging import page
from myriad.products.keeper.kept import asked_of, get_kept
from myriad.products.keeper.repository.customer import require_person
from myriad.products.keeper.repository.viewing import note_view
from myriad.products.keeper.views import (
    CustomerFilter,
    CustomerRow,
    CustomerSort,
    CustomersView,
    CustomerView,
    PersonState,
    TimelineEvent,
)
from myriad.scale.cache import declare
from myriad.scale.data import ReadSession
from myriad.scale.http import (
    CurrentRuntime,
    Page,
    PageRequest,
    Router,
    Staff,
    TenantReadSession,
    TenantSession,
)

router = Router()
_CUSTOMERS = declare("keeper.api.customers", CustomersView, "list", follows_tenant=True)
Search = Annotated[str, Query(max_length=200, description="prefixes of name, e-mail or phone")]


class ContactChange(BaseModel):
    """Whether a person may be contacted."""

    allowed: bool


@router.get("/customers")
async def list_customers(
    paging: PageRequest,
    caller: Staff,
    runtime: CurrentRuntime,
    response: Response,
    risk: PersonState | None = None,
    q: Search = "",
    sort: CustomerSort = "value_at_risk",
) -> Page[CustomerRow]:
    """Return people, by default those first with the most money at stake."""
    wanted = CustomerFilter(
        query=q, state=risk, sort=sort, after=paging.after_key, limit=paging.limit
    )

    async def read(session: ReadSession) -> CustomersView:
        return await repository.list_customers(session, wanted)

    view = await get_kept(runtime, caller, _CUSTOMERS, asked_of(paging), read)
    return page(paging, response, view.rows, view.next_after)


@router.get("/customers/{person_id}")
async def get_customer(
    person_id: UUID,
    caller: Staff,
    runtime: CurrentRuntime,
    session: TenantReadSession,
    response: Response,
) -> CustomerView:
    """Return one person: rhythm, risk with its reasons, visits, profiles; notes who looked."""
    response.headers["Cache-Control"] = "no-store"
    view = await repository.get_customer(session, person_id)
    await note_view(runtime.database, caller, view.person_id, "api")
    return view


@router.get("/customers/{person_id}/timeline")
async def list_timeline(
    person_id: UUID,
    paging: PageRequest,
    caller: Staff,
    runtime: CurrentRuntime,
    session: TenantReadSession,
    response: Response,
) -> Page[TimelineEvent]:
    """Return what happened with one person, newest first; notes who looked."""
    person = await require_person(session, person_id)
    await note_view(runtime.database, caller, person, "timeline")
    events, next_after = await repository.list_timeline(
        session, person, paging.after_key, paging.limit
    )
    return page(paging, response, events, next_after)


@router.post("/customers/{person_id}/contact")
async def set_contact_allowed(
    person_id: UUID, body: ContactChange, caller: Staff, session: TenantSession
) -> CustomerView:
    """Note whether the person may be contacted; nobody is put on the call list against it."""
    person = await require_person(session, person_id)
    await repository.set_contact_allowed(session, person, body.allowed, caller.id)
    return await repository.get_customer(session, person)
