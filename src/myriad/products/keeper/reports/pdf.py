"""A report as PDF, drawn with reportlab: the figures, two charts, the tables."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.charts.lineplots import LinePlot
from reportlab.graphics.shapes import Drawing, String
from reportlab.lib import colors
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
from myriad.products.keeper.reports import goal_words, words
from myriad.products.keeper.views import ReportView

_ACCENT, _INK = colors.HexColor("#2f55d4"), colors.HexColor("#1a2233")
_SOFT, _LINE = colors.HexColor("#667080"), colors.HexColor("#e4e7ec")
_WIDTH = A4[0] - 36 * mm - 12
_CHART_HEIGHT = 46 * mm

_BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=9.5, leading=13, textColor=_INK)
_TITLE = ParagraphStyle("title", _BODY, fontName="Helvetica-Bold", fontSize=17, leading=22)
_LEAD = ParagraphStyle("lead", _BODY, fontSize=11.5, leading=16, spaceAfter=8)
_HEAD = ParagraphStyle(
    "head", _BODY, fontName="Helvetica-Bold", fontSize=11, spaceBefore=12, spaceAfter=4
)
_QUIET = ParagraphStyle("quiet", _BODY, fontSize=8, leading=11, textColor=_SOFT)
_FIGURE = ParagraphStyle("figure", _BODY, fontName="Helvetica-Bold", fontSize=13, leading=17)


def render_pdf(view: ReportView, business: str) -> bytes:
    """Return the report of `business` as a PDF document."""
    target = BytesIO()
    document = SimpleDocTemplate(
        target,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=16 * mm,
        bottomMargin=16 * mm,
        title=words.title(view),
        author=business,
        subject=f"Digest of the numbers {view.digest}",
        invariant=1,
    )
    document.build(_story(view, business), onFirstPage=_number, onLaterPages=_number)
    return target.getvalue()


def _story(view: ReportView, business: str) -> list[Any]:
    story: list[Any] = [
        _text(business, _QUIET),
        _text(words.title(view), _TITLE),
        _text(view.headline, _LEAD),
    ]
    if view.partial:
        story.append(_text(f"This report is partial. {words.partial(view)}", _BODY))
    story += [_figures(view), Spacer(1, 4 * mm), _charts(view)]
    if view.goals:
        story += _section("Goals", [_text(goal_words.sentence(g), _BODY) for g in view.goals])
    proven = [_text(words.saved(view), _BODY)] if view.saved else []
    story += _section("Calls", [_text(words.calls(view), _BODY), *proven])
    if view.reviews:
        story += _section("Reviews", [_text(words.reviews(view), _BODY)])
    story += _tables(view)
    if view.anomalies:
        rows = [_text(words.anomaly(row, view.currency), _BODY) for row in view.anomalies]
        story += _section("Days out of the ordinary", rows)
    for number, card in enumerate(view.insights):
        lines = [_text(card.claim, _BODY), _text(card.prediction, _QUIET), Spacer(1, 2 * mm)]
        story += _section("Insights", lines) if number == 0 else [KeepTogether(lines)]
    story += [Spacer(1, 5 * mm), _text(words.accuracy(view), _QUIET)]
    story.append(_text(f"Digest of the numbers {view.digest}", _QUIET))
    return story


def _text(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(text), style)


def _section(title: str, parts: list[Any]) -> list[Any]:
    return [KeepTogether([_text(title, _HEAD), *parts])]


def _figures(view: ReportView) -> Table:
    cells = [
        [_text(name, _QUIET), _text(figure, _FIGURE), _text(compared, _QUIET)]
        for name, figure, compared in words.headline_figures(view)
    ]
    table = Table([cells], colWidths=[_WIDTH / len(cells)] * len(cells))
    table.setStyle(
        TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)])
    )
    return table


def _charts(view: ReportView) -> Table:
    half = _WIDTH / 2 - 3 * mm
    cells = [_visits_chart(view, half), _takings_chart(view, half)]
    table = Table([cells], colWidths=[_WIDTH / 2] * 2)
    table.setStyle(TableStyle([("LEFTPADDING", (0, 0), (-1, -1), 0)]))
    return table


def _visits_chart(view: ReportView, width: float) -> Drawing:
    drawing, chart = _drawing("Visits per day", width), VerticalBarChart()
    _place(chart, width)
    chart.data = [[day.visits for day in view.days] or [0]]
    chart.bars[0].fillColor = _ACCENT
    chart.bars[0].strokeColor = None
    chart.barWidth, chart.groupSpacing = 5, 2
    chart.categoryAxis.categoryNames = _labels(view)
    chart.valueAxis.valueMin = 0
    _quiet_axes(chart.categoryAxis, chart.valueAxis)
    drawing.add(chart)
    return drawing


def _takings_chart(view: ReportView, width: float) -> Drawing:
    drawing, chart = _drawing(f"Takings per day, {view.currency}", width), LinePlot()
    _place(chart, width)
    scale = 10 ** minor_digits(view.currency)
    chart.data = [[(n, day.revenue.minor / scale) for n, day in enumerate(view.days)] or [(0, 0)]]
    chart.lines[0].strokeColor = _ACCENT
    chart.lines[0].strokeWidth = 1.5
    chart.xValueAxis.valueSteps = list(range(0, len(view.days) or 1, _step(view)))
    chart.xValueAxis.labelTextFormat = lambda n: _label_at(view, int(n))
    chart.yValueAxis.valueMin = 0
    chart.yValueAxis.labelTextFormat = lambda value: f"{value:,.0f}"
    _quiet_axes(chart.xValueAxis, chart.yValueAxis)
    drawing.add(chart)
    return drawing


def _drawing(title: str, width: float) -> Drawing:
    drawing = Drawing(width, _CHART_HEIGHT)
    drawing.add(
        String(0, _CHART_HEIGHT - 9, title, fontName="Helvetica-Bold", fontSize=9, fillColor=_INK)
    )
    return drawing


def _place(chart: Any, width: float) -> None:
    chart.x, chart.y = 34, 18
    chart.width, chart.height = width - 40, _CHART_HEIGHT - 36


def _quiet_axes(across: Any, up: Any) -> None:
    for axis in (across, up):
        axis.strokeColor = _LINE
        axis.labels.fontName, axis.labels.fontSize = "Helvetica", 7
        axis.labels.fillColor = _SOFT
    across.visibleTicks = False
    up.visibleTicks = False
    up.visibleGrid, up.gridStrokeColor, up.gridStrokeWidth = True, _LINE, 0.5


def _step(view: ReportView) -> int:
    return max(1, -(-len(view.days) // 5))


def _label_at(view: ReportView, place: int) -> str:
    return words.short_day(view.days[place].local_date) if 0 <= place < len(view.days) else ""


def _labels(view: ReportView) -> list[str]:
    step = _step(view)
    return [_label_at(view, n) if n % step == 0 else "" for n in range(len(view.days))] or [""]


def _tables(view: ReportView) -> list[Any]:
    story: list[Any] = []
    if view.slipping:
        rows = [words.slipping_row(row) for row in view.slipping]
        names = ("Name", "State", "Last visit", "At stake")
        story += _section("Slipping away", [_table(names, rows, (0.4, 0.2, 0.2, 0.2), 2)])
    if view.services:
        sold = [(row.name, f"{row.quantity:,}", row.revenue.format()) for row in view.services]
        columns = ("Service", "Sold", "Takings")
        story += _section("Services", [_table(columns, sold, (0.6, 0.2, 0.2), 1)])
    known = [
        (label, view.states[state])
        for state, label in words.STATES.items()
        if view.states.get(state)
    ]
    if known:
        rows_of = [(label, f"{people:,}") for label, people in known]
        story += _section(
            "Customers by state", [_table(("State", "People"), rows_of, (0.6, 0.4), 1)]
        )
    return story


def _table(
    names: Sequence[str], rows: Sequence[Sequence[str]], shares: Sequence[float], right_from: int
) -> Table:
    body = [
        [_text(cell, _BODY) if place == 0 else cell for place, cell in enumerate(row)]
        for row in rows
    ]
    table = Table(
        [list(names), *body], colWidths=[_WIDTH * share for share in shares], repeatRows=1
    )
    table.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, 0), "Helvetica", 8),
                ("FONT", (0, 1), (-1, -1), "Helvetica", 9.5),
                ("TEXTCOLOR", (0, 0), (-1, 0), _SOFT),
                ("TEXTCOLOR", (0, 1), (-1, -1), _INK),
                ("LINEBELOW", (0, 0), (-1, -1), 0.5, _LINE),
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
    canvas.setFillColor(_SOFT)
    canvas.drawRightString(A4[0] - 18 * mm, 9 * mm, str(document.page))
    canvas.restoreState()
