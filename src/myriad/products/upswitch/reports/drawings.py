"""The charts of a report, drawn with reportlab: ranges of methods, and what moves the value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reportlab.graphics.shapes import Circle, Drawing, Line, Rect, String
from reportlab.lib import colors

from myriad.scale.ui.paper import ACCENT, FONT, INK, LINE, SOFT

_PALE = colors.HexColor("#c3cff3")
_ROW, _NAME_WIDTH, _TEXT_WIDTH = 20.0, 205.0, 130.0


@dataclass(frozen=True, slots=True)
class Span:
    """One line: a name, low to high with a middle, and its words."""

    name: str
    low: float
    middle: float
    high: float
    text: str
    is_strong: bool = True


def spans(rows: Sequence[Span], width: float, mark: float | None = None) -> Drawing:
    """Return a line for each span on a common scale, with an upright at `mark`."""
    height = max(len(rows), 1) * _ROW + 4
    drawing = Drawing(width, height)
    ends = [end for row in rows for end in (row.low, row.high)]
    ends += [] if mark is None else [mark]
    least, most = min(ends, default=0.0), max(ends, default=1.0)
    room = width - _NAME_WIDTH - _TEXT_WIDTH

    def at(value: float) -> float:
        return _NAME_WIDTH + room * (value - least) / ((most - least) or 1.0)

    if mark is not None:
        drawing.add(Line(at(mark), 0, at(mark), height, strokeColor=SOFT, strokeDashArray=[2, 2]))
    for place, row in enumerate(rows):
        _draw(drawing, row, height - (place + 0.5) * _ROW - 2, at, width)
    return drawing


def _draw(
    drawing: Drawing, row: Span, y: float, at: Callable[[float], float], width: float
) -> None:
    left, middle, right = at(row.low), at(row.middle), at(row.high)
    fill = _PALE if row.is_strong else LINE
    drawing.add(String(0, y - 3, row.name[:48], fontName=FONT, fontSize=8.5, fillColor=INK))
    bar = Rect(left, y - 4, max(right - left, 1.0), 8, rx=2, ry=2)
    bar.fillColor, bar.strokeColor = fill, None
    drawing.add(bar)
    drawing.add(Circle(middle, y, 3, fillColor=ACCENT if row.is_strong else SOFT, strokeColor=None))
    drawing.add(
        String(
            width,
            y - 3,
            row.text,
            fontName=FONT,
            fontSize=8,
            fillColor=SOFT,
            textAnchor="end",
        )
    )
