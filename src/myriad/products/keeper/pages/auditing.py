"""Who looked at whom, who did what, and erasing a person."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from uuid import UUID

from starlette.responses import Response

from myriad.products.keeper.erasing import ErasurePreview, enqueue_erasure, preview_erasure
from myriad.products.keeper.pages import links
from myriad.products.keeper.pages.route import page_router, see_other
from myriad.products.keeper.repository.accounts import set_setting
from myriad.products.keeper.repository.customer import get_customer
from myriad.products.keeper.repository.viewing import list_audit, list_views
from myriad.products.keeper.tidying import DELETED_IN_SQUARE_AFTER, KEPT
from myriad.scale import ui
from myriad.scale.http import Owner, PageRequest, TenantReadSession, TenantSession
from myriad.scale.ui.filters import plural
from myriad.scale.ui.page import CurrentPage

_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates")
ACTIONS = {
    "settings.changed": "Changed settings",
    "export.made": "Exported everything",
    "customers.exported": "Downloaded a list of customers",
    "pair.linked": "Linked two profiles",
    "pair.rejected": "Kept two profiles apart",
    "pair.undone": "Took a link back",
    "person.contact_allowed": "Changed whether a customer may be contacted",
    "person.erasure_asked": "Asked to erase a customer",
    "person.erased": "A customer was erased",
    "square.consented": "Allowed Keeper to read Square",
    "square.connected": "Square was connected",
    "square.disconnected": "Disconnected Square",
    "member.added": "Added a member",
    "user.signed_in": "Signed in",
    "tenant.created": "The account was opened",
    "valuation.shared": "Shared a valuation",
}
PLACES = {
    "page": "on the page",
    "api": "by program",
    "timeline": "timeline",
    "export": "in a file",
    "review": "with a review",
}

router = page_router()


@router.get("/audit")
async def audit(
    page: CurrentPage,
    caller: Owner,
    session: TenantReadSession,
    paging: PageRequest,
    show: Literal["views", "events"] = "views",
) -> Response:
    """Show who looked at whom, or what was decided and done."""
    lister = list_views if show == "views" else list_audit
    rows, next_after = await lister(session, paging.after_key, paging.limit)
    return _RENDERER.respond(
        page,
        "keeper/audit.html",
        show=show,
        rows=rows,
        at=links.place(paging, next_after),
        actions=ACTIONS,
        places=PLACES,
        days_kept=KEPT["tidy_views"].days,
    )


@router.get("/customers/{person_id}/erase")
async def ask(
    page: CurrentPage, caller: Owner, session: TenantReadSession, person_id: UUID
) -> Response:
    """Show what erasing the person would take away and what would stay."""
    person = await get_customer(session, person_id)
    found = await preview_erasure(session, person_id)
    return _RENDERER.respond(
        page,
        "keeper/erase.html",
        person=person,
        found=found,
        goes=_goes(found),
        stays=_stays(found),
        days_after=DELETED_IN_SQUARE_AFTER.days,
    )


def _goes(found: ErasurePreview) -> list[str]:
    """Return what erasing takes away, one line for each kind that there is."""
    counted = [
        (found.profiles, "profile", " with name, contacts, birthday and address"),
        (found.visits, "visit", ", the rhythm and the risk"),
        (found.tasks, "task", " and every notice about them"),
        (found.reviews, "review", ": author, text and the match; the stars stay"),
    ]
    lines = [plural(count, one) + rest for count, one, rest in counted if count]
    return [*lines, "The name in reports, insights and raw messages of Square"]


def _stays(found: ErasurePreview) -> list[str]:
    """Return what stays without a name, one line for each kind that there is."""
    lines = [
        f"{plural(found.payments, 'payment')} of {found.paid.format()} without a name",
        *(
            plural(count, one) + " without a name"
            for count, one in ((found.orders, "order"), (found.bookings, "booking"))
            if count
        ),
    ]
    return [*lines, "That somebody was erased, by whom and when, without the name"]


@router.post("/customers/{person_id}/erase")
async def erase(caller: Owner, session: TenantSession, person_id: UUID) -> Response:
    """Queue the erasure; the page of connections shows its progress."""
    job_id = await enqueue_erasure(session, person_id, caller)
    await set_setting(session, "job_id", str(job_id))
    return see_other("/keeper/connections")
