"""Customers: everybody, and one person."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Form, Query
from starlette.responses import Response

from myriad.products.keeper.pages import links, screens, sheet
from myriad.products.keeper.pages.kept import CUSTOMERS, CurrentKept, asked_of
from myriad.products.keeper.pages.route import page_router, see_other
from myriad.products.keeper.repository.customer import get_customer, set_contact_allowed
from myriad.products.keeper.repository.customers import list_customers
from myriad.products.keeper.repository.viewing import list_views, note_view
from myriad.products.keeper.views import CustomerFilter, CustomerSort, PersonState
from myriad.scale import ui
from myriad.scale.data import ReadSession
from myriad.scale.directory.audit import record_event
from myriad.scale.http import (
    CurrentRuntime,
    PageRequest,
    Staff,
    TenantReadSession,
    TenantSession,
)
from myriad.scale.ui.page import CurrentPage

SEEN_SHOWN = 8

router = page_router()

Words = Annotated[str, Query(max_length=100)]
State = PersonState | Literal[""]


@router.get("/customers")
async def customers(
    kept: CurrentKept,
    paging: PageRequest,
    q: Words = "",
    state: State = "",
    sort: CustomerSort = "value_at_risk",
) -> Response:
    """Show everybody who matches."""
    asked = CustomerFilter(
        query=q, state=state or None, sort=sort, after=paging.after_key, limit=paging.limit
    )

    async def draw(session: ReadSession) -> ui.Part:
        view = await list_customers(session, asked)
        return screens.customers(kept.zone, view, links.place(paging, view.next_after))

    return await kept.respond(CUSTOMERS, asked_of(paging), draw)


@router.get("/customers.csv")
async def customers_csv(
    caller: Staff,
    session: TenantSession,
    q: Words = "",
    state: State = "",
    sort: CustomerSort = "value_at_risk",
) -> Response:
    """Download everybody who matches; the audit log notes how many that were."""
    asked = CustomerFilter(query=q, state=state or None, sort=sort)
    content, rows = await sheet.customers(session, asked)
    record_event(session, caller.tenant_id, "customers.exported", actor=caller, rows=rows)
    return sheet.answer("customers.csv", content)


@router.get("/customers/{person_id}")
async def customer(
    page: CurrentPage,
    caller: Staff,
    runtime: CurrentRuntime,
    session: TenantReadSession,
    paging: PageRequest,
    person_id: UUID,
) -> Response:
    """Show one person, and note who looked."""
    view = await get_customer(session, person_id, paging.after_key)
    await note_view(runtime.database, caller, view.person_id, "page")
    seen = None
    if caller.is_owner:
        seen, _ = await list_views(session, None, SEEN_SHOWN, view.person_id)
    return screens.customer(page, view, links.place(paging, view.next_after), seen)


@router.post("/customers/{person_id}/contact")
async def contact(
    caller: Staff,
    session: TenantSession,
    person_id: UUID,
    allowed: Annotated[Literal["yes", "no"], Form()],
) -> Response:
    """Allow or forbid contact with the person."""
    await set_contact_allowed(session, person_id, allowed == "yes", caller.id)
    return see_other(f"/keeper/customers/{person_id}")
