"""Charts of days: one person's rhythm, a year of days, and weights for and against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from markupsafe import Markup

from myriad.scale.ui.charts.marks import (
    ACCENT,
    LINE,
    MUTED,
    WARN,
    drawn,
    frame,
    joined,
    label,
    markup,
    pct,
    px,
    target,
)

_CELL = 13


@lru_cache(maxsize=2048)
def _day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


@dataclass(frozen=True, slots=True)
class _Span:
    """The days that a strip covers, and where in it a day lies."""

    start: date
    today: date
    end: date

    def share(self, value: date) -> float:
        """Return the place of a day as a share of the width, held inside the strip."""
        return min(1.0, max(0.0, (value - self.start).days / (self.end - self.start).days))


def cadence_strip(
    visits: Sequence[date],
    *,
    today: date,
    title: str,
    usual_gap_days: float | None = None,
    spread_days: float | None = None,
    span_days: int = 270,
    height: float = 44,
    labelled: bool = True,
) -> Markup:
    """Return a line of days with a stroke per visit and a band where the next one was due.

    The band runs from the median gap after the last visit to 1.5 deviations later; today is the
    upright line. Visits older than `span_days` are left out.
    """
    end = today + timedelta(days=max(14, span_days // 12))
    span = _Span(today - timedelta(days=span_days), today, end)
    track = height - (18 if labelled else 4)
    seen = [value for value in visits if span.start <= value <= today]
    parts = [_track(track)]
    if seen and usual_gap_days:
        parts.append(_due(span, seen[-1], usual_gap_days, spread_days, track))
    parts += [_visit(span, value, track) for value in seen]
    parts.append(_now(span, track))
    if labelled:
        parts += [
            label(span.share(month), height - 4, f"{month:%b}", "start") for month in _months(span)
        ]
        parts.append(label(span.share(today), height - 4, "today", "middle", "c-label c-strong"))
    desc = _said(seen, usual_gap_days)
    return frame(joined(parts), title=title, desc=desc, height=height, kind="cadence")


def _track(height: float) -> Markup:
    return drawn(
        '<rect class="c-track" x="0" width="100%" y="0" height="{}" rx="3" fill="#f3f5f8"/>',
        px(height),
    )


def _visit(span: _Span, value: date, track: float) -> Markup:
    share = span.share(value)
    x = pct(share)
    return markup(
        f'<g class="c-column"><line class="c-visit" x1="{x}" x2="{x}" y1="4" y2="{px(track - 4)}" '
        f'stroke="{ACCENT}" stroke-width="2" stroke-linecap="round"/>'
        f"{target(share - 0.006, 0.012, track, _day(value))}</g>"
    )


def _now(span: _Span, track: float) -> Markup:
    return drawn(
        '<line class="c-now" x1="{0}" x2="{0}" y1="0" y2="{1}" stroke="{2}" stroke-width="1"/>',
        pct(span.share(span.today)),
        px(track),
        MUTED,
    )


def _due(span: _Span, last: date, gap: float, spread: float | None, track: float) -> Markup:
    until_days = gap + 1.5 * (gap / 4 if spread is None else spread)
    first = span.share(last + timedelta(days=round(gap)))
    until = span.share(last + timedelta(days=round(until_days)))
    return drawn(
        '<rect class="c-due" x="{}" width="{}" y="0" height="{}" fill="{}" fill-opacity="0.22"/>',
        pct(first),
        pct(max(0.008, until - first)),
        px(track),
        WARN,
    )


def _months(span: _Span) -> list[date]:
    """Return the first days of months that leave room for the word `today`, every other one."""
    month = _next_month(span.start)
    months = []
    while month < span.today - timedelta(days=(span.end - span.start).days // 8):
        months.append(month)
        month = _next_month(_next_month(month))
    return months


def _next_month(value: date) -> date:
    return date(value.year + value.month // 12, value.month % 12 + 1, 1)


def _said(seen: Sequence[date], gap: float | None) -> str:
    if not seen:
        return "No visit in this time."
    usual = f", usually every {gap:.0f} days" if gap else ""
    return f"{len(seen)} visits{usual}; the last on {_day(seen[-1])}."


def calendar_strip(
    days: Mapping[date, float],
    *,
    start: date,
    end: date,
    title: str,
    desc: str,
    unit: str = "visits",
) -> Markup:
    """Return a square per day, a column per week beginning on Monday, in five steps of strength."""
    monday = start - timedelta(days=start.weekday())
    shown = [start + timedelta(days=offset) for offset in range((end - start).days + 1)]
    top = max([*days.values(), 1e-9])
    cells = [_cell(value, monday, days.get(value, 0.0), top, unit) for value in shown]
    months = [_month_name(value, monday) for value in shown if value.day == 1]
    width = ((end - monday).days // 7 + 1) * _CELL
    return frame(
        joined(months) + joined(cells),
        title=title,
        desc=desc,
        height=16 + 7 * _CELL,
        kind="calendar",
        width=str(width),
    )


def _cell(value: date, monday: date, amount: float, top: float, unit: str) -> Markup:
    column, row = divmod((value - monday).days, 7)
    level = _level(amount, top)
    reading = f"{_day(value)}: {amount:g} {unit}"
    return drawn(
        '<rect class="c-cell c-level-{}" x="{}" y="{}" width="11" height="11" rx="2" fill="{}" '
        'fill-opacity="{}" data-reading="{}"><title>{}</title></rect>',
        level,
        column * _CELL,
        row * _CELL + 16,
        ACCENT if level else LINE,
        ("0.6", "0.25", "0.5", "0.75", "1")[level],
        reading,
        reading,
    )


def _month_name(value: date, monday: date) -> Markup:
    return drawn(
        '<text class="c-label" x="{}" y="10" fill="{}" aria-hidden="true">{}</text>',
        (value - monday).days // 7 * _CELL,
        MUTED,
        f"{value:%b}",
    )


def _level(value: float, top: float) -> int:
    return 0 if value <= 0 else min(4, 1 + int(value / top * 3.999))


def weight_bar(value: float, *, most: float, title: str, height: float = 12) -> Markup:
    """Return a bar from the middle: to the right speaks for the statement, to the left against."""
    size = min(1.0, abs(value) / most) / 2 if most else 0.0
    css, colour = ("c-for", ACCENT) if value >= 0 else ("c-against", WARN)
    content = drawn(
        '<line class="c-base" x1="50%" x2="50%" y1="0" y2="{h}" stroke="{line}"/>'
        '<rect class="{css}" x="{x}" width="{w}" y="2" height="{bar}" rx="1.5" fill="{colour}"/>',
        h=px(height),
        line=LINE,
        css=css,
        x=pct(0.5 if value >= 0 else 0.5 - size),
        w=pct(size),
        bar=px(height - 4),
        colour=colour,
    )
    return frame(content, title=title, desc=f"{value:+.1f}", height=height, kind="weight")


def share_bar(value: float, *, title: str, strong: bool = False, height: float = 6) -> Markup:
    """Return a share between 0 and 1 as a filled track."""
    width = pct(min(1.0, max(0.0, value)))
    content = drawn(
        '<rect class="c-track" width="100%" height="{h}" rx="3" fill="{line}"/>'
        '<rect class="{css}" width="{w}" height="{h}" rx="3" fill="{colour}"/>',
        h=px(height),
        line=LINE,
        css="c-against" if strong else "c-for",
        w=width,
        colour=WARN if strong else ACCENT,
    )
    return frame(content, title=title, desc=f"{value:.0%}", height=height, kind="share")
