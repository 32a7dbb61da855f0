"""Audit: who did what in the programme, and who looked at whom."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from uuid import UUID

from starlette.responses import Response

from myriad.products.kamioi.operation.audit import Deed, Look, list_deeds, list_looks
from myriad.products.kamioi.pages import operation_words
from myriad.scale import ui
from myriad.scale.http import Owner, PageRequest, Router, TenantReadSession
from myriad.scale.ui.page import CurrentPage

router = Router()
_RENDERER = ui.Renderer(Path(__file__).parents[1] / "templates", words=operation_words)
_HERE = "/kamioi/admin/audit"


@router.get("/admin/audit")
async def audit(
    page: CurrentPage,
    caller: Owner,
    session: TenantReadSession,
    paging: PageRequest,
    show: Literal["deeds", "looks"] = "deeds",
) -> Response:
    """Show what was done, or who looked at a member."""
    after = UUID(paging.after_key) if paging.after_key else None
    rows: list[Deed] | list[Look]
    if show == "deeds":
        rows = await list_deeds(session, after, paging.fetch)
    else:
        rows = await list_looks(session, after, paging.fetch)
    has_more = len(rows) > paging.limit
    shown = rows[: paging.limit]
    return _RENDERER.respond(
        page,
        "kamioi/audit.html",
        show=show,
        rows=shown,
        first=f"{_HERE}?show={show}" if paging.after else "",
        next=paging.next_path(paging.cursor_at(str(shown[-1].id))) if has_more else "",
    )
