"""Statements: a month at a time, on paper, and everything as files."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from myriad.kit.lazy import lazily
from myriad.products.kamioi.holding import sheets
from myriad.products.kamioi.holding.asking import whose
from myriad.products.kamioi.holding.statements import (
    Statement,
    get_statement,
    list_months,
    month_of,
)
from myriad.products.kamioi.holding.tax_lots import list_tax_lots
from myriad.products.kamioi.pages import holding_screens as screens
from myriad.products.kamioi.people import CurrentMember, MemberPage
from myriad.products.kamioi.standing import standing_of
from myriad.scale.http import Belonging, OwnReader, Router, rated
from myriad.scale.ui.context import Standing

router = Router()
_pdf = lazily("myriad.products.kamioi.holding.statement_pdf")


def file_answer(content: bytes, name: str, media_type: str) -> Response:
    """Return content as a file to keep."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return Response(content, media_type=media_type, headers=headers)


@router.get("/statements")
async def statements(page: MemberPage, member: CurrentMember, reader: OwnReader) -> Response:
    """List the months."""
    mine = whose(member)
    months = await list_months(reader, mine)
    return screens.statements(page, months, member.currency, mine.day)


@router.get("/statements/tax-lots.csv")
async def tax_lots(
    member: CurrentMember,
    reader: OwnReader,
    year: Annotated[int | None, Query(ge=2000, le=2200)] = None,
) -> Response:
    """Send every lot, or those that ended in a year, with gains."""
    lots = await list_tax_lots(reader, whose(member))
    name = f"tax-lots-{year}.csv" if year else "tax-lots.csv"
    return file_answer(sheets.tax_sheet(lots, year).encode(), name, "text/csv; charset=utf-8")


@router.get("/statements/export.zip", dependencies=[rated("heavy")])
async def export(member: CurrentMember, reader: OwnReader) -> Response:
    """Send everything that is kept of the member."""
    content = await sheets.export(reader, whose(member))
    return file_answer(content, "kamioi-export.zip", "application/zip")


@router.get("/statements/{month}")
async def statement(
    page: MemberPage, member: CurrentMember, reader: OwnReader, month: str
) -> Response:
    """Show one month."""
    return screens.statement(page, await get_statement(reader, whose(member), month_of(month)))


@router.get("/statements/{month}/statement.pdf")
async def statement_pdf(
    caller: Belonging, member: CurrentMember, reader: OwnReader, month: str
) -> Response:
    """Send one month on paper."""
    view = await get_statement(reader, whose(member), month_of(month))
    programme = caller.tenant.name if caller.tenant else "Kamioi"
    heading = (member.name, programme, standing_of(reader.runtime, caller))
    content = await asyncio.to_thread(_draw_paper, view, *heading)
    return file_answer(content, f"statement-{month}.pdf", "application/pdf")


def _draw_paper(view: Statement, member: str, programme: str, standing: Standing) -> bytes:
    heading = _pdf.Heading(member, programme, f"{standing.label}. {standing.text}")
    content: bytes = _pdf.render_pdf(view, heading)
    return content
