"""Regression of counts that vary more than Poisson's: the NB2 generalised linear model.

Log link; variance mu + dispersion * mu^2 (Hilbe, "Negative Binomial Regression", 2011). The
weights let a caller leave rows out, or take them in part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import gammaln
from scipy.stats import nbinom

Floats = NDArray[np.float64]

_RIDGE = 1e-6
_LOG_DISPERSION = (-12.0, 3.0)
_LOG_MEAN_LIMIT = 25.0


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
        low, high = nbinom.cdf(count, size, share), nbinom.sf(count - 1, size, share)
        return np.asarray(np.minimum(2 * np.minimum(low, high), 1.0), dtype=np.float64)


def fit(design: Floats, count: Floats, weight: Floats) -> CountModel:
    """Fit by reweighted least squares and profile likelihood of the dispersion, in turn."""
    root = np.sqrt(weight)[:, None]
    logs = np.log(count + 0.5) * root[:, 0]
    start = np.asarray(np.linalg.lstsq(design * root, logs, rcond=None)[0], dtype=np.float64)
    model = CountModel(start, 0.05)
    for _ in range(10):
        coefficients = _solve(model, design, count, weight)
        moved = float(np.abs(coefficients - model.coefficients).max())
        model = CountModel(coefficients, model.dispersion)
        model = CountModel(coefficients, _dispersion(count, model.mean(design), weight))
        if moved < 1e-6:
            break
    return model


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


def _dispersion(count: Floats, mean: Floats, weight: Floats) -> float:
    """The dispersion of greatest likelihood for these means."""

    def loss(log_dispersion: float) -> float:
        size = np.exp(-log_dispersion)
        fit_of_size = gammaln(count + size) - gammaln(size) + size * np.log(size / (size + mean))
        return -float(weight @ (fit_of_size + count * np.log(mean / (size + mean))))

    return float(np.exp(minimize_scalar(loss, bounds=_LOG_DISPERSION, method="bounded").x))
