"""A month's statement as PDF, drawn with reportlab; the same statement is the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from myriad.products.kamioi.holding import statement_words as words
from myriad.products.kamioi.holding.statements import Statement

_INK, _SOFT = colors.HexColor("#1a2233"), colors.HexColor("#667080")
_LINE = colors.HexColor("#e4e7ec")
_WIDTH = A4[0] - 36 * mm - 12
_BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=9.5, leading=13, textColor=_INK)
_CELL = ParagraphStyle("cell", _BODY, fontSize=8.5, leading=11)
_TITLE = ParagraphStyle("title", _BODY, fontName="Helvetica-Bold", fontSize=17, leading=22)
_LEAD = ParagraphStyle("lead", _BODY, fontSize=11.5, leading=16, spaceAfter=8)
_HEAD = ParagraphStyle(
    "head", _BODY, fontName="Helvetica-Bold", fontSize=11, spaceBefore=12, spaceAfter=4
)
_QUIET = ParagraphStyle("quiet", _BODY, fontSize=8, leading=11, textColor=_SOFT)


@dataclass(frozen=True, slots=True)
class Heading:
    """Whose statement it is, of which programme, and whether its orders move money."""

    member: str
    programme: str
    standing: str


def render_pdf(view: Statement, heading: Heading) -> bytes:
    """Return the statement of a member of a programme as a PDF document."""
    target = BytesIO()
    document = SimpleDocTemplate(
        target,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=16 * mm,
        bottomMargin=16 * mm,
        title=f"Statement of {words.month_name(view.month)}",
        author=heading.programme,
        subject=heading.member,
        lang="en",
        invariant=1,
    )
    document.build(_story(view, heading), onFirstPage=_number, onLaterPages=_number)
    return target.getvalue()


def _story(view: Statement, heading: Heading) -> list[Any]:
    story: list[Any] = [
        _text(f"{heading.programme} \N{MIDDLE DOT} {heading.member}", _QUIET),
        _text(f"Statement of {words.month_name(view.month)}", _TITLE),
        _text(f"{words.answer(view)}.", _LEAD),
    ]
    if not view.is_whole:
        story.append(_text(f"The month is not over: this is how it stood on {view.last}.", _BODY))
    story += [_text("How it adds up", _HEAD), _table(("", ""), words.figures(view), (0.7, 0.3), 1)]
    story += _held(view) + _entries(view) + _actions(view)
    return [*story, Spacer(1, 6 * mm), _text(heading.standing, _QUIET)]


def _held(view: Statement) -> list[Any]:
    rows = [
        (
            one.ticker,
            one.name,
            words.shares(one.qty),
            words.price(one.close, view.currency),
            words.money(one.cost_minor, view.currency),
            words.money(one.value_minor, view.currency),
        )
        for one in view.held
    ]
    names = ("Share", "Company", "Number", "Close", "Cost", "Value")
    drawn = _section("Shares at the end", names, rows, (0.11, 0.31, 0.17, 0.13, 0.14, 0.14), 2)
    valued = words.valued(view)
    return [*drawn, _text(f"Valued {valued}.", _QUIET)] if valued else drawn


def _entries(view: Statement) -> list[Any]:
    rows = [
        (
            one.day.isoformat(),
            words.entry(one.reason, one.ticker),
            words.signed(one.amount_minor, view.currency),
        )
        for one in view.entries
    ]
    return _section("Cash", ("Day", "What", "Amount"), rows, (0.18, 0.6, 0.22), 2)


def _actions(view: Statement) -> list[Any]:
    rows = [(one.ex_date.isoformat(), words.action(one)) for one in view.actions]
    return _section("What companies did", ("Day", "What"), rows, (0.18, 0.82), 2)


def _section(
    title: str,
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    shares: Sequence[float],
    right_from: int,
) -> list[Any]:
    return [_text(title, _HEAD), _table(names, rows, shares, right_from)] if rows else []


def _table(
    names: Sequence[str], rows: Sequence[Sequence[str]], shares: Sequence[float], right_from: int
) -> Table:
    body = [
        [
            _plain(cell) if place >= right_from else _text(cell, _CELL)
            for place, cell in enumerate(row)
        ]
        for row in rows
    ]
    head = [list(names)] if any(names) else []
    table = Table([*head, *body], colWidths=[_WIDTH * share for share in shares])
    table.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), "Helvetica", 8.5),
                ("TEXTCOLOR", (0, 0), (-1, -1), _INK),
                *([("TEXTCOLOR", (0, 0), (-1, 0), _SOFT)] if head else []),
                ("LINEBELOW", (0, 0), (-1, -1), 0.5, _LINE),
                ("ALIGN", (right_from, 0), (-1, -1), "RIGHT"),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("LEFTPADDING", (0, 0), (0, -1), 0),
            ]
        )
    )
    return table


def _text(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(_plain(text)), style)


def _plain(text: str) -> str:
    # The minus sign is not among the characters of a PDF's own fonts.
    return text.replace("\N{MINUS SIGN}", "\N{EN DASH}")


def _number(canvas: Any, document: Any) -> None:
    canvas.saveState()
    canvas.setFont("Helvetica", 7.5)
    canvas.setFillColor(_SOFT)
    canvas.drawRightString(A4[0] - 18 * mm, 9 * mm, str(document.page))
    canvas.restoreState()
