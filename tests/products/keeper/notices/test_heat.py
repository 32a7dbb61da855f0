"""A full map of ten thousand schedules tells busy cells from quiet ones."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from myriad.products.keeper.pages import operation_figures
from myriad.products.keeper.views.operations import Load, Week
from myriad.scale.ui.charts.heat import heat_map


def view(week: Week, by: str = "accounts") -> Any:
    """Return as much of the operator's screen as the maps read."""
    return SimpleNamespace(measured=SimpleNamespace(week=week), by=by)


def crowd() -> Week:
    """Ten thousand accounts: evenly over the slots, hourly ones in each hour, nights in six."""
    slots = {(d, s): Load(100 + (s * 7 + d) % 40, 150.0) for d in range(7) for s in range(96)}
    hours = {
        (d, h): Load(10_000 + (1_500 if h < 6 else 0), 4_000.0) for d in range(7) for h in range(24)
    }
    return Week(slots, hours)


def test_where_every_cell_holds_much_the_shades_still_differ() -> None:
    """The six hours of the night stand out of hours that all start ten thousand."""
    shown = view(crowd())
    drawn = str(operation_figures.hours(shown))
    assert drawn.count("c-level-4") == 6 * 7
    assert drawn.count("c-level-1") == 18 * 7
    assert (
        operation_figures.shades(shown, crowd().hours, 7 * 24) == "from 10,000 to 11,500 accounts"
    )
    levels = {n for n in range(5) if f"c-level-{n}" in str(operation_figures.nights(shown))}
    assert levels == {1, 2, 3, 4}


def test_a_map_with_empty_cells_begins_at_zero() -> None:
    """One account is not the lightest of a full scale while other cells are empty."""
    week = Week({(0, 3): Load(1, 2.0), (0, 4): Load(4, 2.0)}, {})
    assert operation_figures.shades(view(week), week.slots, 7 * 96) == "from 0 to 4 accounts"
    drawn = str(operation_figures.nights(view(week)))
    assert drawn.count("c-level-0") == 7 * 96 - 2


@pytest.mark.parametrize("value", [0.0, 5.0])
def test_cells_that_are_all_alike_have_one_shade(value: float) -> None:
    """Neither nothing nor the same everywhere divides by zero."""
    cells = {(0, column): value for column in range(4)}
    facts: Any = {"rows": ("Mon",), "columns": 4, "title": "t", "desc": "d", "readings": {}}
    drawn = str(heat_map(cells, least=value, **facts))
    assert drawn.count("c-level-0" if not value else "c-level-2") == 4
