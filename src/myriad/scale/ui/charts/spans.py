"""Charts of moments: what happened when, one line a span, the waits between them left empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from markupsafe import Markup

from myriad.scale.ui.charts.marks import (
    ACCENT,
    MUTED,
    WARN,
    drawn,
    frame,
    joined,
    label,
    pct,
    px,
    target,
)

Kind = Literal["good", "bad", "warn", "info", "plain"]

_COLOURS: dict[Kind, str] = {
    "good": "#19764a",
    "bad": "#b62b2a",
    "warn": WARN,
    "info": ACCENT,
    "plain": MUTED,
}
_ROW = 20.0
_BAR = 12.0
_FOOT = 20.0
_LEAST_SHARE = 0.006


@dataclass(frozen=True, slots=True)
class Span:
    """Something that began and ended; `reading` says it in words."""

    label: str
    begin: datetime
    end: datetime
    kind: Kind
    reading: str


def span_chart(
    spans: Sequence[Span],
    *,
    title: str,
    desc: str,
    names: Sequence[tuple[datetime, str]] = (),
) -> Markup:
    """Return a line for each span on one scale of time, at least as wide as can be seen.

    `names` are moments to write below. The scale runs from the first moment to the last.
    """
    moments = [moment for span in spans for moment in (span.begin, span.end)]
    moments += [moment for moment, _ in names]
    first = min(moments)
    width = max(max(moments) - first, timedelta(seconds=1))
    tall = max(1, len(spans)) * _ROW
    rows = [_row(span, index, first, width) for index, span in enumerate(spans)]
    words = [
        label((moment - first) / width, tall + _FOOT - 4, text, _side((moment - first) / width))
        for moment, text in names
    ]
    content = joined([_track(tall), *rows, *words])
    return frame(content, title=title, desc=desc, height=tall + _FOOT, kind="spans")


def _side(share: float) -> str:
    return "start" if share < 0.34 else "end" if share > 0.66 else "middle"


def _track(height: float) -> Markup:
    return drawn(
        '<rect class="c-track" x="0" width="100%" y="0" height="{}" rx="3" fill="#f3f5f8"/>',
        px(height),
    )


def _row(span: Span, index: int, first: datetime, width: timedelta) -> Markup:
    begin = (span.begin - first) / width
    wide = max(_LEAST_SHARE, (span.end - span.begin) / width)
    begin = min(begin, 1 - wide)
    y = index * _ROW
    bar = drawn(
        '<rect class="c-span c-{}" x="{}" width="{}" y="{}" height="{}" rx="2" fill="{}"/>',
        span.kind,
        pct(begin),
        pct(wide),
        px(y + (_ROW - _BAR) / 2),
        px(_BAR),
        _COLOURS[span.kind],
    )
    hit = drawn(
        '<svg y="{}" width="100%" height="{}">{}</svg>',
        px(y),
        px(_ROW),
        target(0, 1, _ROW, span.reading),
    )
    return drawn('<g class="c-column">{}{}</g>', bar, hit)
