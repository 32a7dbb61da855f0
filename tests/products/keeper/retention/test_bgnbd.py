"""BG/NBD: arithmetic that must hold for any customer, and known answers."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import approx_fprime
from scipy.special import betaln

from myriad.kit.errors import InvalidInputError
from myriad.products.keeper.retention import bgnbd
from myriad.products.keeper.retention.bgnbd import Parameters
from myriad.products.keeper.retention.bgnbd_likelihood import Summary, objective
from myriad.products.keeper.retention.errors import NotEnoughHistoryError
from myriad.products.keeper.retention.history import Visits, history_at
from tests.products.keeper.retention.accounts import SPA, cdnow, summary_rows

positive = st.floats(0.05, 20.0)
any_parameters = st.builds(Parameters, positive, positive, positive, positive)


@st.composite
def customers(draw: st.DrawFn) -> tuple[float, float, float]:
    x = draw(st.integers(0, 300))
    age = draw(st.floats(1.0, 400.0))
    return float(x), age * draw(st.floats(0.01, 1.0)) if x else 0.0, age


@settings(deadline=None)
@given(any_parameters, customers(), st.floats(0, 500), st.floats(0, 500))
def test_churn_is_a_probability_that_falls_with_the_horizon(
    parameters: Parameters, customer: tuple[float, float, float], one: float, other: float
) -> None:
    short, long = sorted((one, other))
    sooner = bgnbd.churn(parameters, *customer, short)
    later = bgnbd.churn(parameters, *customer, long)
    assert 0 <= later <= sooner + 1e-12 <= 1 + 2e-12


@settings(deadline=None)
@given(any_parameters, customers())
def test_p_alive_is_a_probability_and_one_for_who_came_once(
    parameters: Parameters, customer: tuple[float, float, float]
) -> None:
    alive = float(bgnbd.p_alive(parameters, *customer))
    assert 0 <= alive <= 1
    assert customer[0] > 0 or alive == 1


@settings(deadline=None)
@given(any_parameters, customers(), st.floats(0.1, 300), st.floats(0.1, 300))
def test_expected_purchases_are_finite_and_grow_with_the_horizon(
    parameters: Parameters, customer: tuple[float, float, float], one: float, other: float
) -> None:
    short, long = sorted((one, other))
    fewer = float(bgnbd.expected_purchases(parameters, *customer, short))
    more = float(bgnbd.expected_purchases(parameters, *customer, long))
    assert np.isfinite([fewer, more]).all()
    assert -1e-9 <= fewer <= more * (1 + 1e-7) + 1e-7


@pytest.mark.parametrize("x", [0.0, 1.0, 7.0, 250.0])
@pytest.mark.parametrize("a", [0.3, 0.99995, 1.0, 1.00005, 2.5])
def test_expected_purchases_equal_the_integral_they_stand_for(x: float, a: float) -> None:
    """E = P(alive) E[(1 - (c / (c + p t))^k) / p] with p ~ Beta(a, b + x), k = r + x, c = alpha + T."""
    parameters, age, horizon = Parameters(0.7, 5.0, a, 2.2), 60.0, 39.0
    t_x = 50.0 if x else 0.0
    k, c, b = parameters.r + x, parameters.alpha + age, parameters.b + x

    def integrand(p: float) -> float:
        p = max(p, 1e-12)
        return float(-np.expm1(-k * np.log1p(p * horizon / c)) / p * (1 - p) ** (b - 1))

    # quad takes the factor p^(a-1), singular at zero, as an algebraic weight.
    whole = quad(integrand, 0, 1, weight="alg", wvar=(a - 1, 0), epsabs=1e-13, limit=200)[0]
    alive = float(bgnbd.p_alive(parameters, x, t_x, age))
    want = alive * whole / np.exp(betaln(a, b))
    got = float(bgnbd.expected_purchases(parameters, x, t_x, age, horizon))
    assert got == pytest.approx(want, rel=1e-6)


def test_the_gradient_is_the_derivative_of_the_likelihood() -> None:
    summary = Summary.of(*summary_rows(SPA, 200, seed=1))
    logs = np.log([0.4, 6.0, 0.9, 2.0])
    slope = approx_fprime(logs, lambda at: objective(at, summary, 0.3)[0], 1e-7)
    np.testing.assert_allclose(objective(logs, summary, 0.3)[1], slope, atol=1e-5)


def test_the_fit_finds_the_parameters_that_made_the_data() -> None:
    fitted = bgnbd.maximise(Summary.of(*summary_rows(SPA, 20_000, seed=2)))
    np.testing.assert_allclose(fitted.values, SPA.values, rtol=0.12)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**32 - 1))
def test_the_fit_ignores_the_order_of_customers_and_duplication_of_all(seed: int) -> None:
    x, t_x, age = summary_rows(SPA, 80, seed=3)
    order = np.random.default_rng(seed).permutation(np.tile(np.arange(80), 2))
    once = bgnbd.maximise(Summary.of(x, t_x, age))
    twice = bgnbd.maximise(Summary.of(x[order], t_x[order], age[order]))
    np.testing.assert_allclose(np.log(twice.values), np.log(once.values), atol=1e-5)


def test_weights_stand_for_equal_customers() -> None:
    x, t_x, age = summary_rows(SPA, 60, seed=4)
    weight = np.random.default_rng(0).integers(1, 5, 60)
    written_out = Summary.of(*(np.repeat(column, weight) for column in (x, t_x, age)))
    weighted = Summary.of(x, t_x, age, weight)
    assert weighted.customers == written_out.customers
    assert bgnbd.log_likelihood(SPA, weighted) == pytest.approx(
        bgnbd.log_likelihood(SPA, written_out)
    )


def test_a_penalty_draws_the_log_parameters_towards_zero() -> None:
    summary = Summary.of(*summary_rows(SPA, 300, seed=5))
    free, held = (np.log(bgnbd.maximise(summary, penalty).values) for penalty in (0.0, 50.0))
    assert held @ held < free @ free


def test_the_prior_shrinks_by_returning_customers_on_the_log_scale() -> None:
    prior = Parameters(0.5, 4.0, 1.0, 3.0)
    summary = Summary.of(*summary_rows(SPA, 400, seed=6))
    own, shrunk = bgnbd.fit(summary), bgnbd.fit(summary, prior)
    share = summary.repeaters / (summary.repeaters + 200)
    want = share * np.log(own.parameters.values) + (1 - share) * np.log(prior.values)
    np.testing.assert_allclose(np.log(shrunk.parameters.values), want)
    assert (own.source, shrunk.source) == ("own", "shrunk")


def test_under_fifty_returning_customers_the_prior_stands_alone() -> None:
    fitted = bgnbd.fit(Summary.of(*summary_rows(SPA, 45, seed=7)), SPA)
    assert (fitted.parameters, fitted.source) == (SPA, "prior")


@pytest.mark.parametrize("customers_count", [0, 1, 30])
def test_account_with_0_to_30_customers_says_not_enough_history(customers_count: int) -> None:
    x, t_x, age = (column[:customers_count] for column in summary_rows(SPA, 31, seed=8))
    with pytest.raises(NotEnoughHistoryError, match="not enough history") as caught:
        bgnbd.fit(Summary.of(x, t_x, age), SPA)
    assert caught.value.customers == customers_count


def test_an_account_nobody_returned_to_is_not_enough_history() -> None:
    nobody = Summary.of(np.zeros(100), np.zeros(100), np.linspace(1, 50, 100))
    with pytest.raises(NotEnoughHistoryError):
        bgnbd.fit(nobody)


@pytest.mark.parametrize("row", [(-1, 0, 5), (1, 6, 5), (0, 2, 5), (2, 0, 5), (1, 1, np.nan)])
def test_rows_that_cannot_happen_are_named(row: tuple[float, float, float]) -> None:
    with pytest.raises(InvalidInputError, match="row 0"):
        Summary.of(*([value] for value in row))


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_parameters_must_be_positive(bad: float) -> None:
    with pytest.raises(InvalidInputError):
        Parameters(1.0, bad, 1.0, 1.0)


def test_cdnow_gives_the_published_parameters(shared_data: Path) -> None:
    """B1: Fader, Hardie & Lee report r .243, alpha 4.414, a .793, b 2.426."""
    account = cdnow(shared_data)
    history = history_at(Visits.of(*account.columns), date(1997, 9, 30).toordinal())
    fitted = bgnbd.maximise(Summary.of(history.x, history.t_x, history.age))
    assert [round(value, 3) for value in fitted.values] == [0.243, 4.414, 0.793, 2.426]


def test_cdnow_holdout_is_forecast_as_well_as_published(shared_data: Path) -> None:
    """B2: 39 weeks ahead, mean absolute error .7855, total -12 %."""
    visits = Visits.of(*cdnow(shared_data).columns)
    as_of = date(1997, 9, 30).toordinal()
    known = history_at(visits, as_of)
    fitted = bgnbd.maximise(Summary.of(known.x, known.t_x, known.age))
    forecast = bgnbd.expected_purchases(fitted, known.x, known.t_x, known.age, 39)
    actual = np.bincount(visits.person[visits.day > as_of], minlength=known.customers)
    assert np.abs(forecast - actual).mean() == pytest.approx(0.7855, abs=5e-4)
    assert forecast.sum() / actual.sum() - 1 == pytest.approx(-0.122, abs=2e-3)
