"""Confidence rises with the score, and audits alone let a method decide."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.products.kamioi.mapping.confidence import (
    AUTO_FROM,
    band,
    bin_of,
    calibration_error,
    fit,
    may_decide_alone,
    wilson,
)

SCORED = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


@given(SCORED, st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_a_curve_never_falls_and_stays_within_0_and_1(
    scored: list[tuple[float, bool]], asked: list[float]
) -> None:
    curve = fit(scored)
    values = [curve(score) for score in sorted(asked)]
    assert values == sorted(values)
    assert all(0 < value < 1 for value in values)


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_interval_holds_the_share(right: int, wrong: int) -> None:
    total = right + wrong
    low, high = wilson(right, total)
    assert -1e-9 <= low <= high <= 1 + 1e-9
    if total:
        assert low - 1e-9 <= right / total <= high + 1e-9


def test_wilson_gives_the_published_interval() -> None:
    # Newcombe 1998, table I: 81 of 263.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


@pytest.mark.parametrize(
    ("right", "total", "alone"),
    [(0, 0, False), (100, 100, False), (189, 189, True), (995, 1000, True), (985, 1000, False)],
)
def test_a_method_decides_alone_only_where_its_audits_allow(
    right: int, total: int, alone: bool
) -> None:
    assert may_decide_alone(right, total) is alone
    assert alone is (wilson(right, total)[0] >= AUTO_FROM)


def test_bands_are_named_as_the_field_names_them() -> None:
    assert [band(value) for value in (0.99, 0.98, 0.9, 0.5, 0.1)] == [
        "very_high",
        "high",
        "medium",
        "medium",
        "low",
    ]


def test_bins_cover_every_score() -> None:
    assert [bin_of(score) for score in (-1.0, 0.0, 0.05, 0.95, 1.0, 2.0)] == [0, 0, 0, 9, 9, 9]


def test_calibration_error_is_the_gap_between_belief_and_truth() -> None:
    assert calibration_error([(0.8, True)] * 8 + [(0.8, False)] * 2) == pytest.approx(0)
    assert calibration_error([(0.95, False)] * 10) == pytest.approx(0.95)
    assert calibration_error([]) == 0


def test_a_curve_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="audited"):
        fit([])
