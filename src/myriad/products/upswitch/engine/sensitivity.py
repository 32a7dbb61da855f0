"""What moves the value: tornado and grid, each in one pass of the engine over all its points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from myriad.products.upswitch.engine.arrays import Floats
from myriad.products.upswitch.engine.basis import Basis
from myriad.products.upswitch.engine.levers import LABELS, shift, value_drivers

TORNADO_STEPS: Mapping[str, float] = {
    "growth": 0.02,
    "margin": 0.02,
    "cost_of_capital": 0.01,
    "sales_to_capital": 0.2,
    "riskfree": 0.005,
    "tax": 0.04,
}


@dataclass(frozen=True, slots=True)
class Swing:
    """The value per share with one lever down and up by `step`."""

    lever: str
    label: str
    step: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """How much this lever moves the value."""
        return abs(self.high - self.low)


@dataclass(frozen=True, slots=True)
class Grid:
    """Values per share; `values[row][column]` is y-th and x-th, None where growth reaches cost."""

    x_lever: str
    x: tuple[float, ...]
    y_lever: str
    y: tuple[float, ...]
    values: tuple[tuple[float | None, ...], ...]


def tornado(basis: Basis, steps: Mapping[str, float] = TORNADO_STEPS) -> tuple[Swing, ...]:
    """Return each lever's swing, widest first; `low` is at minus the step, `high` at plus."""
    names = list(steps)
    count = 2 * len(names)
    shifts = {name: np.zeros(count) for name in names}
    for place, name in enumerate(names):
        shifts[name][2 * place : 2 * place + 2] = (-steps[name], steps[name])
    values: Floats = np.broadcast_to(
        np.asarray(value_drivers(basis, shift(basis, shifts)).per_share), (count,)
    )
    swings = [
        Swing(
            name, LABELS[name], steps[name], float(values[2 * place]), float(values[2 * place + 1])
        )
        for place, name in enumerate(names)
    ]
    return tuple(sorted(swings, key=lambda swing: -swing.width))


def grid(
    basis: Basis,
    x_shifts: Sequence[float] = (-0.02, -0.01, 0.0, 0.01, 0.02),
    y_shifts: Sequence[float] = (-0.01, -0.005, 0.0, 0.005, 0.01),
    *,
    x_lever: str = "all_cost_of_capital",
    y_lever: str = "perpetuity",
) -> Grid:
    """Return the value per share over two levers: cost of capital (x) and growth (y)."""
    across, down = np.meshgrid(np.asarray(x_shifts, float), np.asarray(y_shifts, float))
    drivers = shift(basis, {x_lever: across, y_lever: down})
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.broadcast_to(value_drivers(basis, drivers).per_share, across.shape)
    cost = np.broadcast_to(drivers.terminal_cost_of_capital, across.shape)
    sound = cost > np.broadcast_to(drivers.growth_in_perpetuity, across.shape)
    sound = sound | (basis.how.exit_multiple is not None)
    rows = tuple(
        tuple(float(v) if ok else None for v, ok in zip(line, fine, strict=True))
        for line, fine in zip(values, sound, strict=True)
    )
    return Grid(x_lever, tuple(x_shifts), y_lever, tuple(y_shifts), rows)
