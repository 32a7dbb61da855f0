"""The heat maps of the operator's screen."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from myriad.products.keeper.views.operations import HOURS, SLOTS, Load, OperationsView
from myriad.scale.schedule.slots import SLOT_SECONDS
from myriad.scale.ui.charts.heat import heat_map
from myriad.scale.ui.charts.marks import Point
from myriad.scale.ui.filters import number

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def slot_time(slot: int) -> str:
    """Return when a slot of the night begins, as `03:45`."""
    minutes = slot * SLOT_SECONDS // 60
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def nights(view: OperationsView) -> Markup:
    """Return the 96 slots of each night of the week."""
    names = [slot_time(slot) for slot in range(SLOTS)]
    return _map(view, view.measured.week.slots, names, "Nights by slot, local time", 16)


def hours(view: OperationsView) -> Markup:
    """Return the hours of the week as the machines see them."""
    names = [f"{hour:02d}:00 UTC" for hour in range(HOURS)]
    return _map(view, view.measured.week.hours, names, "Hours of the week, UTC", 4)


def _map(
    view: OperationsView,
    cells: Mapping[tuple[int, int], Load],
    names: list[str],
    title: str,
    step: int,
) -> Markup:
    values = _values(view, cells)
    return heat_map(
        values,
        rows=WEEKDAYS,
        columns=len(names),
        title=title,
        desc="Darker cells start more work; the numbers below say how much.",
        least=_least(values, len(WEEKDAYS) * len(names)),
        readings={
            (day, column): f"{WEEKDAYS[day]} {names[column]}: {amount(load)}"
            for (day, column), load in cells.items()
        },
        marks=[(column, names[column][:5]) for column in range(0, len(names), step)],
    )


def _values(
    view: OperationsView, cells: Mapping[tuple[int, int], Load]
) -> dict[tuple[int, int], float]:
    by_seconds = view.by == "seconds"
    return {place: load.seconds if by_seconds else load.accounts for place, load in cells.items()}


def _least(values: Mapping[tuple[int, int], float], places: int) -> float:
    """Return where the shades begin: at the smallest cell of a full map, else at zero."""
    return min(values.values()) if len(values) == places else 0.0


def shades(view: OperationsView, cells: Mapping[tuple[int, int], Load], places: int) -> str:
    """Return what the lightest and the darkest shade stand for."""
    values = _values(view, cells)
    what = "s of work" if view.by == "seconds" else "accounts"
    low, high = _least(values, places), max(values.values(), default=0.0)
    return f"from {number(low)} to {number(high)} {what}"


def amount(load: Load) -> str:
    """Return a cell in words."""
    return f"{number(load.accounts)} accounts, {number(load.seconds)} s"


def night_points(view: OperationsView) -> list[Point]:
    """Return what each hour of a night starts over the whole week, for the table."""
    each = SLOTS // 6
    found = []
    for hour in range(6):
        loads = [
            load
            for (_, slot), load in view.measured.week.slots.items()
            if hour * each <= slot < (hour + 1) * each
        ]
        total = sum(loads, Load())
        found.append(Point(f"{hour:02d}:00 to {hour + 1:02d}:00", total.accounts, amount(total)))
    return found


def hour_points(view: OperationsView) -> list[Point]:
    """Return what each hour of the day (UTC) starts over the whole week, for the table."""
    found = []
    for hour in range(HOURS):
        loads = [load for (_, at), load in view.measured.week.hours.items() if at == hour]
        total = sum(loads, Load())
        found.append(Point(f"{hour:02d}:00 UTC", total.accounts, amount(total)))
    return found
