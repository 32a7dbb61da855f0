"""Fisher's exact test for many tables at once.

R. A. Fisher, "The Logic of Inductive Inference", Journal of the Royal Statistical Society 98
(1935). Given the margins, the number of times that both happen is hypergeometric.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

Floats = NDArray[np.float64]

_NEGLIGIBLE = 1e-17


def upper_tail(total: ArrayLike, first: ArrayLike, second: ArrayLike, both: ArrayLike) -> Floats:
    """P(at least `both` | margins) for each table, by the one-sided test.

    `total` counts units, `first` and `second` those with each thing, `both` those with both; the
    arrays have one shape and hold whole numbers with both <= first, second <= total.
    """
    columns = (np.asarray(column, dtype=float) for column in (total, first, second, both))
    n, f, s, k = (np.atleast_1d(column) for column in np.broadcast_arrays(*columns))
    # Below the mean the terms grow at first; there the other tail is summed, of f without s.
    low = k <= f * s / n
    tail = _tail_above_mean(n, f, np.where(low, n - s, s), np.where(low, f - k + 1, k))
    return np.clip(np.where(low, 1 - tail, tail), 0.0, 1.0)


def _tail_above_mean(n: Floats, f: Floats, s: Floats, k: Floats) -> Floats:
    possible = k <= np.minimum(f, s)
    start = np.where(possible, k, np.minimum(f, s))
    log_point = _log_choose(f, start) + _log_choose(n - f, s - start) - _log_choose(n, s)
    return np.where(possible, np.exp(log_point) * _sum_of_ratios(n, f, s, start), 0.0)


def _sum_of_ratios(n: Floats, f: Floats, s: Floats, start: Floats) -> Floats:
    """The tail over its first term: each term follows from the one before by a ratio."""
    term, total, k = np.ones(n.shape), np.ones(n.shape), start.copy()
    last = np.minimum(f, s)
    live = k < last
    while live.any():
        ratio = (f - k) * (s - k) / ((k + 1) * (n - f - s + k + 1))
        term = np.where(live, term * ratio, 0.0)
        total += term
        k += 1
        live = (k < last) & (term > _NEGLIGIBLE * total)
    return total


def _log_choose(n: Floats, k: Floats) -> Floats:
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1), dtype=np.float64)
