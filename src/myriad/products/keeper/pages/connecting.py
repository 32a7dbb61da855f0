"""Connections: how the data comes in."""

from __future__ import annotations

from starlette.responses import Response

from myriad.products.keeper.pages import screens
from myriad.products.keeper.pages.route import page_router
from myriad.products.keeper.repository.connections import get_connections
from myriad.scale.http import Staff, TenantReadSession
from myriad.scale.ui.page import CurrentPage

router = page_router()


@router.get("/connections")
async def connections(page: CurrentPage, caller: Staff, session: TenantReadSession) -> Response:
    """Show the connection, its permissions, how far it is read, and whether it agrees."""
    return screens.connections(page, await get_connections(session), caller.is_owner)


@router.get("/connections/progress")
async def progress(page: CurrentPage, session: TenantReadSession) -> Response:
    """Show the job under way, as part of a page."""
    return screens.progress(page, await get_connections(session))
