"""Charts of estimates: a dot where the value is thought to be, a whisker for how far it may be off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from myriad.scale.ui.charts.marks import (
    ACCENT,
    LINE,
    MUTED,
    anchor,
    drawn,
    frame,
    joined,
    label,
    nice_ceiling,
    pct,
    px,
    rule,
    target,
)

_HEAD = 18.0
_FOOT = 22.0


@dataclass(frozen=True, slots=True)
class Whisker:
    """One estimate with its interval; `reading` says it in words. None is drawn as a gap."""

    label: str
    reading: str
    centre: float | None = None
    lo: float | None = None
    hi: float | None = None


def whisker(
    estimate: Whisker,
    *,
    low: float,
    high: float,
    title: str,
    mean: float | None = None,
    band: tuple[float, float] | None = None,
    height: float = 28,
) -> Markup:
    """Return one estimate on a line from `low` to `high`.

    The upright line is the mean of all, the soft band where most of them lie.
    """
    span = (high - low) or 1.0

    def share(value: float) -> float:
        return min(1.0, max(0.0, (value - low) / span))

    parts = [_ground(height)]
    if band is not None:
        parts.append(_band(share(band[0]), share(band[1]), height))
    if mean is not None:
        parts.append(_mean(share(mean), height))
    if estimate.lo is not None and estimate.hi is not None:
        parts.append(_lying(share(estimate.lo), share(estimate.hi), height))
    if estimate.centre is not None:
        parts.append(_dot(share(estimate.centre), height))
    return frame(joined(parts), title=title, desc=estimate.reading, height=height, kind="whisker")


def _ground(height: float) -> Markup:
    return drawn(
        '<line class="c-grid" x1="0" x2="100%" y1="{0}" y2="{0}" stroke="{1}"/>',
        px(height / 2),
        LINE,
    )


def _band(first: float, last: float, height: float) -> Markup:
    return drawn(
        '<rect class="c-band" x="{}" width="{}" y="4" height="{}" rx="3" fill="{}"/>',
        pct(first),
        pct(max(0.0, last - first)),
        px(height - 8),
        LINE,
    )


def _mean(at: float, height: float) -> Markup:
    return drawn(
        '<line class="c-mean" x1="{0}" x2="{0}" y1="3" y2="{1}" stroke="{2}"/>',
        pct(at),
        px(height - 3),
        MUTED,
    )


def _lying(first: float, last: float, height: float) -> Markup:
    return drawn(
        '<line class="c-whisker" x1="{}" x2="{}" y1="{}" y2="{}" stroke="{}" stroke-width="3" '
        'stroke-linecap="round"/>',
        pct(first),
        pct(last),
        px(height / 2),
        px(height / 2),
        ACCENT,
    )


def _dot(at: float, height: float) -> Markup:
    return drawn(
        '<circle class="c-dot" cx="{}" cy="{}" r="5" fill="{}"/>', pct(at), px(height / 2), ACCENT
    )


def whisker_series(
    estimates: Sequence[Whisker],
    *,
    title: str,
    desc: str,
    mean: float | None = None,
    height: float = 150,
    unit: Callable[[float], str] = str,
) -> Markup:
    """Return estimates in order of time, each with its whisker; hidden ones leave a gap."""
    ends = [item.hi for item in estimates if item.hi is not None]
    top = nice_ceiling(max([*ends, mean or 0.0], default=1.0))
    bottom = height - _FOOT
    tall = bottom - _HEAD
    count = max(1, len(estimates))

    def y(value: float) -> float:
        return bottom - min(1.0, max(0.0, value / top)) * tall

    parts = [_axis(y, top, unit)]
    if mean is not None:
        parts.append(rule(y(mean), "c-mean"))
    for place, item in enumerate(estimates):
        parts.append(_upright(item, (place + 0.5) / count, y))
        parts.append(target(place / count, 1 / count, bottom, item.reading))
    step = max(1, -(-count // 6))
    parts += [
        label(
            (place + 0.5) / count, height - 6, estimates[place].label, anchor((place + 0.5) / count)
        )
        for place in range(0, len(estimates), step)
    ]
    return frame(joined(parts), title=title, desc=desc, height=height, kind="bars")


def _axis(y: Callable[[float], float], top: float, unit: Callable[[float], str]) -> Markup:
    marks = [rule(y(0.0), "c-base"), rule(y(top / 2)), rule(y(top))]
    names = [
        label(0, y(value) - 4, unit(value), "start", "c-label c-y") for value in (top / 2, top)
    ]
    return joined(marks + names)


def _upright(item: Whisker, x: float, y: Callable[[float], float]) -> Markup:
    if item.centre is None or item.lo is None or item.hi is None:
        return Markup("")
    return drawn(
        '<line class="c-whisker" x1="{0}" x2="{0}" y1="{1}" y2="{2}" stroke="{4}" stroke-width="3" '
        'stroke-linecap="round"/><circle class="c-dot" cx="{0}" cy="{3}" r="4.5" fill="{4}"/>',
        pct(x),
        px(y(item.lo)),
        px(y(item.hi)),
        px(y(item.centre)),
        ACCENT,
    )
