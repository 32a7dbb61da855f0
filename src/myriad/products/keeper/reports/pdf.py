"""A report as PDF, drawn with reportlab: the figures, two charts, the tables."""

from __future__ import annotations

from typing import Any

from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.charts.lineplots import LinePlot
from reportlab.graphics.shapes import Drawing, String
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import KeepTogether, Spacer, Table, TableStyle

from myriad.kit.money import minor_digits
from myriad.products.keeper.reports import goal_words, words
from myriad.products.keeper.views import ReportView
from myriad.scale.ui.paper import (
    ACCENT,
    BODY,
    BOLD,
    FONT,
    INK,
    LEAD,
    LINE,
    QUIET,
    SOFT,
    TITLE,
    WIDTH,
    Story,
    draw,
    section,
    table_of,
    text_of,
)

_CHART_HEIGHT = 46 * mm
_FIGURE = ParagraphStyle("figure", BODY, fontName=BOLD, fontSize=13, leading=17)


def render_pdf(view: ReportView, business: str) -> bytes:
    """Return the report of `business` as a PDF document."""
    return draw(
        _story(view, business),
        title=words.title(view),
        author=business,
        subject=f"Digest of the numbers {view.digest}",
    )


def _story(view: ReportView, business: str) -> Story:
    story: Story = [
        text_of(business, QUIET),
        text_of(words.title(view), TITLE),
        text_of(view.headline, LEAD),
    ]
    if view.partial:
        story.append(text_of(f"This report is partial. {words.partial(view)}", BODY))
    story += [_figures(view), Spacer(1, 4 * mm), _charts(view)]
    if view.goals:
        story += section("Goals", [text_of(goal_words.sentence(g), BODY) for g in view.goals])
    proven = [text_of(words.saved(view), BODY)] if view.saved else []
    story += section("Calls", [text_of(words.calls(view), BODY), *proven])
    if view.reviews:
        story += section("Reviews", [text_of(words.reviews(view), BODY)])
    story += _tables(view)
    if view.anomalies:
        rows = [text_of(words.anomaly(row, view.currency), BODY) for row in view.anomalies]
        story += section("Days out of the ordinary", rows)
    for number, card in enumerate(view.insights):
        lines = [text_of(card.claim, BODY), text_of(card.prediction, QUIET), Spacer(1, 2 * mm)]
        story += section("Insights", lines) if number == 0 else [KeepTogether(lines)]
    story += [Spacer(1, 5 * mm), text_of(words.accuracy(view), QUIET)]
    story.append(text_of(f"Digest of the numbers {view.digest}", QUIET))
    return story


def _figures(view: ReportView) -> Table:
    cells = [
        [text_of(name, QUIET), text_of(figure, _FIGURE), text_of(compared, QUIET)]
        for name, figure, compared in words.headline_figures(view)
    ]
    table = Table([cells], colWidths=[WIDTH / len(cells)] * len(cells))
    table.setStyle(
        TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)])
    )
    return table


def _charts(view: ReportView) -> Table:
    half = WIDTH / 2 - 3 * mm
    cells = [_visits_chart(view, half), _takings_chart(view, half)]
    table = Table([cells], colWidths=[WIDTH / 2] * 2)
    table.setStyle(TableStyle([("LEFTPADDING", (0, 0), (-1, -1), 0)]))
    return table


def _visits_chart(view: ReportView, width: float) -> Drawing:
    drawing, chart = _drawing("Visits per day", width), VerticalBarChart()
    _place(chart, width)
    chart.data = [[day.visits for day in view.days] or [0]]
    chart.bars[0].fillColor = ACCENT
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
    chart.lines[0].strokeColor = ACCENT
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
    drawing.add(String(0, _CHART_HEIGHT - 9, title, fontName=BOLD, fontSize=9, fillColor=INK))
    return drawing


def _place(chart: Any, width: float) -> None:
    chart.x, chart.y = 34, 18
    chart.width, chart.height = width - 40, _CHART_HEIGHT - 36


def _quiet_axes(across: Any, up: Any) -> None:
    for axis in (across, up):
        axis.strokeColor = LINE
        axis.labels.fontName, axis.labels.fontSize = FONT, 7
        axis.labels.fillColor = SOFT
    across.visibleTicks = False
    up.visibleTicks = False
    up.visibleGrid, up.gridStrokeColor, up.gridStrokeWidth = True, LINE, 0.5


def _step(view: ReportView) -> int:
    return max(1, -(-len(view.days) // 5))


def _label_at(view: ReportView, place: int) -> str:
    return words.short_day(view.days[place].local_date) if 0 <= place < len(view.days) else ""


def _labels(view: ReportView) -> list[str]:
    step = _step(view)
    return [_label_at(view, n) if n % step == 0 else "" for n in range(len(view.days))] or [""]


def _tables(view: ReportView) -> Story:
    story: Story = []
    if view.slipping:
        rows = [words.slipping_row(row) for row in view.slipping]
        names = ("Name", "State", "Last visit", "At stake")
        story += section("Slipping away", [table_of(names, rows, (0.4, 0.2, 0.2, 0.2), 2, BODY)])
    if view.services:
        sold = [(row.name, f"{row.quantity:,}", row.revenue.format()) for row in view.services]
        columns = ("Service", "Sold", "Takings")
        story += section("Services", [table_of(columns, sold, (0.6, 0.2, 0.2), 1, BODY)])
    known = [
        (label, view.states[state])
        for state, label in words.STATES.items()
        if view.states.get(state)
    ]
    if known:
        rows_of = [(label, f"{people:,}") for label, people in known]
        story += section(
            "Customers by state", [table_of(("State", "People"), rows_of, (0.6, 0.4), 1, BODY)]
        )
    return story
