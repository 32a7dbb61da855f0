"""Regression of counts that vary more than Poisson's: the NB2 generalised linear model.

Log link; variance mu + dispersion * mu^2 (Hilbe, "Negative Binomial Regression", 2011). The
weights let a caller leave rows out, or take them in part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, digamma, zeta

Floats = NDArray[np.float64]

_RIDGE = 1e-6
_LOG_DISPERSION = (-12.0, 3.0)
_LOG_MEAN_LIMIT = 25.0
_LONGEST_STEP = 2.0
_CLOSE = 1e-6


@dataclass(frozen=True, slots=True)
class CountModel:
    """`coefficients` (columns,) on the log scale and the dispersion, zero being Poisson."""

    coefficients: Floats
    dispersion: float

    def mean(self, design: Floats) -> Floats:
        """Expected counts (rows,) of a design matrix (rows, columns)."""
        linear = np.clip(design @ self.coefficients, -_LOG_MEAN_LIMIT, _LOG_MEAN_LIMIT)
        return np.asarray(np.exp(linear), dtype=np.float64)

    def standardised(self, count: Floats, mean: Floats) -> Floats:
        """Pearson residuals: the difference from the mean in standard deviations."""
        spread = np.sqrt(mean + self.dispersion * mean**2)
        return np.asarray((count - mean) / spread, dtype=np.float64)

    def tail(self, count: Floats, mean: Floats) -> Floats:
        """Two-sided tail probability of counts: twice the smaller tail, at most one."""
        size = 1 / self.dispersion
        share = size / (size + mean)
        # The distribution function is the regularised incomplete beta function.
        low = betainc(size, count + 1, share)
        high = np.where(count > 0, betainc(np.maximum(count, 1), size, 1 - share), 1.0)
        return np.asarray(np.minimum(2 * np.minimum(low, high), 1.0), dtype=np.float64)


def fit(
    design: Floats, count: Floats, weight: Floats, start: CountModel | None = None
) -> CountModel:
    """Fit by reweighted least squares and profile likelihood of the dispersion, in turn.

    `start` is a guess; it saves steps and does not change what is found.
    """
    kept = weight > 0
    design, count, weight = design[kept], count[kept], weight[kept]
    model = start or _guess(design, count, weight)
    for _ in range(10):
        coefficients = _solve(model, design, count, weight)
        moved = float(np.abs(coefficients - model.coefficients).max())
        model = CountModel(coefficients, model.dispersion)
        found = _dispersion(count, model.mean(design), weight, model.dispersion)
        model = CountModel(coefficients, found)
        if moved < 1e-6:
            break
    return model


def _guess(design: Floats, count: Floats, weight: Floats) -> CountModel:
    """A model to begin from: least squares on the logarithms."""
    root = np.sqrt(weight)[:, None]
    logs = np.log(count + 0.5) * root[:, 0]
    start = np.asarray(np.linalg.lstsq(design * root, logs, rcond=None)[0], dtype=np.float64)
    return CountModel(start, 0.05)


def _solve(model: CountModel, design: Floats, count: Floats, weight: Floats) -> Floats:
    """Coefficients of greatest likelihood at the model's dispersion (Fisher scoring)."""
    penalty = _RIDGE * np.eye(design.shape[1])
    for _ in range(25):
        mean = model.mean(design)
        working = weight * mean / (1 + model.dispersion * mean)
        target = design @ model.coefficients + (count - mean) / mean
        weighted = design.T * working
        normal = weighted @ design + penalty
        coefficients = np.asarray(np.linalg.solve(normal, weighted @ target), dtype=np.float64)
        moved = float(np.abs(coefficients - model.coefficients).max())
        model = CountModel(coefficients, model.dispersion)
        if moved < 1e-8:
            break
    return model.coefficients


def _dispersion(count: Floats, mean: Floats, weight: Floats, guess: float) -> float:
    """The dispersion of greatest likelihood for these means: Newton on its log, kept in bounds."""
    values, place = np.unique(count, return_inverse=True)
    often, total = np.bincount(place, weight), float(weight.sum())
    low, high = _LOG_DISPERSION
    at = min(max(float(np.log(guess)), low), high)
    for _ in range(60):
        size = np.exp(-at)
        both = size + mean
        slope = often @ digamma(values + size) - total * digamma(size)
        slope += weight @ (np.log(size / both) + (mean - count) / both)
        # zeta(2, z) is the derivative of digamma.
        bend = often @ zeta(2, values + size) - total * (zeta(2, size) - 1 / size)
        bend += weight @ ((count - mean - both) / both**2)
        up, curve = -size * slope, size * (size * bend + slope)
        low, high = (at, high) if up > 0 else (low, at)
        step = -up / curve if curve < 0 else _LONGEST_STEP * np.sign(up)
        wanted = at + float(np.clip(step, -_LONGEST_STEP, _LONGEST_STEP))
        moved = wanted if low < wanted < high else _towards(low, high, wanted)
        if abs(moved - at) < _CLOSE:
            break
        at = moved
    return float(np.exp(at))


def _towards(low: float, high: float, wanted: float) -> float:
    """Where to look when the step leaves what is known to hold the answer."""
    if wanted <= _LOG_DISPERSION[0] == low or wanted >= _LOG_DISPERSION[1] == high:
        return low if wanted <= low else high
    return (low + high) / 2
