"""One company's valuation with every series, before anything is said about it."""

from __future__ import annotations

from dataclasses import dataclass

from myriad.products.upswitch.engine.basis import Basis
from myriad.products.upswitch.engine.equity import Discounted, Equity, bridge, discount
from myriad.products.upswitch.engine.fcff import Projection, project


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
