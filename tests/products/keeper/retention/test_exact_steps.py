"""Fits that go by exact derivatives find what a library's search of the same likelihood finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import gammaln
from scipy.stats import nbinom

from myriad.products.keeper.retention import bgnbd, gamma_gamma, negative_binomial
from myriad.products.keeper.retention.anomaly import q_values
from myriad.products.keeper.retention.bgnbd_likelihood import Summary, curvature, objective
from myriad.products.keeper.retention.descent import minimise
from myriad.products.keeper.retention.history import Floats, Visits, history_at
from tests.products.keeper.retention.accounts import FIRST_DAY, spa

LAST_DAY = FIRST_DAY + 719


def summary_of(customers: int) -> Summary:
    """Return a spa's customers as BG/NBD reads them."""
    now = history_at(Visits.of(*spa(customers).columns), LAST_DAY)
    return Summary.of(now.x, now.t_x, now.age)


def differenced(slopes_at: object, logs: Floats) -> Floats:
    """Return the Hessian from differences of the gradient."""
    assert callable(slopes_at)
    shifts = 1e-5 * np.eye(logs.size)
    rows = [(slopes_at(logs + shift) - slopes_at(logs - shift)) / 2e-5 for shift in shifts]
    return np.array(rows)


@settings(max_examples=25, deadline=None)
@given(logs=st.lists(st.floats(-2, 2), min_size=4, max_size=4), penalty=st.sampled_from([0.0, 0.1]))
def test_the_curvature_of_bgnbd_is_that_of_its_gradient(logs: list[float], penalty: float) -> None:
    at, summary = np.array(logs), summary_of(80)
    wanted = differenced(lambda place: objective(place, summary, penalty)[1], at)
    assert np.allclose(curvature(at, summary, penalty), wanted, rtol=1e-6, atol=1e-7)


@settings(max_examples=25, deadline=None)
@given(logs=st.lists(st.floats(-2, 2), min_size=3, max_size=3))
def test_the_curvature_of_gamma_gamma_is_that_of_its_gradient(logs: list[float]) -> None:
    now = history_at(Visits.of(*spa(80).columns), LAST_DAY)
    some = (now.x > 0) & (now.mean_repeat_spend > 0)
    x, spend = now.x[some], now.mean_repeat_spend[some] / now.mean_repeat_spend[some].mean()
    at = np.array(logs)
    wanted = differenced(lambda place: gamma_gamma._objective(place, x, spend)[1], at)
    assert np.allclose(gamma_gamma._curvature(at, x, spend), wanted, rtol=1e-6, atol=1e-7)


def test_a_minimum_beyond_a_bound_is_looked_for_along_the_bound() -> None:
    matrix = np.array([[2.0, 1.0], [1.0, 2.0]])
    middle = np.array([5.0, -1.0])
    found = minimise(
        lambda at: (float((at - middle) @ matrix @ (at - middle)), 2 * matrix @ (at - middle)),
        lambda at: 2 * matrix,
        np.zeros(2),
        (-3.0, 3.0),
    )
    assert np.allclose(found, [3.0, 0.0])


def test_who_hardly_ever_leaves_for_good_is_fitted_alike_from_a_guess_and_from_nothing() -> None:
    dice = np.random.default_rng(5)
    age = dice.uniform(10, 60, 300)
    x = dice.poisson(dice.gamma(2.0, 0.1, 300) * age).astype(float)
    t_x = np.where(x > 0, age * (1 - dice.uniform(0, 1, 300) / (x + 1)), 0.0)
    summary = Summary.of(x, t_x, age)
    cold = bgnbd.maximise(summary)
    warm = bgnbd.maximise(summary, start=cold)
    far = bgnbd.maximise(summary, start=bgnbd.Parameters(cold.r, cold.alpha, 1e3, 1e5))
    assert max(cold.a, cold.b) > 1e3
    away = [bgnbd.churn(found, x, t_x, age, 9.0) for found in (cold, warm, far)]
    assert max(np.abs(away[0] - other).max() for other in away[1:]) < 1e-4


def loss(log_dispersion: float, count: Floats, mean: Floats, weight: Floats) -> float:
    """Return minus the likelihood, written out."""
    size = np.exp(-log_dispersion)
    of_size = gammaln(count + size) - gammaln(size) + size * np.log(size / (size + mean))
    return -float(weight @ (of_size + count * np.log(mean / (size + mean))))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    dispersion=st.sampled_from([0.0, 0.01, 0.1, 1.0, 5.0]),
    guess=st.sampled_from([1e-5, 0.05, 10.0]),
)
def test_the_dispersion_is_that_of_greatest_likelihood(
    seed: int, dispersion: float, guess: float
) -> None:
    dice = np.random.default_rng(seed)
    mean = dice.uniform(1.0, 12.0, 200)
    rates = dice.gamma(1 / dispersion, dispersion * mean) if dispersion else mean
    count, weight = dice.poisson(rates).astype(float), (dice.random(200) < 0.9).astype(float)
    found = negative_binomial._dispersion(count, mean, weight, guess)
    wanted = minimize_scalar(
        loss, bounds=(-12.0, 3.0), args=(count, mean, weight), method="bounded"
    )
    assert loss(np.log(found), count, mean, weight) <= wanted.fun + 1e-6


@pytest.mark.parametrize("dispersion", [1e-5, 0.1, 2.0])
def test_tails_of_counts_are_the_library_s(dispersion: float) -> None:
    count, mean = np.arange(40.0), np.linspace(0.5, 25.0, 40)
    size = 1 / dispersion
    share = size / (size + mean)
    low, high = nbinom.cdf(count, size, share), nbinom.sf(count - 1, size, share)
    model = negative_binomial.CountModel(np.zeros(1), dispersion)
    assert np.allclose(model.tail(count, mean), np.minimum(2 * np.minimum(low, high), 1.0))


def test_q_values_are_those_of_benjamini_and_hochberg_in_every_family() -> None:
    dice = np.random.default_rng(3)
    p_value, family = dice.random(60) ** 4, np.sort(dice.integers(0, 12, 60))
    found = q_values(p_value, family)
    for own in np.unique(family):
        raw = np.sort(p_value[family == own])
        wanted = [
            min([1.0, *(raw[j] * raw.size / (j + 1) for j in range(i, raw.size))])
            for i in range(raw.size)
        ]
        assert np.allclose(np.sort(found[family == own]), wanted)
