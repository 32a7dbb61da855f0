"""How far a small sample is believed: known answers, and what must hold for any team."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import betaln
from scipy.stats import beta

from myriad.products.keeper.team.shrinkage import (
    JEFFREYS,
    BetaPrior,
    fit_beta_priors,
    fit_normal_prior,
    ratio_of_sums,
    shrink_shares,
    shrink_values,
)

# Thirteen trials of the BCG vaccine: log relative risk and its variance (Colditz et al. 1994).
BCG = (
    (-0.8893, 0.3256), (-1.5854, 0.1946), (-1.3481, 0.4154), (-1.4416, 0.0200), (-0.2175, 0.0512),
    (-0.7861, 0.0069), (-1.6209, 0.2230), (0.0120, 0.0040), (-0.4694, 0.0564), (-1.3713, 0.0730),
    (-0.3394, 0.0124), (0.4459, 0.5325), (-0.0173, 0.0714),
)  # fmt: skip

teams = st.lists(
    st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=2,
    max_size=12,
).filter(lambda team: sum(n for _, n in team) > 0)


def prior_of(successes: ArrayLike, trials: ArrayLike) -> BetaPrior:
    """Return the prior of one figure."""
    mean, kappa = fit_beta_priors(np.atleast_2d(successes), np.atleast_2d(trials))
    return BetaPrior(float(mean[0]), float(kappa[0]))


def test_eight_of_ten_with_a_prior_of_ten_at_a_half_is_13_of_20() -> None:
    """P = (s + kappa mu) / (n + kappa), and the quantiles of Beta(13, 7)."""
    found = shrink_shares([8], [10], 0.5, 10.0)
    assert found.centre[0] == pytest.approx(0.65, abs=1e-12)
    assert found.lo[0] == pytest.approx(0.4700, abs=5e-5)
    assert found.hi[0] == pytest.approx(0.8125, abs=5e-5)
    assert found.lo[0] == pytest.approx(beta.ppf(0.05, 13, 7), abs=1e-9)


def test_nothing_seen_leaves_the_prior() -> None:
    """No trials under Beta(1, 1): any share is as likely."""
    found = shrink_shares([0], [0], 0.5, 2.0)
    assert (found.centre[0], found.lo[0], found.hi[0]) == pytest.approx((0.5, 0.05, 0.95))


def test_kappa_is_where_the_likelihood_is_highest() -> None:
    """The grid and its parabola find the maximum that a general optimiser finds."""
    s = np.array([12.0, 30, 9, 44, 21, 70])
    n = np.array([60.0, 80, 70, 90, 40, 110])

    def loss(x: np.ndarray) -> float:
        mean, kappa = 1 / (1 + np.exp(-x[0])), np.exp(x[1])
        a, b = mean * kappa, (1 - mean) * kappa
        return -float((betaln(s + a, n - s + b) - betaln(a, b)).sum())

    best = minimize(loss, [-0.5, 2.0], method="Nelder-Mead", options={"xatol": 1e-6})
    found = prior_of(s, n)
    assert found.kappa == pytest.approx(np.exp(best.x[1]), rel=0.05)
    assert found.mean == pytest.approx(1 / (1 + np.exp(-best.x[0])), abs=0.01)
    ours = loss(np.array([np.log(found.mean / (1 - found.mean)), np.log(found.kappa)]))
    assert ours - best.fun < 0.01


@given(teams, st.integers(20, 90))
def test_nothing_of_the_whole_grid_is_higher(team: list[tuple[int, int]], more: int) -> None:
    """Every fourth step and those around the best lead to the top of all steps."""
    s, n = map(np.array, zip(*[*team, (more // 3, more)], strict=True))
    total = n.sum()
    kappas = total ** (np.arange(48) / 47)[:, None]
    weights = n / (n + kappas)
    share = np.divide(s, n, out=np.zeros(n.size), where=n > 0)
    mean = (weights * share).sum(1) / weights.sum(1)
    mean = np.clip(mean, 0.5 / (total + 1), 1 - 0.5 / (total + 1))[:, None]
    a, b = mean * kappas, (1 - mean) * kappas
    heights = (betaln(s + a, n - s + b) - betaln(a, b)).sum(1)
    found = prior_of(s, n)
    # Jeffreys' prior stands in for who is alone, and bounds how sharp a prior is at 0 and 1.
    assume((n > 0).sum() > 1)
    assume(min(found.mean, 1 - found.mean) * found.kappa > 0.6 and found.kappa <= total)
    a, b = found.mean * found.kappa, (1 - found.mean) * found.kappa
    ours = (betaln(s + a, n - s + b) - betaln(a, b)).sum()
    assert ours >= heights.max() - 1e-6


def test_a_team_without_spread_is_drawn_almost_together() -> None:
    """Equal shares: the prior is worth as much as all the team's trials, and no more."""
    found = prior_of([30, 60, 90], [100, 200, 300])
    assert found.mean == pytest.approx(0.3, abs=1e-6)
    assert found.kappa == pytest.approx(600, rel=0.05)


