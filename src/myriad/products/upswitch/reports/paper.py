"""How a report looks on paper: its type, tables and sections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import KeepTogether, Paragraph, Table, TableStyle

from myriad.products.upswitch.reports.drawings import INK, LINE, SOFT

WIDTH = A4[0] - 36 * mm - 12
BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=9.5, leading=13, textColor=INK)
CELL = ParagraphStyle("cell", BODY, fontSize=8, leading=10)
TITLE = ParagraphStyle("title", BODY, fontName="Helvetica-Bold", fontSize=17, leading=22)
LEAD = ParagraphStyle("lead", BODY, fontSize=11.5, leading=16, spaceAfter=8)
HEAD = ParagraphStyle(
    "head", BODY, fontName="Helvetica-Bold", fontSize=11, spaceBefore=12, spaceAfter=4
)
QUIET = ParagraphStyle("quiet", BODY, fontSize=8, leading=11, textColor=SOFT)
Story = list[Any]


def text_of(text: str, style: ParagraphStyle) -> Paragraph:
    """Return a text that holds no markup."""
    return Paragraph(escape(text), style)


def section(title: str, parts: Story) -> Story:
    """Return parts under a title on one page; nothing for none."""
    return [KeepTogether([text_of(title, HEAD), *parts])] if parts else []


def table_of(
    names: Sequence[str], rows: Sequence[Sequence[str]], shares: Sequence[float], right_from: int
) -> Table:
    """Return a table; columns from `right_from` on hold figures."""
    body = [
        [cell if place >= right_from else text_of(cell, CELL) for place, cell in enumerate(row)]
        for row in rows
    ]
    table = Table([list(names), *body], colWidths=[WIDTH * share for share in shares], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, 0), "Helvetica", 8),
                ("FONT", (0, 1), (-1, -1), "Helvetica", 8.5),
                ("TEXTCOLOR", (0, 0), (-1, 0), SOFT),
                ("TEXTCOLOR", (0, 1), (-1, -1), INK),
                ("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE),
                ("ALIGN", (right_from, 0), (-1, -1), "RIGHT"),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("LEFTPADDING", (0, 0), (0, -1), 0),
            ]
        )
    )
    return table


def number_page(canvas: Any, document: Any) -> None:
    """Print the page's number at its foot."""
    canvas.saveState()
    canvas.setFont("Helvetica", 7.5)
    canvas.setFillColor(SOFT)
    canvas.drawRightString(A4[0] - 18 * mm, 9 * mm, str(document.page))
    canvas.restoreState()
