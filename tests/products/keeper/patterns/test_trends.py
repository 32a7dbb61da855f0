"""Trends are told when they are there, with an interval that holds, and seldom otherwise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import theilslopes

from myriad.products.keeper.patterns import judge_trends
from myriad.products.keeper.patterns.trends import MINIMUM_WEEKS

_RUNS = 120


def _weeks(seed: int, weeks: int, slope: float = 0.0, memory: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    noise, last = np.empty(weeks), 0.0
    for place, shock in enumerate(rng.normal(size=weeks)):
        last = memory * last + shock * np.sqrt(1 - memory**2)
        noise[place] = last
    return 100 + slope * np.arange(weeks) + 10 * noise


def test_the_slope_is_theils_and_sens() -> None:
    values = _weeks(1, 40, 0.5)
    (trend,) = judge_trends({"visits": values})
    expected = theilslopes(values)
    assert trend.slope == pytest.approx(expected.slope)
    assert trend.low < trend.slope < trend.high
    assert (trend.method, trend.weeks) == ("plain", 40)


@pytest.mark.parametrize(("weeks", "memory"), [(52, 0.0), (52, 0.5), (104, 0.5)])
def test_without_a_trend_few_accounts_are_told_one(weeks: int, memory: float) -> None:
    told = 0
    for seed in range(_RUNS):
        series = {name: _weeks(10 * seed + place, weeks, 0, memory) for place, name in _names()}
        told += any(trend.clear for trend in judge_trends(series))
    assert told / _RUNS <= 0.1


def _names() -> list[tuple[int, str]]:
    return list(enumerate(("takings", "visits", "new", "ticket", "retail")))


@pytest.mark.parametrize("weeks", [52, 104])
def test_the_interval_covers_and_a_strong_trend_is_told(weeks: int) -> None:
    covered = told = 0
    for seed in range(_RUNS):
        (trend,) = judge_trends({"visits": _weeks(seed, weeks, 1.0, 0.2)})
        covered += trend.low <= 1.0 <= trend.high
        told += trend.clear
    assert covered / _RUNS >= 0.88
    assert told / _RUNS >= 0.95


def test_a_season_is_no_trend_once_there_is_a_year_to_compare() -> None:
    season = 40 * np.sin(np.arange(90) * 2 * np.pi / 52)
    (trend,) = judge_trends({"visits": _weeks(3, 90) + season})
    assert (trend.method, trend.clear) == ("season", False)


def test_a_week_that_is_missing_or_mad_moves_little() -> None:
    values = _weeks(4, 52, 1.0)
    (plain,) = judge_trends({"visits": values})
    values[20], values[30] = np.nan, 10_000
    (odd,) = judge_trends({"visits": values})
    assert odd.slope == pytest.approx(plain.slope, rel=0.2)
    assert odd.weeks == 51


def test_too_few_weeks_and_a_flat_line_say_nothing() -> None:
    assert judge_trends({"visits": _weeks(5, MINIMUM_WEEKS - 1)}) == ()
    (flat,) = judge_trends({"visits": np.full(60, 7.0)})
    assert (flat.slope, flat.p_value, flat.clear) == (0.0, 1.0, False)
    assert judge_trends({}) == ()