def test_a_team_that_never_failed_is_not_thought_infallible() -> None:
    """No no-show in 20 and 20 visits: still up to several in a hundred."""
    prior = prior_of([0, 0], [20, 20])
    found = shrink_shares([0, 0], [20, 20], prior.mean, prior.kappa)
    assert 0.01 < found.hi[0] < 0.15


def test_somebody_alone_has_jeffreys_prior() -> None:
    """Nobody to compare with: the interval is that of the own visits."""
    assert prior_of([7], [20]) == JEFFREYS
    assert prior_of([7, 0], [20, 0]) == JEFFREYS


@given(teams)
def test_a_shrunk_share_lies_between_the_own_and_the_teams(team: list[tuple[int, int]]) -> None:
    """And inside its own interval, which lies between 0 and 1."""
    s, n = map(np.array, zip(*team, strict=True))
    prior = prior_of(s, n)
    found = shrink_shares(s, n, prior.mean, prior.kappa)
    for own, trials, centre in zip(s, n, found.centre, strict=True):
        ends = sorted((prior.mean, own / trials if trials else prior.mean))
        assert ends[0] - 1e-9 <= centre <= ends[1] + 1e-9
    assert np.all((found.lo >= 0) & (found.lo <= found.hi) & (found.hi <= 1))
    assert prior.kappa >= 1


@given(teams)
def test_many_figures_at_once_are_each_as_if_alone(team: list[tuple[int, int]]) -> None:
    """The vectorised fit is the same fit."""
    s, n = map(np.array, zip(*team, strict=True))
    means, kappas = fit_beta_priors([s, n - s], [n, n])
    alone = prior_of(s, n)
    assert (means[0], kappas[0]) == pytest.approx((alone.mean, alone.kappa))


def test_the_bcg_trials_have_their_published_between_variance() -> None:
    """DerSimonian and Laird's estimate: tau squared .3088, mean -.7141, standard error .1787."""
    values, variances = zip(*BCG, strict=True)
    found = fit_normal_prior(values, variances)
    assert found.between == pytest.approx(0.3088, abs=2e-3)
    assert found.mean == pytest.approx(-0.7141, abs=2e-3)
    assert found.mean_variance**0.5 == pytest.approx(0.1787, abs=1e-3)


def test_without_spread_between_members_all_get_the_mean_and_its_uncertainty() -> None:
    """Equal values: nobody differs, and how exactly the mean is known stays in the interval."""
    prior = fit_normal_prior([5.0, 5.0, 5.0], [1.0, 1.0, 1.0])
    found = shrink_values([5.0, 5.0, 5.0], [1.0, 1.0, 1.0], prior)
    assert prior.between == 0
    assert found.centre == pytest.approx([5.0] * 3)
    assert found.hi - found.lo == pytest.approx([2 * 1.6449 / 3**0.5] * 3, abs=1e-3)


@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3)), min_size=2, max_size=10))
def test_a_shrunk_value_lies_between_the_own_and_the_teams(team: list[tuple[float, float]]) -> None:
    """The normal case of the same rule."""
    values, variances = map(np.array, zip(*team, strict=True))
    prior = fit_normal_prior(values, variances)
    found = shrink_values(values, variances, prior)
    for own, centre in zip(values, found.centre, strict=True):
        ends = sorted((prior.mean, own))
        assert ends[0] - 1e-6 <= centre <= ends[1] + 1e-6


def test_a_mean_is_the_ratio_to_a_count() -> None:
    """Of 1, 2, 3, 6: mean 3, variance of the mean 14/3/4."""
    x = np.array([1.0, 2, 3, 6])
    sums = np.array([[4, x.sum(), 4, (x**2).sum(), x.sum(), 4]], dtype=float)
    value, variance = ratio_of_sums(sums)
    assert value[0] == pytest.approx(3)
    assert variance[0] == pytest.approx(x.var(ddof=1) / 4)


def test_one_visit_has_no_variance() -> None:
    """Neither has none: both stay out of the prior."""
    value, variance = ratio_of_sums(np.array([[1.0, 5, 1, 25, 5, 1], [0, 0, 0, 0, 0, 0]]))
    assert np.isnan(value).all()
    assert np.isnan(variance).all()
