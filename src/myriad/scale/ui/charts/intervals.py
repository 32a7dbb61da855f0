"""Charts of estimates with their intervals: a line from bound to bound, a dot where the best guess is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from myriad.scale.ui.charts.marks import (
    ACCENT,
    LINE,
    MUTED,
    drawn,
    frame,
    joined,
    label,
    pct,
    px,
    target,
)

Kind = Literal["info", "good", "bad", "plain"]

_COLOURS: dict[Kind, str] = {"info": ACCENT, "good": "#19764a", "bad": "#b62b2a", "plain": MUTED}
_ROW = 40.0
_NAME, _LINE, _TICK = 13.0, 26.0, 9.0
_FOOT = 18.0
_EDGE = 0.02


@dataclass(frozen=True, slots=True)
class Estimate:
    """One line of the chart: a name, the estimate with its bounds, and all of it in words."""

    name: str
    estimate: float
    low: float
    high: float
    text: str
    kind: Kind = "info"


def interval_chart(
    rows: Sequence[Estimate],
    *,
    title: str,
    desc: str,
    marks: Sequence[tuple[float, str]] = (),
    least: float | None = None,
    most: float | None = None,
) -> Markup:
    """Return one line per estimate on a common scale.

    `marks` are (value, name) of upright lines such as zero or a goal. The scale holds every bound
    and mark; `least` and `most` widen it.
    """
    values = [value for row in rows for value in (row.low, row.high)]
    values += [value for value, _ in marks] + [v for v in (least, most) if v is not None]
    low, high = min(values, default=0.0), max(values, default=1.0)
    scale = _Scale(low, (high - low) or 1.0)
    tall = len(rows) * _ROW
    drawn = [_row(row, index, scale) for index, row in enumerate(rows)]
    lines = [_mark(scale.share(value), name, len(rows)) for value, name in marks]
    content = joined([*lines, *drawn])
    height = tall + (_FOOT if marks else 4)
    return frame(content, title=title, desc=desc, height=height, kind="intervals")


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    width: float

    def share(self, value: float) -> float:
        """Return the place of a value as a share of the chart's width, off the edges."""
        return _EDGE + (1 - 2 * _EDGE) * (value - self.low) / self.width


def _mark(share: float, name: str, rows: int) -> Markup:
    """Return the upright, broken where names stand, with its own name below."""
    side = "start" if share < 0.2 else "end" if share > 0.8 else "middle"
    strokes = [
        drawn(
            '<line class="c-mark" x1="{}" x2="{}" y1="{}" y2="{}" stroke="{}"/>',
            pct(share),
            pct(share),
            px(index * _ROW + _LINE - _TICK),
            px(index * _ROW + _LINE + _TICK),
            MUTED,
        )
        for index in range(rows)
    ]
    return joined([*strokes, label(share, rows * _ROW + _FOOT - 5, name, side)])


def _row(row: Estimate, index: int, scale: _Scale) -> Markup:
    colour, (low, at, high) = (
        _COLOURS[row.kind],
        (scale.share(v) for v in (row.low, row.estimate, row.high)),
    )
    parts = [
        drawn(
            '<line x1="0" x2="100%" y1="{}" y2="{}" stroke="{}" class="c-rail"/>',
            px(_LINE),
            px(_LINE),
            LINE,
        ),
        drawn(
            '<line class="c-reach c-{}" x1="{}" x2="{}" y1="{}" y2="{}" stroke="{}" '
            'stroke-width="4" stroke-linecap="round" stroke-opacity="0.45"/>',
            row.kind,
            pct(low),
            pct(high),
            px(_LINE),
            px(_LINE),
            colour,
        ),
        drawn(
            '<circle class="c-dot c-{}" cx="{}" cy="{}" r="5" fill="{}"/>',
            row.kind,
            pct(at),
            px(_LINE),
            colour,
        ),
        label(0, _NAME, row.name, "start", "c-label c-strong"),
        label(1, _NAME, row.text, "end"),
        target(0, 1, _ROW, f"{row.name}: {row.text}"),
    ]
    return drawn(
        '<svg y="{}" width="100%" height="{}" class="c-column">{}</svg>',
        px(index * _ROW),
        px(_ROW),
        joined(parts),
    )
