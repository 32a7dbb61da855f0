"""How accounts compare themselves without showing themselves: pools, marks, the prior; pure."""

from myriad.products.keeper.network.calls import PooledCalls, pool_calls
from myriad.products.keeper.network.figures import FIGURES, Figure
from myriad.products.keeper.network.marks import MARKS, OutsideMark
from myriad.products.keeper.network.pools import Pooled, pool_figures
from myriad.products.keeper.network.prior import OwnFit, PooledPrior, pool_prior

__all__ = [
    "FIGURES",
    "MARKS",
    "Figure",
    "OutsideMark",
    "OwnFit",
    "Pooled",
    "PooledCalls",
    "PooledPrior",
    "pool_calls",
    "pool_figures",
    "pool_prior",
]
