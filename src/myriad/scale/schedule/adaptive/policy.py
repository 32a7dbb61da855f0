"""When to look again: freshness, delay, and the interval that a budget allows.

The harmonic rule of Kolobov et al. (Staying up to Date with Online Content Changes, NeurIPS 2019)
weighs the penalty H(N) = 1 + 1/2 + ... + 1/N for N unseen changes against a price for each look.
For looks at random times the average penalty is ln((rate + f) / f), and the best frequency is
f = (-rate + sqrt(rate^2 + 4 rate weight / price)) / 2. It is never zero: unlike the frequencies of
greatest freshness it starves nobody. The price of one look is what a budget fixes.

Real looks come at one of four intervals, so `interval_days` compares those four with the average
penalty of regular looks, which saves more than rounding the frequency to the nearest.

Rates and frequencies are per day, intervals in days; every function takes numbers or arrays.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import exp1

from myriad.kit.errors import InvalidInputError
from myriad.scale.schedule.adaptive.rate import INTERVALS_DAYS, LONGEST_DAYS, Array

# At this price a world that changes once in 25 days (median) needs about a fifth of daily looks.
DEFAULT_PRICE = 0.65
FIRST_INTERVAL_DAYS = 7.0
_BISECTIONS = 100
_LARGEST_PRICE = 1e12
_SMALL_AGE = 1e-3

Frequencies = Callable[[Array, Array, float], Array]


def freshness(rate: ArrayLike, interval_days: ArrayLike) -> Array:
    """Return the share of time that a copy taken every `interval_days` is up to date."""
    age = _floats(rate) * _floats(interval_days)
    safe = np.where(age > 0, age, 1.0)
    return np.where(age > 0, -np.expm1(-safe) / safe, 1.0)


def random_freshness(rate: ArrayLike, frequency: ArrayLike) -> Array:
    """Return the same for looks at random (Poisson) times, f / (f + rate)."""
    f = _floats(frequency)
    return f / (f + _floats(rate))


def mean_delay_days(interval_days: ArrayLike) -> Array:
    """Return how long a change waits to be seen on average: half an interval."""
    return _floats(interval_days) / 2


def overwritten_changes(rate: ArrayLike, interval_days: ArrayLike) -> Array:
    """Return the changes per interval that a later change hides before the next look."""
    age = _floats(rate) * _floats(interval_days)
    return age + np.expm1(-age)


def harmonic_frequency(rate: ArrayLike, weight: ArrayLike = 1.0, price: float = 1.0) -> Array:
    """Return the looks per day that the harmonic rule gives."""
    r = _floats(rate)
    pull = 4.0 * r * _floats(weight) / _positive_price(price)
    # The textbook form subtracts two nearly equal numbers when the rate is large.
    root = r + np.sqrt(r * r + pull)
    return np.where(root > 0, pull / (2.0 * np.where(root > 0, root, 1.0)), 0.0)


def harmonic_penalty(rate: ArrayLike, interval_days: ArrayLike) -> Array:
    """Return the time average of H(unseen changes) under looks every `interval_days`.

    With x = rate * interval, E[H(N)] of a Poisson N is Ein(x) = gamma + ln x + E1(x), and its mean
    over the interval Ein(x) - 1 + (1 - exp(-x)) / x.
    """
    age = _floats(rate) * _floats(interval_days)
    large = np.maximum(age, _SMALL_AGE)
    exact = np.euler_gamma + np.log(large) + exp1(large) - 1.0 - np.expm1(-large) / large
    penalty: Array = np.where(age > _SMALL_AGE, exact, age / 2 - age * age / 12)
    return penalty


def interval_days(rate: ArrayLike, weight: ArrayLike = 1.0, price: float = DEFAULT_PRICE) -> Array:
    """Return when to look again: 1, 3, 7 or 30 days, whichever costs least.

    The cost of an interval is weight * harmonic penalty + price / interval, per day. Raises
    InvalidInputError for a rate below zero or a price that is not above zero and finite.
    """
    allowed, rates = np.array(INTERVALS_DAYS), _floats(rate)
    if not (rates >= 0).all():
        raise InvalidInputError("a rate of change is zero or more changes a day")
    penalty = harmonic_penalty(rates[..., None], allowed)
    cost = _floats(weight)[..., None] * penalty + _positive_price(price) / allowed
    cheapest: Array = allowed[np.argmin(cost, axis=-1)]
    return cheapest


def snap_interval(interval_days: ArrayLike) -> Array:
    """Return the allowed interval of 1, 3, 7 or 30 days nearest in ratio; never more than 30."""
    allowed = np.array(INTERVALS_DAYS)
    borders = np.sqrt(allowed[:-1] * allowed[1:])
    return allowed[np.searchsorted(borders, _floats(interval_days))]


def snapped_harmonic_days(
    rate: ArrayLike, weight: ArrayLike = 1.0, price: float = DEFAULT_PRICE
) -> Array:
    """Return the harmonic rule's own interval, rounded to 1, 3, 7 or 30 days in ratio."""
    frequency = harmonic_frequency(rate, weight, price)
    return snap_interval(1.0 / np.maximum(frequency, 1.0 / LONGEST_DAYS))


def frequency_of_intervals(rate: Array, weight: Array, price: float) -> Array:
    """Return the looks per day that `interval_days` comes to."""
    return 1.0 / interval_days(rate, weight, price)


def fit_price(
    rates: ArrayLike,
    looks_per_day: float,
    weights: ArrayLike = 1.0,
    frequencies: Frequencies = frequency_of_intervals,
) -> float:
    """Return the lowest price at which all looks together stay within the budget, by bisection.

    `rates` is (n,), `weights` one number or (n,). Raises InvalidInputError for a budget that no
    price can meet: with the default intervals each thing is looked at every 30 days at least.
    """
    rate, weight = np.broadcast_arrays(np.atleast_1d(_floats(rates)), _floats(weights))
    least = frequencies(rate, weight, _LARGEST_PRICE).sum()
    if not looks_per_day >= least * (1 - 1e-9) or looks_per_day <= 0:
        message = f"{looks_per_day:g} looks a day are too few; {rate.size} things need {least:g}"
        raise InvalidInputError(message, least=float(least))
    low, high = 1 / _LARGEST_PRICE, _LARGEST_PRICE
    for _ in range(_BISECTIONS):
        middle = float(np.sqrt(low * high))
        if frequencies(rate, weight, middle).sum() > looks_per_day:
            low = middle
        else:
            high = middle
    return high


def tier_interval_days(score: ArrayLike) -> Array:
    """Return the plain tiers of a score of 0 to 100: above 70 daily, 40 three days, 20 weekly."""
    tiers = np.array(INTERVALS_DAYS[::-1])
    return tiers[np.searchsorted([20.0, 40.0, 70.0], _floats(score))]


def _floats(values: ArrayLike) -> Array:
    return np.asarray(values, dtype=np.float64)


def _positive_price(price: float) -> float:
    if not 0 < price < np.inf:
        raise InvalidInputError("the price of a look must be above zero and finite")
    return price
