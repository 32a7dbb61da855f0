"""One company's valuation with every series, before anything is said about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from myriad.products.upswitch.engine.basis import Basis
from myriad.products.upswitch.engine.equity import Discounted, Equity, bridge, discount
from myriad.products.upswitch.engine.fcff import Drivers, Projection, project


@dataclass(frozen=True, slots=True)
class Solved:
    """One company's valuation with every series."""

    basis: Basis
    projection: Projection
    discounted: Discounted
    equity: Equity


def solve(basis: Basis) -> Solved:
    """Return the projection, the present values and the equity of one company."""
    projection = project(basis.drivers)
    discounted = discount(projection, basis.how)
    return Solved(basis, projection, discounted, bridge(discounted.total, basis.claims))


def solve_first(basis: Basis, batch: Drivers) -> tuple[Solved, Equity]:
    """Return the first company of a batch with its series, and the equity of all.

    One pass of the engine costs little more for three than for one.
    """
    projection = project(batch)
    discounted = discount(projection, basis.how)
    equity = bridge(discounted.total, basis.claims)
    first = (
        Projection(*_first_of(projection)),
        Discounted(*_first_of(discounted)),
        Equity(*_first_of(equity)),
    )
    return Solved(basis, *first), equity


def _first_of(rows: Projection | Discounted | Equity) -> list[Any]:
    values = (getattr(rows, name) for name in rows.__slots__)
    return [
        value[..., 0] if isinstance(value, np.ndarray) and value.ndim else value for value in values
    ]
