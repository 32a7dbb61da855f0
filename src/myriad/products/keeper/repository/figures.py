"""Rows of `staff_metrics` as the Team screens show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from myriad.products.keeper.repository.sql import Row
from myriad.products.keeper.team.coaching import notes_for, side_of
from myriad.products.keeper.team.definitions import BY_NAME, LEAST, Metric
from myriad.products.keeper.team.grouping import group_by_separation
from myriad.products.keeper.team.measuring import Measurement
from myriad.products.keeper.team.reading import Reading
from myriad.products.keeper.views.team import (
    Board,
    BoardRow,
    FigureView,
    MemberRow,
    ServicePart,
)

LEAST_COLLEAGUES = 3
"""Staff see the team's band of a figure that at least so many colleagues have."""

_NUMBERS = tuple(field.name for field in fields(Reading))


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
    groups, ends = _groups(metric, shown)
    return Board(
        metric=metric.name,
        unit=metric.unit,
        groups=groups,
        hidden=hidden,
        ends=ends,
        low=low,
        high=high,
        lacks=lacking[0] if lacking else None,
    )


Groups = tuple[tuple[BoardRow, ...], ...]


def _groups(metric: Metric, rows: Sequence[BoardRow]) -> tuple[Groups, tuple[str, str] | None]:
    """Return groups by the adjusted intervals where every member has one, else by the shrunk."""
    if metric.better == "neither":
        ordered = sorted(rows, key=lambda row: -(row.figure.value or 0.0))
        return ((tuple(ordered),) if rows else ()), None
    intervals = [_interval(row.figure, all_adjusted(rows)) for row in rows]
    more = metric.better == "more"
    groups = group_by_separation(intervals, more_is_better=more)
    found = tuple(tuple(rows[place] for place in group) for group in groups)
    return found, _ends([row.name for row in rows], intervals) if len(groups) == 1 else None


def all_adjusted(rows: Sequence[BoardRow]) -> bool:
    """Tell whether members can be compared by what their services let expect."""
    return all(row.figure.ratio is not None for row in rows)


def _interval(figure: FigureView, adjusted: bool) -> tuple[float, float]:
    lo, hi = (figure.ratio_lo, figure.ratio_hi) if adjusted else (figure.lo, figure.hi)
    return lo or 0.0, hi or 0.0


def _ends(names: Sequence[str], intervals: Sequence[tuple[float, float]]) -> tuple[str, str] | None:
    """Return who is above whom when the highest and the lowest interval do not touch."""
    top = max(range(len(names)), key=lambda place: intervals[place][0])
    low = min(range(len(names)), key=lambda place: intervals[place][1])
    return (names[top], names[low]) if intervals[top][0] > intervals[low][1] else None


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
