"""The pace to a goal: a number with its interval, or that it is too early to say."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.products.keeper.pacing import month_of, pace, project, week_of
from myriad.products.keeper.reports import goal_words

DAY = date(2025, 6, 18)
USUAL = (0, 400_00, 500_00, 500_00, 700_00, 900_00, 300_00)


def takings(days: int, seed: int = 3, last: date = DAY) -> dict[date, int]:
    """Return takings of `days` days up to the last with a weekly rhythm and noise."""
    chance = random.Random(seed)
    found = [last - timedelta(days=n) for n in range(days)]
    return {day: round(USUAL[day.weekday()] * chance.uniform(0.7, 1.3)) for day in found}


def test_the_pace_is_what_came_and_what_the_same_weekdays_bring() -> None:
    """With the same takings each weekday the expectation is exact and the interval closes."""
    amounts = {
        DAY - timedelta(days=n): USUAL[(DAY - timedelta(days=n)).weekday()] for n in range(84)
    }
    month = month_of(DAY, DAY)
    whole = sum(USUAL[(month.first + timedelta(days=n)).weekday()] for n in range(30))
    found = pace("takings", whole, month, amounts, currency="USD")
    assert (found.expected, found.low, found.high) == (whole, whole, whole)
    assert found.verdict == "on_course"


@pytest.mark.parametrize("days", [0, 5, 27])
def test_under_four_weeks_it_is_too_early_to_say(days: int) -> None:
    """What came is told, where it leads is not."""
    found = pace("takings", 10**7, month_of(DAY, DAY), takings(days), currency="USD")
    assert found.verdict == "too_early"
    assert found.expected is found.low is found.high is None
    assert "Too early" in goal_words.pace(found)


def test_the_interval_holds_nine_times_in_ten() -> None:
    """Of 400 months of chance the end lies within the bounds in 86 to 95 %."""
    held = 0
    month = month_of(DAY, DAY)
    for seed in range(400):
        amounts = takings(96, seed, month.last)
        known = {day: value for day, value in amounts.items() if day <= DAY}
        found = pace("takings", 10**9, month, known, currency="USD")
        end = sum(value for day, value in amounts.items() if day >= month.first)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= end <= found.high
    assert 0.86 <= held / 400 <= 0.95


def test_weeks_that_swing_together_widen_the_interval() -> None:
    """Days that follow good and bad weeks say less than as many days on their own."""
    alone = takings(84)
    swing = {
        day: round(v * (1.5 if day.isocalendar().week % 2 else 0.5)) for day, v in alone.items()
    }
    ahead = month_of(DAY, DAY).ahead
    calm, rough = project(sorted(alone.items()), ahead), project(sorted(swing.items()), ahead)
    assert calm
    assert rough
    assert rough.high - rough.low > 1.5 * (calm.high - calm.low)


def test_a_closed_day_ahead_brings_nothing() -> None:
    """A Saturday on which the business is closed lowers what is expected by a Saturday."""
    amounts = takings(84)
    month = month_of(DAY, DAY)
    saturday = date(2025, 6, 28)
    opened = pace("takings", 10**9, month, amounts, currency="USD")
    shut = pace("takings", 10**9, month, amounts, closed={saturday}, currency="USD")
    assert opened.expected
    assert shut.expected
    assert opened.expected - shut.expected == pytest.approx(90_000, rel=0.2)


def test_a_goal_that_is_reached_needs_no_pace_and_one_whose_time_is_over_has_none() -> None:
    """Reached stays reached; after the last day a goal was missed."""
    amounts = takings(84)
    assert pace("takings", 100, month_of(DAY, DAY), amounts, currency="USD").verdict == "reached"
    end = date(2025, 6, 15)
    assert pace("calls", 10**9, week_of(end, end), amounts, currency="USD").verdict == "missed"


@given(
    st.dictionaries(st.integers(0, 83), st.integers(0, 10**9), max_size=84),
    st.integers(1, 10**10),
)
def test_bounds_are_in_order_and_hold_the_verdict(days: dict[int, int], goal: int) -> None:
    """Whatever came: low <= expected <= high, all at least what came, and the verdict follows."""
    amounts = {DAY - timedelta(days=n): value for n, value in days.items()}
    found = pace("takings", goal, month_of(DAY, DAY), amounts, currency="USD")
    if found.expected is not None and found.low is not None and found.high is not None:
        assert found.so_far <= found.low <= found.expected <= found.high
        assert (found.verdict == "on_course") == (found.low >= goal)
        assert (found.verdict == "behind") == (found.high < goal)
    else:
        assert found.verdict in ("reached", "too_early", "missed")
