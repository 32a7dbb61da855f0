"""Intervals follow from rate, weight and price; the numbers of the literature come out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from myriad.kit.errors import InvalidInputError
from myriad.scale.schedule.adaptive import policy
from myriad.scale.schedule.adaptive.rate import INTERVALS_DAYS

_rates = st.floats(1e-6, 10)
_prices = st.floats(1e-3, 100)
_weights = st.floats(1e-2, 100)


@given(rate=_rates, days=st.floats(0.1, 60))
def test_freshness_is_the_mean_chance_of_no_change_so_far(rate: float, days: float) -> None:
    mean, _ = quad(lambda age: math.exp(-rate * age), 0, days)
    assert float(policy.freshness(rate, days)) == pytest.approx(mean / days, rel=1e-6)
    assert float(policy.freshness(0, days)) == 1.0
    assert float(policy.random_freshness(rate, 1 / days)) <= float(policy.freshness(rate, days))


@given(rate=_rates, days=st.floats(0.1, 60))
def test_seen_and_overwritten_changes_are_all_changes(rate: float, days: float) -> None:
    seen = -math.expm1(-rate * days)
    hidden = float(policy.overwritten_changes(rate, days))
    assert seen + hidden == pytest.approx(rate * days, rel=1e-9, abs=1e-9)
    assert float(policy.mean_delay_days(days)) == days / 2


@given(rate=_rates, weight=_weights, price=_prices)
def test_the_harmonic_frequency_is_where_a_look_gains_what_it_costs(
    rate: float, weight: float, price: float
) -> None:
    """The derivative of weight ln((r + f) / f) + price f is zero there."""
    f = float(policy.harmonic_frequency(rate, weight, price))
    assert f > 0
    assert weight * rate / (f * (rate + f)) == pytest.approx(price, rel=1e-6)
    spec = (-rate + math.sqrt(rate * rate + 4 * rate * weight / price)) / 2
    assert f == pytest.approx(spec, rel=1e-5, abs=1e-12)


@given(rate=_rates, days=st.floats(1e-3, 60))
def test_the_harmonic_penalty_is_the_mean_of_h_of_a_poisson_count(rate: float, days: float) -> None:
    def mean_h(age: float) -> float:
        # E[H(N)] = sum over k >= 1 of P(N >= k) / k.
        chance, total, above = math.exp(-rate * age), 0.0, 1 - math.exp(-rate * age)
        for k in range(1, 2000):
            total += above / k
            chance *= rate * age / k
            above -= chance
            if above < 1e-14:
                break
        return total

    if rate * days < 500:
        mean, _ = quad(mean_h, 0, days, limit=100)
        assert float(policy.harmonic_penalty(rate, days)) == pytest.approx(
            mean / days, rel=1e-5, abs=1e-9
        )


@given(rate=st.floats(0, 100), weight=_weights, price=_prices)
def test_the_interval_is_the_cheapest_of_the_four_and_never_over_thirty_days(
    rate: float, weight: float, price: float
) -> None:
    chosen = float(policy.interval_days(rate, weight, price))
    assert chosen in INTERVALS_DAYS
    costs = {
        days: weight * float(policy.harmonic_penalty(rate, days)) + price / days
        for days in INTERVALS_DAYS
    }
    assert costs[chosen] == pytest.approx(min(costs.values()))
    assert float(policy.snapped_harmonic_days(rate, weight, price)) in INTERVALS_DAYS


@given(rates=st.lists(_rates, min_size=2, max_size=50), price=_prices)
def test_what_changes_more_is_never_looked_at_less(rates: list[float], price: float) -> None:
    days = policy.interval_days(np.sort(rates), 1.0, price)
    assert (np.diff(days) <= 0).all()


@given(
    rates=st.lists(st.floats(1e-3, 5), min_size=1, max_size=100),
    share=st.floats(0.05, 1.0),
)
def test_the_fitted_price_keeps_the_budget_and_the_next_lower_one_would_not(
    rates: list[float], share: float
) -> None:
    budget = share * len(rates)
    price = policy.fit_price(rates, budget)
    spent = (1 / policy.interval_days(rates, 1.0, price)).sum()
    assert spent <= budget * (1 + 1e-9)
    cheaper = (1 / policy.interval_days(rates, 1.0, price * 0.999)).sum()
    assert cheaper > budget or spent == pytest.approx(len(rates))


def test_the_smooth_rule_meets_its_budget_exactly() -> None:
    rates = np.exp(np.random.default_rng(1).normal(-3, 1.4, 1000))
    price = policy.fit_price(rates, 1000 / 7, frequencies=policy.harmonic_frequency)
    assert policy.harmonic_frequency(rates, 1.0, price).sum() == pytest.approx(1000 / 7)


@pytest.mark.parametrize(
    ("looks_per_day", "freshness", "delay_days"), [(1 / 7, 0.8195, 2.26), (1 / 4, 0.886, 1.27)]
)
def test_the_closed_form_numbers_of_the_harmonic_rule_come_out(
    looks_per_day: float, freshness: float, delay_days: float
) -> None:
    """20,000 rates, lognormal, median one change in 25 days, sigma 1.4; delay by change."""
    rates = np.exp(np.random.default_rng(0).normal(math.log(1 / 25), 1.4, 20_000))
    budget = looks_per_day * len(rates)
    price = policy.fit_price(rates, budget, frequencies=policy.harmonic_frequency)
    days = 1 / policy.harmonic_frequency(rates, 1.0, price)
    assert policy.freshness(rates, days).mean() == pytest.approx(freshness, abs=0.006)
    delay = np.average(policy.mean_delay_days(days), weights=rates)
    assert delay == pytest.approx(delay_days, abs=0.06)


def test_a_budget_below_one_look_in_thirty_days_is_refused_with_the_least() -> None:
    with pytest.raises(InvalidInputError, match=r"need 0\.1"):
        policy.fit_price([0.5, 0.1, 0.02], 0.05)


@pytest.mark.parametrize(
    ("rate", "price"), [(0.1, 0.0), (0.1, math.inf), (-1.0, 1.0), (math.nan, 1.0)]
)
def test_a_rate_or_price_that_means_nothing_is_refused(rate: float, price: float) -> None:
    with pytest.raises(InvalidInputError):
        policy.interval_days(rate, 1.0, price)


@pytest.mark.parametrize(
    ("score", "days"),
    [(100, 1), (70.1, 1), (70, 3), (40.1, 3), (40, 7), (20.1, 7), (20, 30), (0, 30)],
)
def test_the_documents_tiers_are_kept(score: float, days: float) -> None:
    """AC-18."""
    assert float(policy.tier_interval_days(score)) == days


def test_the_tiers_save_what_the_distribution_of_scores_allows() -> None:
    """C-X3: evenly spread scores save 56.5 %, not 60 to 80 %."""
    scores = np.arange(0.5, 100, 1)
    assert 1 - (1 / policy.tier_interval_days(scores)).mean() == pytest.approx(0.565, abs=0.001)


@given(days=st.floats(0.01, 1000))
def test_snapping_takes_the_nearest_in_ratio(days: float) -> None:
    snapped = float(policy.snap_interval(days))
    best = min(abs(math.log(days / one)) for one in INTERVALS_DAYS)
    assert abs(math.log(days / snapped)) == pytest.approx(best)
