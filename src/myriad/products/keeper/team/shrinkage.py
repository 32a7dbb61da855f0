"""How far a small sample is believed: empirical Bayes over the team.

Shares: beta-binomial, p = (s + kappa mu) / (n + kappa). Continuous figures: normal-normal. Both
draw somebody with few visits towards the team, and leave somebody with many alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myriad.kit.lazy import lazily

_special = lazily("scipy.special")

LEVEL = 0.90
"""The share of credible intervals that hold the truth."""

_TAIL = (1 - LEVEL) / 2
_Z = NormalDist().inv_cdf(1 - _TAIL)
_GRID, _STRIDE = 48, 4
_COARSE = np.append(np.arange(0, _GRID - 1, _STRIDE), _GRID - 1)
_REFINED = 9

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BetaPrior:
    """How true shares spread over the team: Beta(mean kappa, (1 - mean) kappa)."""

    mean: float
    kappa: float


@dataclass(frozen=True, slots=True)
class NormalPrior:
    """How true values spread over the team, and how exactly the centre is known (variances)."""

    mean: float
    between: float
    mean_variance: float


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is believed of each member: centre and 90 % credible interval."""

    centre: Floats
    lo: Floats
    hi: Floats


JEFFREYS = BetaPrior(0.5, 1.0)
"""The prior of somebody without a team."""


def fit_beta_priors(successes: ArrayLike, trials: ArrayLike) -> tuple[Floats, Floats]:
    """Return means and kappas of many figures at once, given as (figure, member).

    They are those of maximum likelihood; Jeffreys' for a figure of fewer than two members.

    Kappa maximises the marginal (beta-binomial) likelihood with the mean profiled out by the
    weights n / (n + kappa). Source: Skellam (1948); Kleinman (1973) for the weights. It is held
    between 1 and the team's own number of trials: a prior cannot be worth more than the data it
    came from, so a team without any visible spread still leaves each interval the uncertainty of
    the team's mean. Nor is the prior sharper at 0 or 1 than Jeffreys' (half a success, half a
    failure), so that a team that never failed is not thought infallible.
    """
    s, n = _arrays(successes, trials)
    total = np.maximum(n.sum(1), 1.0 + 1e-9)
    step = np.log(total) / (_GRID - 1)
    best = step[:, None] * _highest(s, n, step)
    near = best + step[:, None] * np.linspace(-1, 1, _REFINED)
    kappa = np.clip(np.exp(_peak(s, n, near)), 1.0, total)
    mean = _mean(s, n, kappa[:, None])[:, 0]
    kappa = np.maximum(kappa, 0.5 / np.minimum(mean, 1 - mean))
    alone = (n > 0).sum(1) < 2
    return np.where(alone, JEFFREYS.mean, mean), np.where(alone, JEFFREYS.kappa, kappa)


def _highest(s: Floats, n: Floats, step: Floats) -> NDArray[np.int64]:
    """Return which step of the grid is the highest (figure, 1): every fourth, then those around it.

    The likelihood has one top, so what lies further away need not be looked at.
    """
    coarse = _COARSE[np.argmax(_likelihood(s, n, step[:, None] * _COARSE), axis=1)]
    near = np.clip(coarse[:, None] + np.arange(1 - _STRIDE, _STRIDE), 0, _GRID - 1)
    found: NDArray[np.int64] = np.take_along_axis(
        near, np.argmax(_likelihood(s, n, step[:, None] * near), axis=1)[:, None], 1
    )
    return found


