"""What the accounts of one kind of business say about a new one: a prior for BG/NBD.

Empirical Bayes with parameters only, never with people: the mean of the logarithms of the
accounts' own fits, each weighing n / (n + 200) with n returning customers, which is how much its
own fit counts where the prior is used. The rules of the pools hold: at least ten accounts, none
above a quarter of the returning customers. An account lends its own maximum-likelihood fit, never
one that a prior has already drawn to itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from myriad.kit.lazy import lazily
from myriad.products.keeper.network.pools import withheld

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazily("numpy")

Parameters = tuple[float, float, float, float]
"""(r, alpha, a, b) of BG/NBD, all positive; alpha in weeks."""

LEAST_REPEATERS = 50
SHRINKAGE_REPEATERS = 200.0
_FARTHEST_LOG = 8.0
_DIGITS = 3


@dataclass(frozen=True, slots=True)
class OwnFit:
    """An account's own fit and how many returning customers it rests on."""

    parameters: Parameters
    repeaters: int

    @property
    def is_usable(self) -> bool:
        """Whether it rests on fifty returning customers and did not run off to where nothing is."""
        logs = np.abs(np.log(self.parameters))
        return self.repeaters >= LEAST_REPEATERS and bool(logs.max() < _FARTHEST_LOG)


@dataclass(frozen=True, slots=True)
class PooledPrior:
    """The pooled parameters, rounded to three digits, and of how many accounts."""

    parameters: Parameters
    accounts: int


def pool_prior(fits: Sequence[OwnFit]) -> PooledPrior | None:
    """Return the prior of these accounts, or None where the rules of the pools forbid one."""
    usable = [fit for fit in fits if fit.is_usable]
    repeaters = np.array([fit.repeaters for fit in usable], dtype=float)
    if withheld(repeaters):
        return None
    share = repeaters / (repeaters + SHRINKAGE_REPEATERS)
    logs = np.log([fit.parameters for fit in usable])
    mean = np.exp(np.average(logs, axis=0, weights=share))
    r, alpha, a, b = (float(f"{value:.{_DIGITS}g}") for value in mean.tolist())
    return PooledPrior((r, alpha, a, b), len(usable))
