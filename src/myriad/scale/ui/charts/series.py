"""Charts of numbers in order: sparkline, bars, line with area, histogram."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from itertools import cycle, repeat
from operator import add

from markupsafe import Markup

from myriad.scale.ui.charts.marks import (
    ACCENT,
    MUTED,
    WARN,
    Point,
    drawn,
    frame,
    joined,
    label,
    markup,
    nice_ceiling,
    pct,
    px,
    rule,
    target,
    ticks,
)

_HEAD = 18.0
_FOOT = 22.0
_NAMES, _WEEK = 5, 7


def _compact(value: float) -> str:
    if abs(value) >= 10_000:
        return f"{value / 1000:,.0f}k"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def _axis(height: float, top: float, unit: Callable[[float], str]) -> Markup:
    bottom = height - _FOOT
    rows = [(1.0, unit(top)), (0.5, unit(top / 2)), (0.0, "")]
    places = [(bottom - share * (bottom - _HEAD), text) for share, text in rows]
    marks = [joined([rule(y, "c-base" if not text else "c-grid")]) for y, text in places]
    names = [label(0, y - 4, text, "start", "c-label c-y") for y, text in places if text]
    return joined(marks) + joined(names)


def _names(points: Sequence[Point], height: float, centre: bool) -> Markup:
    count, shift = (len(points), 0.5) if centre else (max(1, len(points) - 1), 0.0)
    named = ticks(points, _WEEK if len(points) <= _WEEK else _NAMES)
    # On a phone every second name gives way, so that none runs into the next.
    return joined(
        label((i + shift) / count, height - 6, points[i].label, css=css)
        for i, css in zip(named, cycle(("c-label", "c-label c-spare")))
    )


def bar_chart(
    points: Sequence[Point],
    *,
    title: str,
    desc: str,
    height: float = 176,
    marked: Collection[int] = (),
    unit: Callable[[float], str] = _compact,
) -> Markup:
    """Return bars from zero; the indices in `marked` stand out. Negative values count as zero."""
    top = nice_ceiling(max((point.value for point in points), default=0))
    bottom = height - _FOOT
    count = max(1, len(points))
    bars = []
    for index, point in enumerate(points):
        tall = max(0.0, point.value) / top * (bottom - _HEAD)
        css, colour = ("c-bar c-marked", WARN) if index in marked else ("c-bar", ACCENT)
        bars.append(
            f'<g class="c-column"><rect class="{css}" x="{pct((index + 0.16) / count)}" '
            f'width="{pct(0.68 / count)}" y="{px(bottom - tall)}" height="{px(tall)}" rx="1.5" '
            f'fill="{colour}"/>{target(index / count, 1 / count, bottom, point.reading)}</g>'
        )
    content = _axis(height, top, unit) + markup("".join(bars)) + _names(points, height, centre=True)
    return frame(content, title=title, desc=desc, height=height, kind="bars")


def line_chart(
    points: Sequence[Point],
    *,
    title: str,
    desc: str,
    height: float = 176,
    before: Sequence[float] = (),
    unit: Callable[[float], str] = _compact,
) -> Markup:
    """Return a line with a soft area; `before` is a dashed line of an earlier period."""
    top = nice_ceiling(max([point.value for point in points] + list(before), default=0))
    bottom = height - _FOOT
    tall = bottom - _HEAD
    curve = _path([point.value for point in points], top)
    ghost = _path(before, top)
    plot = drawn(
        '<svg x="0" y="{}" width="100%" height="{}" viewBox="0 0 1000 100" '
        'preserveAspectRatio="none" aria-hidden="true" overflow="visible">{}{}{}</svg>',
        px(_HEAD),
        px(tall),
        _stroke(f"{curve} L1000 100 L0 100 Z", "c-area") if curve else "",
        _stroke(ghost, "c-before") if ghost else "",
        _stroke(curve, "c-line") if curve else "",
    )
    axis = _axis(height, top, unit)
    content = axis + plot + _spots(points, top, bottom) + _names(points, height, centre=False)
    return frame(content, title=title, desc=desc, height=height, kind="line")


def _spots(points: Sequence[Point], top: float, bottom: float) -> Markup:
    last = max(1, len(points) - 1)
    spots = []
    for index, point in enumerate(points):
        y = bottom - max(0.0, point.value) / top * (bottom - _HEAD)
        hit = target((index - 0.5) / last, 1 / last, bottom, point.reading)
        spots.append(
            f'<g class="c-column"><circle class="c-spot" cx="{pct(index / last)}" cy="{px(y)}" '
            f'r="3.5" fill="{ACCENT}"/>{hit}</g>'
        )
    return markup("".join(spots))


def _path(values: Sequence[float], top: float) -> str:
    last = max(1, len(values) - 1)
    spots = [
        f"{i / last * 1000:.1f} {100 - max(0.0, v) / top * 100:.2f}" for i, v in enumerate(values)
    ]
    return "M" + " L".join(spots) if spots else ""


def _stroke(path: str, css: str) -> Markup:
    if css == "c-area":
        return drawn('<path class="{}" d="{}" fill="{}" fill-opacity="0.1"/>', css, path, ACCENT)
    dash = Markup(' stroke-dasharray="3 3"') if css == "c-before" else ""
    colour, width = (ACCENT, "2") if css == "c-line" else (MUTED, "1.25")
    return drawn(
        '<path class="{}" d="{}" fill="none" stroke="{}" stroke-width="{}" stroke-linejoin="round" '
        'vector-effect="non-scaling-stroke"{}/>',
        css,
        path,
        colour,
        width,
        dash,
    )


def sparkline(values: Sequence[float], *, title: str, width: int = 88, height: int = 24) -> Markup:
    """Return a small line without axes whose last point is marked; fixed size in pixels."""
    places = _across(len(values), width)
    top = max(values, default=0.0)
    # A list shows fifty of these, and of few different numbers each.
    ups = list(map(_up, values, repeat(top), repeat(height)))
    spots = " ".join(map(add, places, ups))
    content = Markup("")
    if spots:
        content = markup(
            f'<polyline class="c-line" points="{spots}" fill="none" stroke="{ACCENT}" '
            'stroke-width="1.5" stroke-linejoin="round"/><circle class="c-spot c-last" '
            f'cx="{places[-1][:-1]}" cy="{ups[-1]}" r="2" fill="{ACCENT}"/>'
        )
    desc = ", ".join(map(_in_digits, values)) or "No values."
    return frame(content, title=title, desc=desc, height=height, kind="spark", width=str(width))


@lru_cache(maxsize=4096)
def _up(value: float, top: float, height: int) -> str:
    """Return how far down a value of a sparkline lies."""
    return px(height - 3 - max(0.0, value) / max(top, 1e-9) * (height - 6))


@lru_cache(maxsize=4096)
def _in_digits(value: float) -> str:
    return f"{value:g}"


@lru_cache(maxsize=64)
def _across(count: int, width: int) -> tuple[str, ...]:
    """Return where the points of a sparkline lie across, each with the comma behind it."""
    last = max(1, count - 1)
    return tuple(px(2 + i / last * (width - 5)) + "," for i in range(count))


def histogram(
    values: Sequence[float],
    *,
    title: str,
    desc: str,
    bins: int = 12,
    unit: str = "",
    height: float = 160,
) -> Markup:
    """Return how many values fall into each of `bins` equally wide ranges."""
    return bar_chart(
        histogram_points(values, bins=bins, unit=unit), title=title, desc=desc, height=height
    )


def histogram_points(values: Sequence[float], *, bins: int = 12, unit: str = "") -> list[Point]:
    """Return the counts per range; the last range includes its upper end."""
    if not values:
        return []
    low, high = min(values), max(values)
    step = (high - low) / bins or 1.0
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, int((value - low) / step))] += 1
    tail = f" {unit}" if unit else ""
    return [
        Point(f"{low + i * step:.0f}{tail}", count, f"{count:,}") for i, count in enumerate(counts)
    ]
