"""How often a thing changes, estimated from looks that tell only whether it had changed.

Changes are Poisson. A look after t days finds a change with probability 1 - exp(-rate t), however
many changes there were, so counting changes over time is biased low. Two estimators: for looks at
one fixed interval the bias-corrected one of Cho and Garcia-Molina (Estimating Frequency of Change,
ACM TOIT 2003), otherwise maximum likelihood. In the likelihood equation

    sum over changed looks of t / (exp(rate t) - 1) = sum over unchanged looks of t

the right side needs only a total. `Evidence` therefore holds five numbers for each thing: changed
looks, by the nearest of four intervals, and unchanged days.

Every function takes numbers or arrays, any number of things at once, and returns arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myriad.kit.errors import InvalidInputError

Array = NDArray[np.float64]

INTERVALS_DAYS: tuple[float, ...] = (1.0, 3.0, 7.0, 30.0)
LONGEST_DAYS = INTERVALS_DAYS[-1]
HALF_LIFE_DAYS = 60.0
# Before any look we behave as if half of one look after seven days had found a change.
PRIOR_CHANGES = (0.0, 0.0, 0.5, 0.0)
PRIOR_UNCHANGED_DAYS = 3.5
# A signal tells the day of a change, and a day is the grain of these schedules.
SIGNAL_DAYS = 1.0
_DAYS = np.array(INTERVALS_DAYS)
_BORDERS = np.sqrt(_DAYS[:-1] * _DAYS[1:])
_STEPS = 60
_PRECISION = 1e-12


@dataclass(frozen=True)
class Evidence:
    """What is known of n things: `changes` (n, 4) by interval, `unchanged_days` (n,).

    Both are sums of past looks that fade with a half-life, without the prior.
    """

    changes: Array
    unchanged_days: Array

    @classmethod
    def nothing(cls, things: int) -> Evidence:
        """Return the evidence of things that nobody has looked at."""
        return cls(np.zeros((things, len(INTERVALS_DAYS))), np.zeros(things))

    @classmethod
    def of_looks(cls, looks: ArrayLike, changes: ArrayLike) -> Evidence:
        """Return the evidence of looks and changes (n, 4) made at exactly the four intervals.

        Raises InvalidInputError unless 0 <= changes <= looks everywhere.
        """
        n, x = np.atleast_2d(_floats(looks)), np.atleast_2d(_floats(changes))
        if n.shape != x.shape or n.shape[1:] != _DAYS.shape or (x < 0).any() or (x > n).any():
            raise InvalidInputError("looks and changes are (n, 4) with 0 <= changes <= looks")
        return cls(x, (n - x) @ _DAYS)

    def after_look(
        self,
        elapsed_days: ArrayLike,
        changed: ArrayLike,
        signalled: ArrayLike = False,
        *,
        half_life_days: float = HALF_LIFE_DAYS,
    ) -> Evidence:
        """Return the evidence after one more look at each thing, (n,) each.

        A look that a signal caused is no fair sample: it comes because of the change. When it
        finds one, that change is counted as found after one day and the days before as unchanged,
        which is what keeps signals from inflating the rate.
        """
        days = _floats(elapsed_days)
        if not (days > 0).all():
            raise InvalidInputError("the days since the last look must be above zero")
        hit = np.asarray(changed, dtype=bool)
        told = hit & np.asarray(signalled, dtype=bool)
        found_after = np.where(told, np.minimum(days, SIGNAL_DAYS), days)
        fade = 0.5 ** (days / half_life_days)
        new = np.where(hit[..., None], _one_hot(found_after), 0.0)
        unchanged = np.where(hit, days - found_after, days)
        unchanged = np.where(hit & ~told, 0.0, unchanged)
        return Evidence(
            self.changes * fade[..., None] + new, self.unchanged_days * fade + unchanged
        )


def _floats(values: ArrayLike) -> Array:
    return np.asarray(values, dtype=np.float64)


def _one_hot(days: Array) -> Array:
    nearest = np.searchsorted(_BORDERS, days)
    return np.eye(len(INTERVALS_DAYS))[nearest]


def regular_access_rate(looks: ArrayLike, changes: ArrayLike, interval_days: ArrayLike) -> Array:
    """Return changes per day from looks at one fixed interval, corrected for bias.

    -ln((n - X + 0.5) / (n + 0.5)) / interval: finite even when every look found a change.
    """
    n, x = _floats(looks), _floats(changes)
    return -np.log((n - x + 0.5) / (n + 0.5)) / _floats(interval_days)


def change_rate(evidence: Evidence, *, with_prior: bool = True) -> Array:
    """Return the maximum-likelihood rate in changes per day, (n,), by Newton's method.

    Starts below the root, from where Newton climbs to it without overshooting since the equation
    falls and is convex. Without the prior the rate is 0 where no look found a change and infinite
    where every one did.
    """
    changes, unchanged = _with_prior(evidence) if with_prior else _plain(evidence)
    total = changes.sum(axis=-1)
    solvable = (total > 0) & (unchanged > 0)
    rate = np.where(total > 0, np.inf, 0.0)
    rate[solvable] = _newton(changes[solvable], unchanged[solvable])
    return rate


def _plain(evidence: Evidence) -> tuple[Array, Array]:
    return np.atleast_2d(evidence.changes), np.atleast_1d(evidence.unchanged_days)


def _with_prior(evidence: Evidence) -> tuple[Array, Array]:
    changes, unchanged = _plain(evidence)
    return changes + np.array(PRIOR_CHANGES), unchanged + PRIOR_UNCHANGED_DAYS


def _newton(changes: Array, unchanged: Array) -> Array:
    # t / (exp(rt) - 1) >= 1/r - t/2, so this start lies at or below the root.
    rate: Array = changes.sum(axis=-1) / (unchanged + changes @ _DAYS / 2)
    for _ in range(_STEPS):
        grown = np.exp(-np.minimum(rate[:, None] * _DAYS, 500.0))
        share = _DAYS * grown / -np.expm1(-rate[:, None] * _DAYS)
        excess = (changes * share).sum(axis=-1) - unchanged
        slope = (changes * share * (share + _DAYS)).sum(axis=-1)
        step = excess / slope
        rate = rate + step
        if np.all(np.abs(step) <= _PRECISION * rate):
            break
    return rate


def rate_interval(evidence: Evidence, confidence: float = 0.95) -> tuple[Array, Array]:
    """Return the lower and upper end of the rate's interval of `confidence`, prior included.

    Normal on the logarithm of the rate, with the observed Fisher information
    sum of X t^2 exp(rt) / (exp(rt) - 1)^2.
    """
    if not 0 < confidence < 1:
        raise InvalidInputError("the confidence lies between 0 and 1, such as 0.95")
    rate = change_rate(evidence)
    changes, _ = _with_prior(evidence)
    age = np.minimum(rate[:, None] * _DAYS, 500.0)
    information = (changes * _DAYS**2 * np.exp(-age) / np.expm1(-age) ** 2).sum(axis=-1)
    spread = NormalDist().inv_cdf((1 + confidence) / 2) / (rate * np.sqrt(information))
    return rate * np.exp(-spread), rate * np.exp(spread)


def volatility_score(rate: ArrayLike) -> Array:
    """Return the rate as people see it: 0 to 100, the chance in percent of a change in a week."""
    return -100.0 * np.expm1(-7.0 * _floats(rate))


def rate_of_score(score: ArrayLike) -> Array:
    """Return the changes per day that a score of 0 to 100 (exclusive) stands for."""
    value = _floats(score)
    if (value < 0).any() or (value >= 100).any():
        raise InvalidInputError("a score lies from 0 up to, but not including, 100")
    return -np.log1p(-value / 100.0) / 7.0
