"""What to expect of somebody who does what they do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from myriad.products.keeper.team.standardisation import (
    expected_counts,
    poisson_interval,
    standardise_counts,
    standardise_sums,
)


def test_expected_is_own_trials_times_the_teams_rates() -> None:
    """Facials bring half the clients back, waxing a tenth: who waxes is expected to bring fewer."""
    trials = [[90, 10], [10, 90]]
    returned = [[45, 1], [5, 9]]
    found = standardise_counts(returned, trials)
    assert found.expected == pytest.approx([90 * 0.5 + 10 * 0.1, 10 * 0.5 + 90 * 0.1])
    assert found.ratio == pytest.approx([1.0, 1.0])


def test_ten_events_have_garwoods_interval() -> None:
    """90 %: 5.4254 to 16.9622; none: 0 to 2.9957."""
    lo, hi = poisson_interval([10, 0])
    assert (lo[0], hi[0]) == pytest.approx((5.4254, 16.9622), abs=1e-4)
    assert (lo[1], hi[1]) == pytest.approx((0.0, 2.9957), abs=1e-4)


@given(st.integers(1, 500))
def test_the_interval_leaves_a_twentieth_on_either_side(observed: int) -> None:
    """By the definition of an exact interval."""
    lo, hi = poisson_interval([observed])
    assert poisson.sf(observed - 1, lo[0]) == pytest.approx(0.05, abs=1e-6)
    assert poisson.cdf(observed, hi[0]) == pytest.approx(0.05, abs=1e-6)


cells = st.integers(0, 50).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(st.integers(2, 5).flatmap(lambda k: st.lists(
    st.lists(cells, min_size=k, max_size=k), min_size=1, max_size=6)))  # fmt: skip
def test_all_expected_add_up_to_all_observed(team: list[list[tuple[int, int]]]) -> None:
    """Indirect standardisation takes nothing away and adds nothing."""
    table = np.array(team, dtype=float)
    expected = expected_counts(table[:, :, 0], table[:, :, 1])
    assert expected.sum() == pytest.approx(table[:, :, 0].sum())


def test_a_service_that_one_member_alone_does_says_nothing_about_them() -> None:
    """Observed equals expected where there is nobody to compare with."""
    found = standardise_counts([[0, 30], [20, 0]], [[0, 40], [40, 0]])
    assert found.ratio == pytest.approx([1.0, 1.0])
    assert np.all((found.lo < 1) & (found.hi > 1))


def test_money_is_compared_within_services() -> None:
    """Both take the team's price for each service; that one does the dear one is no merit."""
    n = [[10, 0], [0, 10]]
    total = [[500.0, 0], [0, 2000.0]]
    squares = [[25_100.0, 0], [0, 400_400.0]]
    found = standardise_sums(n, total, squares)
    assert found.ratio == pytest.approx([1.0, 1.0])
    assert np.all((found.lo < 1) & (found.hi > 1))


def test_nobody_to_expect_anything_of_has_no_ratio() -> None:
    """Nothing expected: no division by zero, no ratio."""
    found = standardise_counts([[0], [0]], [[10], [10]])
    assert np.isnan(found.ratio).all()
