"""What the Patterns and Benchmarks screens draw."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from myriad.products.keeper.pages import pattern_words as words
from myriad.products.keeper.views.patterns import BenchmarkRow, PatternRow, TrendRow
from myriad.scale.ui.charts import share_bar, sparkline
from myriad.scale.ui.charts.marks import ACCENT, LINE, MUTED, drawn, frame, joined, pct, px, target

_HEIGHT, _MIDDLE = 30.0, 15.0
_MARGIN = 0.06


def shares(row: PatternRow) -> tuple[Markup, Markup]:
    """Return two bars: the share of the second item with the first, and without it."""
    return (
        share_bar(row.share_with, title=words.with_first(row), height=8),
        share_bar(row.share_without, title=words.without_first(row), height=8),
    )


def trend(row: TrendRow) -> Markup:
    """Return the weeks of a figure as a small line; weeks without a value are left out."""
    known = [point for point in row.points if point is not None]
    title = f"{words.TREND_TITLES[row.metric]}, the last {len(known)} weeks"
    return sparkline(known, title=title, width=160, height=32)


def peers(row: BenchmarkRow, currency: str) -> Markup:
    """Return where the account lies among its peers, and what others have published.

    The pale band runs from p10 to p90 of the peers, the stronger one from p25 to p75, the upright
    line is their median, the dot the account, and short strokes are marks from outside. Nothing is
    drawn while there is nobody to compare with.
    """
    known = [*row.quantiles, *(mark.value for mark in row.marks)]
    if not known:
        return Markup("")
    known += [] if row.own is None else [row.own]
    low, high = min(known), max(known)
    width = (high - low) or abs(high) or 1.0

    def share(value: float) -> float:
        return _MARGIN + (1 - 2 * _MARGIN) * (value - low) / width

    parts = [_rail()]
    if row.quantiles:
        p10, p25, p50, p75, p90 = (share(value) for value in row.quantiles)
        parts += [_band(p10, p90, 10), _band(p25, p75, 10), _stroke(p50, 4, _HEIGHT - 4)]
    parts += [_stroke(share(mark.value), _MIDDLE, _HEIGHT - 4, "c-before") for mark in row.marks]
    if row.own is not None:
        parts.append(_dot(share(row.own)))
    parts += _targets(row, share, currency)
    return frame(
        joined(parts),
        title=f"{row.title} among peers",
        desc=described(row, currency),
        height=_HEIGHT,
        kind="peers",
    )


def described(row: BenchmarkRow, currency: str) -> str:
    """Return the drawing in words."""
    parts = [f"You: {words.value(row.unit, row.own, currency)}"]
    if row.quantiles:
        named = zip(("p10", "p25", "median", "p75", "p90"), row.quantiles, strict=True)
        parts += [f"{name} {words.value(row.unit, value, currency)}" for name, value in named]
    parts += [f"{mark.who} {words.value(row.unit, mark.value, currency)}" for mark in row.marks]
    return "; ".join(parts) + "."


def _targets(row: BenchmarkRow, share: Callable[[float], float], currency: str) -> list[Markup]:
    named = [(f"{mark.who} (Boulevard)", mark.value) for mark in row.marks]
    if row.quantiles:
        named.append(("median of peers", row.quantiles[2]))
    if row.own is not None:
        named.append(("you", row.own))
    return [
        target(
            share(value) - 0.02,
            0.04,
            _HEIGHT,
            f"{name}: {words.value(row.unit, value, currency)}",
        )
        for name, value in named
    ]


def _rail() -> Markup:
    return drawn(
        '<line class="c-rail" x1="0" x2="100%" y1="{0}" y2="{0}" stroke="{1}"/>', px(_MIDDLE), LINE
    )


def _band(start: float, end: float, height: float) -> Markup:
    return drawn(
        '<rect class="c-band" x="{}" width="{}" y="{}" height="{}" rx="3" fill="{}" '
        'fill-opacity="0.12"/>',
        pct(start),
        pct(max(end - start, 0.004)),
        px(_MIDDLE - height / 2),
        px(height),
        ACCENT,
    )


def _stroke(at: float, top: float, bottom: float, css: str = "c-mark") -> Markup:
    return drawn(
        '<line class="{0}" x1="{1}" x2="{1}" y1="{2}" y2="{3}" stroke="{4}" stroke-width="2"/>',
        css,
        pct(at),
        px(top),
        px(bottom),
        MUTED,
    )


def _dot(at: float) -> Markup:
    return drawn(
        '<circle class="c-dot" cx="{}" cy="{}" r="5" fill="{}"/>', pct(at), px(_MIDDLE), ACCENT
    )
