"""The rate of change is estimated without bias from looks that tell only "changed or not"."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.kit.errors import InvalidInputError
from myriad.scale.schedule.adaptive.rate import (
    HALF_LIFE_DAYS,
    INTERVALS_DAYS,
    Evidence,
    change_rate,
    rate_interval,
    rate_of_score,
    regular_access_rate,
    volatility_score,
)

_counts = st.lists(st.integers(0, 200), min_size=4, max_size=4)


@given(looks=_counts, shares=st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_newton_solves_the_likelihood_equation(looks: list[int], shares: list[float]) -> None:
    changes = [round(n * share) for n, share in zip(looks, shares, strict=True)]
    evidence = Evidence.of_looks(looks, changes)
    (rate,) = change_rate(evidence)
    found = np.array(changes) + np.array([0, 0, 0.5, 0])
    days = np.array(INTERVALS_DAYS)
    left = float((found * days / np.expm1(np.minimum(rate * days, 500))).sum())
    assert left == pytest.approx(evidence.unchanged_days[0] + 3.5, rel=1e-6)


@given(looks=st.integers(1, 1000), share=st.floats(0, 1), days=st.sampled_from(INTERVALS_DAYS))
def test_for_looks_at_one_interval_likelihood_is_the_closed_form(
    looks: int, share: float, days: float
) -> None:
    changes = min(round(looks * share), looks - 1)
    place = INTERVALS_DAYS.index(days)
    n, x = np.zeros(4), np.zeros(4)
    n[place], x[place] = looks, changes
    (rate,) = change_rate(Evidence.of_looks(n, x), with_prior=False)
    assert rate == pytest.approx(-math.log((looks - changes) / looks) / days, rel=1e-9)


def test_without_a_prior_no_change_means_never_and_only_changes_mean_always() -> None:
    evidence = Evidence.of_looks([[0, 0, 9, 0], [0, 0, 9, 0]], [[0, 0, 0, 0], [0, 0, 9, 0]])
    assert change_rate(evidence, with_prior=False).tolist() == [0.0, math.inf]


def test_before_any_look_the_prior_speaks() -> None:
    """Half a change in one look after seven days: ln 2 / 7."""
    (rate,) = change_rate(Evidence.nothing(1))
    assert rate == pytest.approx(math.log(2) / 7)


def test_the_correction_takes_away_the_bias_of_counting() -> None:
    """Cho and Garcia-Molina: ten looks, one change an interval; counting finds 37 % too few."""
    dice, n = np.random.default_rng(5), 10
    x = dice.binomial(n, -math.expm1(-1.0), 100_000)
    assert regular_access_rate(n, x, 1.0).mean() == pytest.approx(1.0, abs=0.02)
    assert (x / n).mean() == pytest.approx(0.632, abs=0.005)
    assert np.isfinite(regular_access_rate(n, n, 7.0))


def test_looks_at_irregular_times_find_the_true_rate() -> None:
    dice, things, true = np.random.default_rng(3), 400, 0.1
    evidence = Evidence.nothing(things)
    for _ in range(60):
        days = dice.choice(INTERVALS_DAYS, things, p=[0.3, 0.3, 0.3, 0.1])
        changed = dice.random(things) < -np.expm1(-true * days)
        evidence = evidence.after_look(days, changed, half_life_days=1e9)
    assert change_rate(evidence).mean() == pytest.approx(true, rel=0.05)


def test_the_interval_holds_the_true_rate_about_as_often_as_it_says() -> None:
    dice, things, true = np.random.default_rng(4), 2000, 0.08
    evidence = Evidence.nothing(things)
    for _ in range(40):
        changed = dice.random(things) < -math.expm1(-true * 7)
        evidence = evidence.after_look(np.full(things, 7.0), changed, half_life_days=1e9)
    low, high = rate_interval(evidence, 0.95)
    assert 0.92 <= float(((low <= true) & (true <= high)).mean()) <= 0.98
    assert (low < change_rate(evidence)).all()
    with pytest.raises(InvalidInputError):
        rate_interval(evidence, 95)


@given(days=st.floats(0.01, 60), looks=st.integers(0, 50))
def test_unchanged_days_count_in_full_at_any_age(days: float, looks: int) -> None:
    evidence = Evidence.nothing(1)
    for _ in range(looks):
        evidence = evidence.after_look([days], [False], half_life_days=1e12)
    assert evidence.unchanged_days[0] == pytest.approx(days * looks)
    assert evidence.changes.sum() == 0


def test_evidence_is_worth_half_after_its_half_life() -> None:
    old = Evidence.of_looks([0, 0, 20, 0], [0, 0, 8, 0])
    new = old.after_look([HALF_LIFE_DAYS], [False])
    assert new.changes[0, 2] == pytest.approx(4.0)
    assert new.unchanged_days[0] == pytest.approx(84 / 2 + HALF_LIFE_DAYS)


def test_a_new_regime_is_noticed_within_weeks() -> None:
    evidence = Evidence.nothing(1)
    for _ in range(52):
        evidence = evidence.after_look([7.0], [False])
    quiet = change_rate(evidence)[0]
    for _ in range(8):
        evidence = evidence.after_look([7.0], [True])
    assert change_rate(evidence)[0] > 4 * quiet


def test_signals_do_not_inflate_the_rate() -> None:
    """Each change of one in 20 days is signalled and looked at on its day."""
    dice, true, evidence = np.random.default_rng(6), 0.05, Evidence.nothing(300)
    waits = dice.geometric(-math.expm1(-true), (60, 300)).astype(float)
    for days in waits:
        evidence = evidence.after_look(days, [True] * 300, [True] * 300, half_life_days=1e9)
    naive = Evidence.nothing(300)
    for days in waits:
        naive = naive.after_look(days, [True] * 300, half_life_days=1e9)
    assert change_rate(evidence).mean() == pytest.approx(true, rel=0.05)
    assert change_rate(naive).mean() > 1.5 * true


def test_impossible_looks_are_refused() -> None:
    with pytest.raises(InvalidInputError):
        Evidence.of_looks([1, 0, 0, 0], [2, 0, 0, 0])
    with pytest.raises(InvalidInputError):
        Evidence.nothing(1).after_look([0.0], [True])
    with pytest.raises(InvalidInputError):
        Evidence.nothing(1).after_look([float("nan")], [True])


@given(rate=st.floats(0, 2))
def test_the_score_is_the_chance_of_a_change_in_a_week_and_leads_back(rate: float) -> None:
    score = float(volatility_score(rate))
    assert score == pytest.approx(100 * (1 - math.exp(-7 * rate)))
    if score < 99.9999:
        assert float(rate_of_score(score)) == pytest.approx(rate, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("score", [-1.0, 100.0])
def test_a_score_outside_its_range_is_refused(score: float) -> None:
    with pytest.raises(InvalidInputError):
        rate_of_score(score)
