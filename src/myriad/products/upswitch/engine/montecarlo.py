"""A range that is calculated: the value over documented uncertainty of the inputs.

Each lever shifts independently by a distribution with mean 0. Same seed, same figures: the
generator is PCG64 (M. O'Neill, 2014), drawn lever by lever in the order given. A path whose growth
reaches its cost of capital has no value; it is left out and counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from myriad.products.upswitch.engine.arrays import Floats
from myriad.products.upswitch.engine.basis import Basis
from myriad.products.upswitch.engine.fcff import Drivers
from myriad.products.upswitch.engine.levers import shift, value_drivers
from myriad.products.upswitch.engine.market_inputs import Uncertainty
from myriad.products.upswitch.errors import InputsError

DEFAULT_PATHS = 10_000
PERCENTILES = (5, 10, 25, 50, 75, 90, 95)
DEFAULT_UNCERTAINTIES = (
    Uncertainty(lever="growth", spread=0.02, reason="a forecast's usual error: two points"),
    Uncertainty(lever="margin", spread=0.02, reason="a forecast's usual error: two points"),
    Uncertainty(lever="cost_of_capital", spread=0.01, reason="betas and premiums: one point"),
    Uncertainty(
        lever="sales_to_capital",
        distribution="triangular",
        spread=0.2,
        reason="reinvestment is known to about a fifth of a unit",
    ),
)
"""Judgement, not measured: what is taken where the inputs name no uncertainty of their own."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """Values per share over all paths that have one."""

    paths: int
    seed: int
    without_value: int
    mean: float
    deviation: float
    percentiles: dict[int, float]
    histogram: tuple[tuple[float, int], ...]
    """Lower edge and number of paths of 30 equal bins from the 1st to the 99th percentile."""


def simulate(
    basis: Basis,
    uncertainties: Sequence[Uncertainty] = (),
    *,
    paths: int = DEFAULT_PATHS,
    seed: int = 0,
) -> Simulated:
    """Return the distribution of the value; raises InputsError when no path has one."""
    chosen = tuple(uncertainties) or basis.inputs.uncertainties or DEFAULT_UNCERTAINTIES
    drivers = draw(basis, chosen, paths, seed)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        values = np.broadcast_to(value_drivers(basis, drivers).per_share, (paths,))
    sound = values[_has_value(basis, drivers, paths) & np.isfinite(values)]
    if not len(sound):
        raise InputsError("no path of the simulation has a value: growth reaches cost of capital")
    return _described(sound, paths, seed)


def draw(basis: Basis, chosen: Sequence[Uncertainty], paths: int, seed: int) -> Drivers:
    """Return the drivers of all paths."""
    generator = np.random.Generator(np.random.PCG64(seed))
    shifts: dict[str, Floats] = {}
    for item in chosen:
        drawn = _drawn(generator, item, paths)
        shifts[item.lever] = shifts[item.lever] + drawn if item.lever in shifts else drawn
    return shift(basis, shifts)


def _drawn(generator: np.random.Generator, item: Uncertainty, paths: int) -> Floats:
    if item.distribution == "normal":
        return generator.standard_normal(paths) * item.spread
    if item.distribution == "uniform":
        return generator.uniform(-item.spread, item.spread, paths)
    return generator.triangular(-item.spread, 0.0, item.spread, paths)


def _has_value(
    basis: Basis, drivers: Drivers, paths: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    ratio = np.minimum(
        drivers.sales_to_capital_years_1_to_5, drivers.sales_to_capital_years_6_to_10
    )
    sound = np.broadcast_to(ratio > 0, (paths,))
    if basis.how.exit_multiple is None:
        growth, cost = drivers.growth_in_perpetuity, drivers.terminal_cost_of_capital
        sound = sound & np.broadcast_to(np.less(growth, cost), (paths,))
    return sound


def _described(values: Floats, paths: int, seed: int) -> Simulated:
    # One sort serves every percentile; numpy would select for each of them.
    ordered = np.sort(values)
    found = {p: _percentile(ordered, p) for p in PERCENTILES}
    low, high = _percentile(ordered, 1), _percentile(ordered, 99)
    edges = np.linspace(low, high, 31)
    counts = np.diff(np.searchsorted(ordered, edges))
    histogram = tuple((float(e), int(c)) for e, c in zip(edges, counts, strict=False))
    return Simulated(
        paths,
        seed,
        paths - len(values),
        float(values.mean()),
        float(values.std()),
        found,
        histogram,
    )


def _percentile(ordered: Floats, percent: float) -> float:
    """Linear between the nearest ranks, as numpy's default (R. Hyndman & Y. Fan 1996, type 7)."""
    place = (len(ordered) - 1) * percent / 100
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (ordered[above] - ordered[below]) * (place - below))
