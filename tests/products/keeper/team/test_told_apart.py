"""A difference is told only where chance does not explain it and where it matters."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from myriad.kit.ids import new_id
from myriad.products.keeper.pages import team_words
from myriad.products.keeper.views.team import Board, BoardRow, FigureView


def row(name: str, shrunk: float, **facts: Any) -> BoardRow:
    """Return one member on the board of average services."""
    figure = FigureView(
        metric="service_net",
        kind="ratio",
        unit="money",
        better="more",
        period="days_90",
        period_start=date(2026, 8, 24),
        period_end=date(2026, 11, 21),
        n=120,
        value=shrunk,
        shrunk=shrunk,
        **facts,
    )
    return BoardRow(member_id=new_id(), name=name, figure=figure)


def board(*rows: BoardRow, **facts: Any) -> Board:
    return Board(metric="service_net", unit="money", groups=(rows,), **facts)


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        pytest.param({"ratio": 1.01}, {"ratio": 0.98}, False, id="three-percent"),
        pytest.param({"ratio": 1.10}, {"ratio": 0.98}, True, id="twelve-percent"),
        pytest.param({}, {}, True, id="without-adjustment-by-the-figure"),
    ],
)
def test_a_gap_that_no_interval_bridges_is_told_from_a_twentieth_on(
    first: dict[str, float], last: dict[str, float], told: bool
) -> None:
    parted = board(
        row("Tomas Reyes", 9_000.0, **first),
        row("Nora Alder", 8_000.0, **last),
        ends=("Tomas Reyes", "Nora Alder"),
    )
    assert team_words.tells_apart(parted) is told
    expected = "Tomas above Nora" if told else "too small to matter"
    assert expected in team_words.verdict(parted)


def test_without_a_gap_nothing_is_told() -> None:
    level = board(row("Tomas Reyes", 9_000.0), row("Nora Alder", 4_000.0))
    assert not team_words.tells_apart(level)
    assert team_words.verdict(level) == "No difference can be told."
