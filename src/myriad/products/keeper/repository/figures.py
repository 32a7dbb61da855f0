"""Rows of `staff_metrics` as the Team screens show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from myriad.products.keeper.repository.sql import Row
from myriad.products.keeper.team.coaching import interval_of, notes_for, side_of
from myriad.products.keeper.team.definitions import BY_NAME, LEAST, Metric
from myriad.products.keeper.team.grouping import group_by_separation
from myriad.products.keeper.team.measuring import Measurement
from myriad.products.keeper.views.team import (
    Board,
    BoardRow,
    FigureView,
    MemberRow,
    ServicePart,
)

LEAST_COLLEAGUES = 3
"""Staff see the team's band of a figure that at least so many colleagues have."""

_NUMBERS = (
    "value", "shrunk", "lo", "hi", "expected", "ratio", "ratio_lo", "ratio_hi",
    "peer", "peer_lo", "peer_hi", "peers",
)  # fmt: skip


def figure_of(row: Row) -> FigureView | None:
    """Return a stored figure, None when its name is no longer known."""
    metric = BY_NAME.get(row["metric"])
    if metric is None:
        return None
    few = row["reason"] == "few"
    return FigureView(
        metric=metric.name,
        kind=metric.kind,
        unit=metric.unit,
        better=metric.better,
        period=row["period"],
        period_start=row["period_start"],
        period_end=row["period_end"],
        n=row["n"],
        missing=max(1, LEAST - row["n"]) if few else 0,
        reason=row["reason"],
        side=side_of(_measured(metric, row)),
        parts=tuple(ServicePart(**part) for part in row["parts"]),
        **{name: row[name] for name in _NUMBERS},
    )


def _measured(metric: Metric, row: Row) -> Measurement:
    numbers = {name: row[name] for name in _NUMBERS}
    return Measurement("", metric.name, row["n"], row["reason"], **numbers)


def measured_of(figure: FigureView) -> Measurement:
    """Return a shown figure as the coach reads it."""
    numbers = {name: getattr(figure, name) for name in _NUMBERS}
    return Measurement("", figure.metric, figure.n, figure.reason, **numbers)


def unnamed(figure: FigureView) -> FigureView:
    """Return the figure without what would tell a colleague's, if there are too few of them."""
    if figure.peers > LEAST_COLLEAGUES:
        return figure
    nothing: dict[str, Any] = dict.fromkeys(
        ("expected", "ratio", "ratio_lo", "ratio_hi", "peer", "peer_lo", "peer_hi")
    )
    return replace(figure, **nothing, side="level", parts=())


def noted(figures: Sequence[FigureView]) -> tuple[str, ...]:
    """Return the names of the figures that stand apart, strengths first."""
    return tuple(note.metric for note in notes_for(map(measured_of, figures)))


def board_of(metric: Metric, members: Sequence[MemberRow]) -> Board:
    """Return one figure over the team, grouped by who can be told apart."""
    rows = [
        BoardRow(member_id=member.id, name=member.name, figure=figure)
        for member in members
        if (figure := member.figure(metric.name)) is not None
    ]
    shown = [row for row in rows if row.figure.reason is None]
    hidden = tuple(row for row in rows if row.figure.reason == "few")
    lacking = [row.figure.reason for row in rows if row.figure.reason not in (None, "few")]
    low, high = _bounds(shown)
    return Board(
        metric=metric.name,
        unit=metric.unit,
        groups=_groups(metric, shown),
        hidden=hidden,
        low=low,
        high=high,
        lacks=lacking[0] if lacking else None,
    )


def _groups(metric: Metric, rows: Sequence[BoardRow]) -> tuple[tuple[BoardRow, ...], ...]:
    """Return groups by the adjusted intervals where every member has one, else by the shrunk."""
    if metric.better == "neither":
        return (tuple(sorted(rows, key=lambda row: -(row.figure.value or 0.0))),) if rows else ()
    adjusted = [interval_of(measured_of(row.figure)) for row in rows]
    if not all(row.figure.ratio is not None for row in rows):
        adjusted = [(row.figure.lo or 0.0, row.figure.hi or 0.0) for row in rows]
    known = [(row, pair) for row, pair in zip(rows, adjusted, strict=True) if pair is not None]
    groups = group_by_separation(
        [pair for _, pair in known], more_is_better=metric.better == "more"
    )
    return tuple(tuple(known[place][0] for place in group) for group in groups)


def _bounds(rows: Sequence[BoardRow]) -> tuple[float, float]:
    """Return what is drawn: all intervals and the team's mean, with some air."""
    ends = [
        value
        for row in rows
        for value in (row.figure.lo, row.figure.hi, row.figure.peer)
        if value is not None
    ]
    if not ends:
        return 0.0, 1.0
    low, high = min(ends), max(ends)
    air = (high - low) * 0.08 or abs(high) * 0.05 or 1.0
    return max(0.0, low - air), high + air
