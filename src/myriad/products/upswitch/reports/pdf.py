"""A valuation as PDF, drawn with reportlab: the range, how it comes about, what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import (
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from myriad.kit.money import minor_digits
from myriad.products.upswitch.engine.metrics import normalise
from myriad.products.upswitch.engine.sensitivity import tornado
from myriad.products.upswitch.engine.valuation import Valuation
from myriad.products.upswitch.reports.drawings import INK, LINE, SOFT, Span, spans
from myriad.products.upswitch.valuations import words
from myriad.products.upswitch.valuations.asking import equity_of, sensitivity
from myriad.products.upswitch.views.valuations import ValuationView

_WIDTH = A4[0] - 36 * mm - 12
_BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=9.5, leading=13, textColor=INK)
_CELL = ParagraphStyle("cell", _BODY, fontSize=8, leading=10)
_TITLE = ParagraphStyle("title", _BODY, fontName="Helvetica-Bold", fontSize=17, leading=22)
_LEAD = ParagraphStyle("lead", _BODY, fontSize=11.5, leading=16, spaceAfter=8)
_HEAD = ParagraphStyle(
    "head", _BODY, fontName="Helvetica-Bold", fontSize=11, spaceBefore=12, spaceAfter=4
)
_QUIET = ParagraphStyle("quiet", _BODY, fontSize=8, leading=11, textColor=SOFT)
Story = list[Any]


def render_pdf(view: ValuationView, valuation: Valuation) -> bytes:
    """Return the valuation as a PDF document; the same valuation is the same bytes."""
    target = BytesIO()
    document = SimpleDocTemplate(
        target,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=16 * mm,
        bottomMargin=16 * mm,
        title=f"Valuation of {view.company_name}",
        author="Upswitch",
        subject=f"Digest of inputs, parameters and engine {view.hash}",
        invariant=1,
    )
    document.build(_story(view, valuation), onFirstPage=_number, onLaterPages=_number)
    return target.getvalue()


def _story(view: ValuationView, valuation: Valuation) -> Story:
    made = (
        f"As of {words.day(view.as_of)}. Engine {view.engine_version}, parameters "
        f"{view.vintage} in force since {words.day(view.parameters_valid_from)}."
    )
    return [
        _text(f"Valuation of {view.company_name}", _TITLE),
        _text(f"{words.sentence(view)}.", _LEAD),
        _text(made, _QUIET),
        *_methods(view, valuation),
        *_years(valuation),
        *_cash_flows(valuation),
        *_moves(view, valuation),
        *_attacks(valuation),
        *_assumptions(view),
        *_notes(view),
        Spacer(1, 5 * mm),
        _text("Every number with its formula and source stands in the workbook.", _QUIET),
        _text(f"Digest of inputs, parameters and engine {view.hash}", _QUIET),
    ]


def _text(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(text), style)


def _section(title: str, parts: Story) -> Story:
    return [KeepTogether([_text(title, _HEAD), *parts])] if parts else []


def _methods(view: ValuationView, valuation: Valuation) -> Story:
    unit = 10 ** minor_digits(view.middle.currency)
    bars = [
        Span(
            f"{words.named(bar.label)} ({bar.weight:.0%})",
            bar.low,
            bar.middle,
            bar.high,
            f"{words.rounded(valuation.as_money(bar.low))} to "
            f"{words.rounded(valuation.as_money(bar.high))}",
            bar.in_range,
        )
        for bar in valuation.blend.bars
    ]
    middle = view.middle.minor / unit / valuation.inputs.units
    sources = [
        _text(f"{words.named(method.label)}: {method.source}. {method.note}".strip(), _QUIET)
        for method in valuation.methods
    ]
    drawing = spans(bars, _WIDTH, middle)
    return _section("How the range comes about", [drawing, Spacer(1, 2 * mm), *sources])


def _years(valuation: Valuation) -> Story:
    approach = valuation.inputs.market_approach
    if approach is None:
        return []
    rows = []
    for year in sorted(approach.history, key=lambda each: each.end, reverse=True):
        normal = normalise(year)
        revenues = normal.figures["revenues"]
        amounts = (revenues, normal.reported_ebitda, normal.adjustments, normal.figures["ebitda"])
        rows.append([year.end, *(_amount(valuation, amount) for amount in amounts)])
    names = ("Year to", "Turnover", "EBITDA as filed", "Adjustments", "EBITDA normalised")
    return _section("The years behind it", [_table(names, rows, (0.2, 0.2, 0.2, 0.2, 0.2), 1)])


def _amount(valuation: Valuation, amount: float | None) -> str:
    return "\N{EN DASH}" if amount is None else valuation.as_money(amount).format(whole=True)


def _cash_flows(valuation: Valuation) -> Story:
    solved = valuation.solved
    if solved is None:
        return []
    flows, discounted = solved.projection, solved.discounted
    rows = [
        [
            str(year),
            _amount(valuation, float(flows.revenues[year - 1])),
            words.percent(round(float(flows.margin[year - 1]), 4)),
            _amount(valuation, float(flows.cash_flow[year - 1])),
            words.percent(round(float(flows.cost_of_capital[year - 1]), 4)),
            _amount(valuation, float(discounted.present_value[year - 1])),
        ]
        for year in range(1, 11)
    ]
    names = ("Year", "Turnover", "Margin", "Free cash flow", "Cost of capital", "Worth today")
    terminal = (
        f"Beyond year ten: {_amount(valuation, float(discounted.terminal_value))}, worth "
        f"{_amount(valuation, float(discounted.present_terminal_value))} today."
    )
    shares = (0.1, 0.2, 0.14, 0.2, 0.16, 0.2)
    return _section("Free cash flow", [_table(names, rows, shares, 1), _text(terminal, _QUIET)])


def _moves(view: ValuationView, valuation: Valuation) -> Story:
    if valuation.solved is None:
        return []
    swings = []
    for swing in tornado(valuation.solved.basis):
        if not swing.width:
            continue
        ends = sorted((swing.low, swing.high))
        low, high = (equity_of(valuation, end) for end in ends)
        base = equity_of(valuation, float(valuation.solved.equity.per_share))
        text = f"{words.rounded(low)} to {words.rounded(high)}"
        name = f"{words.named(swing.label)} ±{words.step(swing.lever, swing.step)}"
        swings.append(Span(name, low.minor, base.minor, high.minor, text))
    found = sensitivity(valuation)
    rows = [
        [words.percent(y), *("n/m" if cell is None else words.rounded(cell) for cell in row)]
        for y, row in zip(found.y, found.values, strict=True)
    ]
    names = ("Growth \\ capital", *(words.percent(x) for x in found.x))
    table = _table(names, rows, (0.2, *(0.16,) * 5), 1)
    lead = "Equity by free cash flow, after discounts."
    parts = [_text(lead, _QUIET), spans(swings, _WIDTH), Spacer(1, 3 * mm), table]
    return _section("What moves it", parts)


def _attacks(valuation: Valuation) -> Story:
    rows = [
        [flag.title, words.signed(valuation.as_money(flag.effect)), flag.formula]
        for flag in valuation.flags
    ]
    if not rows:
        return []
    table = _table(("Point", "Effect", "How it was reckoned"), rows, (0.35, 0.2, 0.45), 3)
    return _section("What a buyer will attack", [table])


def _assumptions(view: ValuationView) -> Story:
    rows = [
        [
            row.label,
            words.assumed(row, view.middle.currency),
            words.instead_of(row, view.middle.currency),
            row.source,
            row.as_of,
        ]
        for row in view.assumptions
        if row.value is not None
    ]
    if not rows:
        return []
    names = ("What", "Value", "Instead of", "Source", "Of")
    table = _table(names, rows, (0.26, 0.13, 0.11, 0.38, 0.12), 9)
    return [_text("What it rests on", _HEAD), table]


def _notes(view: ValuationView) -> Story:
    notes = [_text(words.named(note), _BODY) for note in view.outputs.get("notes", ())]
    return _section("To be read with it", notes)


def _table(
    names: Sequence[str], rows: Sequence[Sequence[str]], shares: Sequence[float], right_from: int
) -> Table:
    body = [
        [cell if place >= right_from else _text(cell, _CELL) for place, cell in enumerate(row)]
        for row in rows
    ]
    table = Table(
        [list(names), *body], colWidths=[_WIDTH * share for share in shares], repeatRows=1
    )
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


def _number(canvas: Any, document: Any) -> None:
    canvas.saveState()
    canvas.setFont("Helvetica", 7.5)
    canvas.setFillColor(SOFT)
    canvas.drawRightString(A4[0] - 18 * mm, 9 * mm, str(document.page))
    canvas.restoreState()
