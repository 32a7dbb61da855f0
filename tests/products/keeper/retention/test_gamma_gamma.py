"""Gamma-gamma: spend per visit of who came back."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from myriad.products.keeper.retention import gamma_gamma
from myriad.products.keeper.retention.errors import NotEnoughHistoryError
from myriad.products.keeper.retention.gamma_gamma import SpendParameters
from myriad.products.keeper.retention.history import Visits, history_at
from tests.products.keeper.retention.accounts import cdnow

TRUTH = SpendParameters(p=6.0, q=4.0, v=1500.0)


def _spend(customers: int, seed: int) -> tuple[gamma_gamma.Floats, gamma_gamma.Floats]:
    random = np.random.default_rng(seed)
    x = random.integers(1, 12, customers).astype(float)
    rate = random.gamma(TRUTH.q, 1 / TRUTH.v, customers)
    return x, random.gamma(TRUTH.p * x, 1 / rate) / x


def test_the_fit_finds_the_parameters_that_made_the_data() -> None:
    fitted = gamma_gamma.fit(*_spend(20_000, seed=1)).parameters
    np.testing.assert_allclose(
        (fitted.p, fitted.q, fitted.v), (TRUTH.p, TRUTH.q, TRUTH.v), rtol=0.1
    )


def test_the_gradient_is_the_derivative_of_the_likelihood() -> None:
    x, mean = _spend(100, seed=2)
    logs = np.array([1.0, 0.7, -0.4])
    slope = approx_fprime(logs, lambda at: gamma_gamma._objective(at, x, mean / 3e3)[0], 1e-7)
    np.testing.assert_allclose(gamma_gamma._objective(logs, x, mean / 3e3)[1], slope, atol=1e-5)


def test_spend_is_unknown_for_who_came_once() -> None:
    expected = gamma_gamma.expected_spend(TRUTH, [0, 1], [np.nan, 900.0])
    assert np.isnan(expected[0])
    assert expected[1] == pytest.approx(6 * (1500 + 900) / (6 + 4 - 1))


@settings(deadline=None)
@given(st.floats(1, 1e6), st.integers(1, 200))
def test_expected_spend_lies_between_the_own_mean_and_everybodys(mean: float, x: int) -> None:
    expected = float(gamma_gamma.expected_spend(TRUTH, x, mean))
    low, high = sorted((mean, TRUTH.mean))
    assert low * (1 - 1e-12) <= expected <= high * (1 + 1e-12)


@settings(deadline=None, max_examples=15)
@given(st.floats(0.01, 1e4))
def test_the_currency_unit_does_not_matter(unit: float) -> None:
    x, mean = _spend(60, seed=3)
    one, other = gamma_gamma.fit(x, mean), gamma_gamma.fit(x, mean * unit)
    plain = gamma_gamma.expected_spend(one.parameters, x, mean)
    scaled = gamma_gamma.expected_spend(other.parameters, x, mean * unit)
    np.testing.assert_allclose(scaled / unit, plain, rtol=1e-4)


def test_correlation_of_frequency_and_spend_is_reported() -> None:
    x = np.arange(1.0, 41.0)
    assert gamma_gamma.fit(x, 100 + 5 * x).correlation == pytest.approx(1.0)
    assert gamma_gamma.correlation(x, np.full(40, 7.0)) == 0.0


def test_fewer_than_ten_spenders_is_not_enough_history() -> None:
    with pytest.raises(NotEnoughHistoryError):
        gamma_gamma.fit([0] * 50 + [1] * 9, [0.0] * 50 + [100.0] * 9)


def test_cdnow_gives_the_published_parameters(shared_data: Path) -> None:
    """Fader & Hardie (2013) report p 6.25, q 3.74, v 15.44 in dollars."""
    history = history_at(Visits.of(*cdnow(shared_data).columns), date(1997, 9, 30).toordinal())
    fitted = gamma_gamma.fit(history.x, history.mean_repeat_spend).parameters
    assert (round(fitted.p, 2), round(fitted.q, 2)) == (6.25, 3.74)
    assert fitted.v == pytest.approx(1544, abs=3)
