"""Portfolio: what a member owns, what it cost, what it is worth, and what companies did to it."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from starlette.responses import Response

from myriad.products.kamioi.holding.asking import beginning, whose
from myriad.products.kamioi.holding.portfolio import get_portfolio, list_lots
from myriad.products.kamioi.pages import holding_screens as screens
from myriad.products.kamioi.people import CurrentMember, MemberPage
from myriad.scale.http import OwnPageRequest, OwnReader, Router

router = Router()


@router.get("/portfolio")
async def portfolio(
    page: MemberPage,
    member: CurrentMember,
    reader: OwnReader,
    span: Literal["30", "90", "365", "all"] = "all",
    xirr: bool = False,
) -> Response:
    """Show what the member owns; `xirr` works the return out by when money came as well."""
    mine = whose(member)
    since = beginning(span, mine.day)
    view = await get_portfolio(reader, mine, since=since, with_xirr=xirr)
    return screens.portfolio(page, view, screens.Asked(span, xirr))


@router.get("/portfolio/lots")
async def lots(
    page: MemberPage,
    member: CurrentMember,
    reader: OwnReader,
    paging: OwnPageRequest,
    security_id: UUID | None = None,
) -> Response:
    """List every purchase of shares, or of one share."""
    rows = await list_lots(reader, whose(member), paging, security_id)
    cursor = paging.next_cursor(rows, lambda one: (one.opened_on, one.id))
    return screens.lots(page, rows[: paging.limit], paging.next_path(cursor) if cursor else "")