def _peak(s: Floats, n: Floats, logs: Floats) -> Floats:
    """Return where the parabola through the highest point and its neighbours is highest."""
    likelihood = _likelihood(s, n, logs)
    place = np.clip(np.argmax(likelihood, axis=1)[:, None], 1, logs.shape[1] - 2)
    left, top, right = (np.take_along_axis(likelihood, place + by, 1)[:, 0] for by in (-1, 0, 1))
    bend = left - 2 * top + right
    step = logs[:, 1] - logs[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = np.where(bend < 0, (left - right) / (2 * bend), 0.0)
    found: Floats = np.take_along_axis(logs, place, 1)[:, 0] + step * np.clip(shift, -1, 1)
    return found


def _mean(s: Floats, n: Floats, kappa: Floats) -> Floats:
    weights = 1.0 / (n[:, :, None] + kappa[:, None, :])
    whole = (n[:, :, None] * weights).sum(1)
    mean = (s[:, :, None] * weights).sum(1) / np.where(whole > 0, whole, 1.0)
    edge = 0.5 / (n.sum(1)[:, None] + 1)
    clipped: Floats = np.clip(mean, edge, 1 - edge)
    return clipped


def _likelihood(s: Floats, n: Floats, logs: Floats) -> Floats:
    kappa = np.exp(logs)
    mean = _mean(s, n, kappa)
    a, b = (mean * kappa)[:, None, :], ((1 - mean) * kappa)[:, None, :]
    found: Floats = (
        _special.betaln(s[:, :, None] + a, (n - s)[:, :, None] + b) - _special.betaln(a, b)
    ).sum(1)
    return found


def shrink_shares(
    successes: ArrayLike, trials: ArrayLike, mean: ArrayLike, kappa: ArrayLike
) -> Posterior:
    """Return (s + kappa mu) / (n + kappa) with the 90 % interval of the beta posterior.

    The prior's `mean` and `kappa` are numbers, or arrays that fit the others.
    """
    s, n = _arrays(successes, trials)
    mu, k = _arrays(mean, kappa)
    a, b = s + mu * k, n - s + (1 - mu) * k
    return Posterior(a / (a + b), *_beta_interval(a, b))


def beta_bands(mean: ArrayLike, kappa: ArrayLike) -> tuple[Floats, Floats]:
    """Return between which shares nine of ten members of such a team truly lie."""
    mu, k = _arrays(mean, kappa)
    return _beta_interval(mu * k, (1 - mu) * k)


def _beta_interval(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    lo, hi = (
        np.asarray(_special.betaincinv(a, b, at), dtype=np.float64) for at in (_TAIL, 1 - _TAIL)
    )
    return lo, hi


def fit_normal_prior(values: ArrayLike, variances: ArrayLike) -> NormalPrior:
    """Return the prior of the team by moments; each value has its own error variance.

    Source: DerSimonian and Laird (1986) for the variance between members.
    """
    y, v = _arrays(values, variances)
    weights = 1.0 / v
    centre = float((weights * y).sum() / weights.sum())
    spread = float((weights * (y - centre) ** 2).sum()) - (len(y) - 1)
    scale = float(weights.sum() - (weights**2).sum() / weights.sum())
    between = max(0.0, spread / scale) if scale > 1e-12 * weights.sum() else 0.0
    weights = 1.0 / (v + between)
    return NormalPrior(
        float((weights * y).sum() / weights.sum()), between, float(1 / weights.sum())
    )


def shrink_values(values: ArrayLike, variances: ArrayLike, prior: NormalPrior) -> Posterior:
    """Return values drawn towards the mean, with 90 % intervals.

    The interval holds the uncertainty of the team's mean as well. Source: Morris (1983),
    parametric empirical Bayes.
    """
    y, v = _arrays(values, variances)
    towards = v / (v + prior.between)
    centre = y + towards * (prior.mean - y)
    half = _Z * np.sqrt(v * (1 - towards) + towards**2 * prior.mean_variance)
    return Posterior(centre, centre - half, centre + half)


def normal_interval(values: ArrayLike, variances: ArrayLike) -> Posterior:
    """Return values as they are with 90 % intervals, for somebody without a team."""
    y, v = _arrays(values, variances)
    half = _Z * np.sqrt(v)
    return Posterior(y, y - half, y + half)


def normal_band(prior: NormalPrior) -> tuple[float, float]:
    """Return between which values nine of ten members of such a team truly lie."""
    half = _Z * float(np.sqrt(prior.between + prior.mean_variance))
    return prior.mean - half, prior.mean + half


def ratio_of_sums(sums: Floats) -> tuple[Floats, Floats]:
    """Return x / y and its variance from rows of (n, sum x, sum y, sum xx, sum xy, sum yy).

    NaN with fewer than two observations. Source: Cochran (1977), Sampling Techniques, 6.4: the
    ratio estimator without finite population correction.
    """
    n, x, y, xx, xy, yy = (sums[:, place] for place in range(6))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = x / y
        rest = np.maximum(xx - 2 * ratio * xy + ratio**2 * yy, 0.0)
        variance = n / (n - 1) * rest / y**2
    floor = 1e-9 * np.maximum(ratio**2, 1e-9)
    known = (n >= 2) & (y > 0)
    return np.where(known, ratio, np.nan), np.where(known, np.maximum(variance, floor), np.nan)


def _arrays(first: ArrayLike, second: ArrayLike) -> tuple[Floats, Floats]:
    return np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
