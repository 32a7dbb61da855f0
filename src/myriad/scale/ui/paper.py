"""How a document looks on paper: its type, sections, tables and numbered pages.

reportlab is slow to import, so whoever draws imports this module when the first document is asked
for (`myriad.kit.lazy`). Documents carry their letters: Liberation Sans has Helvetica's widths, and
the Latin, Greek and Cyrillic letters that the built-in Helvetica lacks.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import registerFont, registerFontFamily
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import KeepTogether, Paragraph, SimpleDocTemplate, Table, TableStyle

FONT, BOLD = "LiberationSans", "LiberationSans-Bold"
_FONTS = Path(__file__).with_name("fonts")
registerFont(TTFont(FONT, _FONTS / "LiberationSans-Regular.ttf"))
registerFont(TTFont(BOLD, _FONTS / "LiberationSans-Bold.ttf"))
registerFontFamily(FONT, normal=FONT, bold=BOLD, italic=FONT, boldItalic=BOLD)
ACCENT, INK = colors.HexColor("#2f55d4"), colors.HexColor("#1a2233")
SOFT, LINE = colors.HexColor("#667080"), colors.HexColor("#e4e7ec")
WIDTH = A4[0] - 36 * mm - 12
BODY = ParagraphStyle(
    "body", fontName=FONT, bulletFontName=FONT, fontSize=9.5, leading=13, textColor=INK
)
CELL = ParagraphStyle("cell", BODY, fontSize=8, leading=10)
TITLE = ParagraphStyle("title", BODY, fontName=BOLD, fontSize=17, leading=22)
LEAD = ParagraphStyle("lead", BODY, fontSize=11.5, leading=16, spaceAfter=8)
HEAD = ParagraphStyle("head", BODY, fontName=BOLD, fontSize=11, spaceBefore=12, spaceAfter=4)
QUIET = ParagraphStyle("quiet", BODY, fontSize=8, leading=11, textColor=SOFT)
Story = list[Any]


def draw(story: Story, *, title: str, author: str, subject: str, lang: str = "en") -> bytes:
    """Return a story as a PDF document; the same story is the same bytes."""
    target = BytesIO()
    document = SimpleDocTemplate(
        target,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=16 * mm,
        bottomMargin=16 * mm,
        title=title,
        author=author,
        subject=subject,
        lang=lang,
        invariant=1,
    )
    document.build(story, onFirstPage=_number, onLaterPages=_number)
    return target.getvalue()


def text_of(text: str, style: ParagraphStyle) -> Paragraph:
    """Return a text that holds no markup."""
    return Paragraph(escape(unicodedata.normalize("NFC", text)), style)


def section(title: str, parts: Story) -> Story:
    """Return parts under a title, on one page where they fit; nothing for none."""
    return [KeepTogether([text_of(title, HEAD), *parts])] if parts else []


def table_of(
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    shares: Sequence[float],
    right_from: int,
    cell: ParagraphStyle = CELL,
) -> Table:
    """Return a table; columns from `right_from` on hold figures; without `names` it has no head."""
    body = [
        [one if place >= right_from else text_of(one, cell) for place, one in enumerate(row)]
        for row in rows
    ]
    head = [list(names)] if names else []
    head_style = [("FONT", (0, 0), (-1, 0), FONT, 8), ("TEXTCOLOR", (0, 0), (-1, 0), SOFT)]
    table = Table(
        [*head, *body], colWidths=[WIDTH * share for share in shares], repeatRows=len(head)
    )
    table.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), FONT, cell.fontSize),
                ("TEXTCOLOR", (0, 0), (-1, -1), INK),
                *(head_style if head else ()),
                ("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE),
                ("ALIGN", (right_from, 0), (-1, -1), "RIGHT"),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("LEFTPADDING", (0, 0), (0, -1), 0),
            ]
        )
    )
    return table


def _number(canvas: Any, document: Any) -> None:
    canvas.saveState()
    canvas.setFont(FONT, 7.5)
    canvas.setFillColor(SOFT)
    canvas.drawRightString(A4[0] - 18 * mm, 9 * mm, str(document.page))
    canvas.restoreState()
