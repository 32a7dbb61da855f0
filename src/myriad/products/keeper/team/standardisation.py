"""What to expect of somebody who does what they do: indirect standardisation by service.

Whoever does facials is compared with the team's facials. Expected is the sum over services of own
trials times the team's rate; observed over expected is 1 for somebody like the team. Source:
Breslow and Day (1987), Statistical Methods in Cancer Research II, 2.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myriad.kit.lazy import lazily
from myriad.products.keeper.team.shrinkage import LEVEL

_special = lazily("scipy.special")

Floats = NDArray[np.float64]
_TAIL = (1 - LEVEL) / 2
_Z = NormalDist().inv_cdf(1 - _TAIL)


@dataclass(frozen=True, slots=True)
class Standardised:
    """Observed, expected, their ratio and its 90 % interval, for each member; NaN where unknown."""

    observed: Floats
    expected: Floats
    ratio: Floats
    lo: Floats
    hi: Floats


def expected_counts(successes: ArrayLike, trials: ArrayLike) -> Floats:
    """Return expected successes of each member from counts (…, member, service).

    The expected of all members add up to the observed of all.
    """
    found: Floats = expected_by_service(successes, trials).sum(-1)
    return found


def expected_by_service(successes: ArrayLike, trials: ArrayLike) -> Floats:
    """Return own trials times the team's rate, as (…, member, service)."""
    s, n = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    whole = n.sum(-2, keepdims=True)
    rate = np.divide(s.sum(-2, keepdims=True), whole, out=np.zeros_like(whole), where=whole > 0)
    found: Floats = n * rate
    return found


def poisson_interval(observed: ArrayLike) -> tuple[Floats, Floats]:
    """Return the exact 90 % interval of a Poisson mean.

    Source: Garwood (1936). Where an outcome is common it is wider than needed, so nobody is told
    apart too soon.
    """
    o = np.asarray(observed, dtype=np.float64)
    lo = np.where(o > 0, _special.gammaincinv(np.maximum(o, 1e-12), _TAIL), 0.0)
    return lo, np.asarray(_special.gammaincinv(o + 1, 1 - _TAIL), dtype=np.float64)


def standardise_counts(
    successes: ArrayLike, trials: ArrayLike, shown: NDArray[np.bool_] | None = None
) -> Standardised:
    """Return observed over expected of counts given as (…, member, service).

    Intervals are made where `shown` (…, member) says so, everywhere by default.
    """
    observed = np.asarray(successes, dtype=np.float64).sum(-1)
    expected = expected_counts(successes, trials)
    wanted = np.ones(observed.shape, dtype=bool) if shown is None else shown
    lo, hi = np.full(observed.shape, np.nan), np.full(observed.shape, np.nan)
    lo[wanted], hi[wanted] = poisson_interval(observed[wanted])
    return _over(observed, expected, lo, hi)


def standardise_sums(n: ArrayLike, total: ArrayLike, squares: ArrayLike) -> Standardised:
    """Return observed over expected of sums given as (member, service): counts, sums, squares.

    The interval is normal, from the spread within services over the whole team: somebody whose
    few visits happened to cost the same is not thought to be exact.
    """
    counts, sums, squared = (np.asarray(a, dtype=np.float64) for a in (n, total, squares))
    observed, expected = sums.sum(1), expected_counts(sums, counts)
    within = squared - np.divide(sums**2, counts, out=np.zeros_like(sums), where=counts > 0)
    freedom = max(float(counts.sum() - (counts > 0).sum()), 1.0)
    variance = max(float(within.sum()), 0.0) / freedom
    half = _Z * np.sqrt(counts.sum(1) * variance)
    return _over(observed, expected, observed - half, observed + half)


def _over(observed: Floats, expected: Floats, lo: Floats, hi: Floats) -> Standardised:
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [np.where(expected > 0, value / expected, np.nan) for value in (observed, lo, hi)]
    return Standardised(observed, expected, *parts)
