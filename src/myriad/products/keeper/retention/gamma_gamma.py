"""The gamma-gamma model of spend per visit.

Fader & Hardie, "The Gamma-Gamma Model of Monetary Value" (2013). A customer's spend per visit is
Gamma(p, nu), and nu ~ Gamma(q, v) over customers; how much someone spends is taken to be
independent of how often they come, which is why the correlation of both is reported.

`x` counts repeat visits and `mean_spend` is their mean net, in minor units; only customers with
x > 0 and a positive mean carry information.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, gammaln, zeta

from myriad.products.keeper.retention.descent import minimise
from myriad.products.keeper.retention.errors import NotEnoughHistoryError

Floats = NDArray[np.float64]

MINIMUM_SPENDERS = 10
_LOG_BOUNDS = (-8.0, 12.0)
_FARTHEST_START = 6.0
_LARGEST_START = 300.0


@dataclass(frozen=True, slots=True)
class SpendParameters:
    """`p` and `q` are shapes (q > 1, so that a mean exists), `v` a scale in minor units."""

    p: float
    q: float
    v: float

    @property
    def mean(self) -> float:
        """The expected spend of a customer picked at random, in minor units."""
        return self.p * self.v / (self.q - 1)


@dataclass(frozen=True, slots=True)
class SpendFit:
    """A fitted spend model; `correlation` is Pearson's, of x and mean spend (0 if constant)."""

    parameters: SpendParameters
    spenders: int
    correlation: float


def fit(x: ArrayLike, mean_spend: ArrayLike, start: SpendParameters | None = None) -> SpendFit:
    """Fit by maximum likelihood to the customers with x > 0 and a positive mean.

    `start` is a guess to begin from, such as yesterday's parameters.
    Raises `NotEnoughHistoryError` when fewer than ten of them exist.
    """
    counts, means = _spenders(x, mean_spend)
    _require_spenders(np.size(x), counts.size)
    # The scale v moves with the currency, so it is fitted in units of the average spend.
    unit = float(means.mean())

    def objective(logs: Floats) -> tuple[float, Floats]:
        return _objective(logs, counts, means / unit)

    def curvature(logs: Floats) -> Floats:
        return _curvature(logs, counts, means / unit)

    begin = _guess(start, unit) if start else np.zeros(3)
    p, excess, v = np.exp(minimise(objective, curvature, begin, _LOG_BOUNDS)).tolist()
    return SpendFit(
        SpendParameters(p, 1 + excess, v * unit), counts.size, correlation(counts, means)
    )


def kept(parameters: SpendParameters, x: ArrayLike, mean_spend: ArrayLike) -> SpendFit:
    """Return earlier parameters as the fit of the customers of today, without fitting.

    Raises `NotEnoughHistoryError` as `fit` does.
    """
    counts, means = _spenders(x, mean_spend)
    _require_spenders(np.size(x), counts.size)
    return SpendFit(parameters, counts.size, correlation(counts, means))


def _require_spenders(customers: int, spenders: int) -> None:
    if spenders < MINIMUM_SPENDERS:
        raise NotEnoughHistoryError(customers, spenders, MINIMUM_SPENDERS, MINIMUM_SPENDERS)


def _guess(start: SpendParameters, unit: float) -> Floats:
    """Where to begin from a guess, in logarithms (3,); nothing where the likelihood is flat.

    Where customers hardly differ, q and v may have grown together without end: they begin at the
    same mean, where it can still be seen whether they differ more.
    """
    nearer = min(1.0, _LARGEST_START / (start.q - 1))
    begin = np.log([start.p, (start.q - 1) * nearer, start.v * nearer / unit])
    return begin if np.abs(begin).max() <= _FARTHEST_START else np.zeros(3)


def expected_spend(parameters: SpendParameters, x: ArrayLike, mean_spend: ArrayLike) -> Floats:
    """E(M | x, m) = p (v + x m) / (p x + q - 1) in minor units; NaN where x = 0."""
    counts, means = np.asarray(x, dtype=float), np.asarray(mean_spend, dtype=float)
    p, q, v = parameters.p, parameters.q, parameters.v
    return np.where(counts > 0, p * (v + counts * means) / (p * counts + q - 1), np.nan)


def correlation(x: ArrayLike, mean_spend: ArrayLike) -> float:
    """Pearson's correlation of frequency and mean spend over customers with x > 0."""
    counts, means = _spenders(x, mean_spend)
    if counts.size < 2 or np.ptp(counts) == 0 or np.ptp(means) == 0:
        return 0.0
    return float(np.corrcoef(counts, means)[0, 1])


def _spenders(x: ArrayLike, mean_spend: ArrayLike) -> tuple[Floats, Floats]:
    counts, means = np.asarray(x, dtype=float), np.asarray(mean_spend, dtype=float)
    informative = (counts > 0) & (means > 0)
    return counts[informative], means[informative]


def _objective(logs: Floats, x: Floats, m: Floats) -> tuple[float, Floats]:
    """Minus the mean log-likelihood and its gradient in (log p, log(q - 1), log v)."""
    p, excess, v = np.exp(logs)
    q, px, total = 1 + excess, p * x, np.log(v + m * x)
    value = gammaln(px + q) - gammaln(px) - gammaln(q) + q * logs[2]
    value += px * np.log(m * x) - np.log(m) - (px + q) * total
    psi = digamma(px + q)
    slopes = np.array(
        [
            _mean(px * (psi - digamma(px) + np.log(m * x) - total)),
            _mean(psi - digamma(q) + logs[2] - total) * excess,
            _mean(q - (px + q) * v / (v + m * x)),
        ]
    )
    return -float(_mean(value)), -slopes


def _curvature(logs: Floats, x: Floats, m: Floats) -> Floats:
    """The Hessian (3, 3) of `_objective` in its logarithms."""
    p, excess, v = np.exp(logs)
    q, px, spent = 1 + excess, p * x, 1 / (v + m * x)
    shape = px + q
    # zeta(2, z) is the derivative of digamma.
    bend = zeta(2, shape)
    psi, total = digamma(shape), -np.log(spent)
    pp = _mean(px * (psi - digamma(px) + np.log(m * x) - total))
    pp += _mean(px**2 * (bend - zeta(2, px)))
    pq, pv = _mean(px * bend) * excess, -_mean(px * spent) * v
    qq = _mean(psi - digamma(q) + logs[2] - total) * excess
    qq += (_mean(bend) - zeta(2, q)) * excess**2
    qv = (1 - v * _mean(spent)) * excess
    vv = v * (v * _mean(shape * spent**2) - _mean(shape * spent))
    return -np.array([[pp, pq, pv], [pq, qq, qv], [pv, qv, vv]])


def _mean(values: Floats) -> float:
    # What NumPy's own does beside this takes longer than the sum.
    return float(values.sum()) / values.size
