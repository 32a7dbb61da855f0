"""The charts of the Team screens."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from myriad.products.keeper.pages import team_words as words
from myriad.products.keeper.views.team import Board, FigureView, MemberView
from myriad.scale.ui.charts import Point, Whisker, whisker, whisker_series

BOARDS = (
    "revisit_60",
    "retention",
    "prebook",
    "rebook_48h",
    "request_rate",
    "service_net",
    "retail",
    "tips",
    "no_show",
    "utilisation",
)
TRENDS = ("revisit_60", "prebook", "request_rate", "service_net")


def boards(found: Sequence[Board]) -> list[Board]:
    """Return the boards that the Team screen shows, in its order."""
    by_name = {board.metric: board for board in found}
    return [by_name[metric] for metric in BOARDS if metric in by_name]


def strip(figure: FigureView, low: float, high: float, who: str, currency: str) -> Markup:
    """Return one figure as a dot with its whisker."""
    return whisker(
        _dot(figure, who, currency),
        low=low,
        high=high,
        mean=figure.peer,
        title=f"{who}: {words.name(figure.metric)}",
    )


def own_strip(figure: FigureView, currency: str) -> Markup:
    """Return one figure on a scale of its own: the member and the team's band."""
    ends = [v for v in (figure.lo, figure.hi, figure.peer_lo, figure.peer_hi, figure.peer) if v]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    air = (high - low) * 0.08 or 0.05
    return whisker(
        _dot(figure, words.name(figure.metric), currency),
        low=max(0.0, low - air),
        high=high + air,
        mean=figure.peer,
        band=(figure.peer_lo, figure.peer_hi)
        if figure.peer_lo is not None and figure.peer_hi is not None
        else None,
        title=words.name(figure.metric),
    )


def trend(view: MemberView, metric: str) -> Markup | None:
    """Return a figure's months, None when fewer than two are known."""
    months = [figure for figure in view.trend if figure.metric == metric]
    if sum(figure.reason is None for figure in months) < 2:
        return None
    dots = [_dot(figure, f"{figure.period_start:%b}", view.currency) for figure in months]
    return whisker_series(
        dots,
        title=f"{words.name(metric)} by month",
        desc=f"{len(dots)} months; a gap where there were too few visits.",
        unit=lambda amount: words.value(months[0], amount, view.currency),
    )


def trend_points(view: MemberView, metric: str) -> list[Point]:
    """Return a figure's months for the table below its chart."""
    return [
        Point(
            f"{figure.period_start:%b %Y}",
            figure.shrunk or 0.0,
            words.reading(figure, view.currency),
        )
        for figure in view.trend
        if figure.metric == metric
    ]


def _dot(figure: FigureView, label: str, currency: str) -> Whisker:
    centre = figure.shrunk if figure.shrunk is not None else figure.value
    reading = f"{label}: {words.reading(figure, currency)}"
    return Whisker(label, reading, centre, figure.lo, figure.hi)
