"""A pool says nothing of fewer than ten accounts, of a dominated one, or of any one account."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from myriad.kit.errors import InvalidInputError
from myriad.products.keeper.network import FIGURES, OwnFit, pool_figures, pool_prior
from myriad.products.keeper.network import prior as prior_rules
from myriad.products.keeper.network.pools import (
    LEVELS,
    MOST_WEIGHT_IN_QUANTILE,
    coarse,
    quantile_weights,
    withheld,
)
from myriad.products.keeper.retention import bgnbd

RETENTION, TICKET = FIGURES["retention"], FIGURES["average_ticket"]
SHARES = st.floats(0, 1)
WEIGHTS = st.integers(20, 5_000)


def pools(least: int, most: int = 60) -> st.SearchStrategy[list[tuple[float, int]]]:
    return st.lists(st.tuples(SHARES, WEIGHTS), min_size=least, max_size=most)


@given(pools(1, 9))
def test_nine_accounts_give_nothing(pool: list[tuple[float, int]]) -> None:
    pooled = pool_figures(RETENTION, *zip(*pool, strict=True))
    assert (pooled.accounts, pooled.quantiles, pooled.withheld) == (len(pool), (), "too_few")


@given(pools(10), st.integers(0, 59))
def test_one_account_above_a_quarter_of_the_pool_gives_nothing(
    pool: list[tuple[float, int]], place: int
) -> None:
    values, weights = (list(column) for column in zip(*pool, strict=True))
    place %= len(pool)
    weights[place] = sum(weights) - weights[place]
    pooled = pool_figures(RETENTION, values, weights)
    assert (pooled.quantiles, pooled.withheld) == ((), "dominated")


@given(pools(10))
def test_what_is_published_is_within_the_pool_rounded_and_in_order(
    pool: list[tuple[float, int]],
) -> None:
    values, weights = zip(*pool, strict=True)
    pooled = pool_figures(RETENTION, values, weights)
    if max(weights) > 0.25 * sum(weights):
        assert pooled.withheld == "dominated"
        return
    assert pooled.withheld is None
    assert list(pooled.quantiles) == sorted(pooled.quantiles)
    half = RETENTION.step / 2 + 1e-9
    assert min(values) - half <= pooled.quantiles[0]
    assert pooled.quantiles[-1] <= max(values) + half
    assert all(round(value * 100) == pytest.approx(value * 100) for value in pooled.quantiles)


@example(236, 0.9)
@given(st.integers(10, 400), st.sampled_from(LEVELS))
def test_every_published_number_is_a_mean_of_at_least_three_accounts(k: int, level: float) -> None:
    weights = quantile_weights(k, level)
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    assert weights.max() <= MOST_WEIGHT_IN_QUANTILE + 1e-12
    assert (weights > 1e-9).sum() >= 3


@given(pools(10, 30), st.integers(0, 29), SHARES)
def test_an_account_moves_what_is_published_by_a_third_of_its_own_move_at_most(
    pool: list[tuple[float, int]], place: int, other: float
) -> None:
    """So that whoever knows all others still learns it to three steps of rounding at best."""
    values = np.array([value for value, _ in pool])
    place %= values.size
    moved = values.copy()
    moved[place] = other
    equal = np.full(values.size, 100)
    before, after = (pool_figures(RETENTION, each, equal).quantiles for each in (values, moved))
    bound = abs(other - values[place]) / 3 + RETENTION.step + 1e-9
    assert max(abs(a - b) for a, b in zip(before, after, strict=True)) <= bound


def test_quantiles_of_a_large_pool_are_the_usual_ones() -> None:
    values = np.random.default_rng(1).normal(0.5, 0.1, 2_000)
    pooled = pool_figures(RETENTION, values, np.full(2_000, 50))
    assert pooled.quantiles == pytest.approx(np.quantile(values, LEVELS), abs=0.011)


@pytest.mark.parametrize(
    ("cents", "published"), [(8_437.0, 8_400.0), (12_345.6, 12_000.0), (0.0, 0.0), (7.3, 7.0)]
)
def test_money_keeps_two_digits(cents: float, published: float) -> None:
    assert coarse(TICKET, cents) == published


@pytest.mark.parametrize(
    ("values", "weights"), [([float("nan")] * 10, [1] * 10), ([0.5] * 10, [0] * 10)]
)
def test_a_pool_of_nonsense_is_refused(values: list[float], weights: list[int]) -> None:
    with pytest.raises(InvalidInputError):
        pool_figures(RETENTION, values, weights)


def _fits(count: int, repeaters: int = 300) -> list[OwnFit]:
    rng = np.random.default_rng(count)
    logs = np.log([0.6, 8.0, 0.7, 3.0]) + rng.normal(0, 0.3, (count, 4))
    return [OwnFit((r, alpha, a, b), repeaters) for r, alpha, a, b in np.exp(logs).tolist()]


def test_the_prior_is_the_weighted_mean_of_logarithms() -> None:
    fits = _fits(12)
    prior = pool_prior(fits)
    assert prior is not None
    expected = np.exp(np.mean(np.log([fit.parameters for fit in fits]), axis=0))
    assert prior.parameters == pytest.approx(expected, rel=5e-3)
    assert prior.accounts == 12
    bgnbd.Parameters(*prior.parameters)


def test_a_prior_needs_ten_usable_accounts_none_of_them_too_large() -> None:
    assert pool_prior(_fits(9)) is None
    assert pool_prior(_fits(9) + _fits(3, repeaters=49)) is None
    assert pool_prior([*_fits(10, repeaters=60), *_fits(1, repeaters=5_000)]) is None
    astray = OwnFit((0.5, 1e5, 0.7, 2.0), 300)
    assert pool_prior([*_fits(9), astray]) is None
    prior = pool_prior([*_fits(10), astray])
    assert prior is not None
    assert prior.accounts == 10


def test_the_weight_of_an_account_is_that_of_its_own_fit_beside_the_prior() -> None:
    assert prior_rules.SHRINKAGE_REPEATERS == bgnbd.SHRINKAGE_REPEATERS
    assert prior_rules.LEAST_REPEATERS == bgnbd.PRIOR_ONLY_BELOW_REPEATERS
    assert withheld(np.ones(10)) is None
