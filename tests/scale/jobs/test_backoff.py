"""Retries are jittered, bounded, and listen to who asks them to wait."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myriad.kit.clock import utc_now
from myriad.kit.errors import InvalidInputError, TooManyRequestsError
from myriad.scale.jobs.backoff import (
    BASE_SECONDS,
    CAP_SECONDS,
    LONGEST_SPREAD_SECONDS,
    SPREAD,
    after_wait,
    full_jitter,
    judge,
)
from myriad.scale.jobs.errors import (
    BudgetExhaustedError,
    DeadlinePassedError,
    PermanentJobError,
    RetryLaterError,
)

_chances = st.floats(0, 1, exclude_max=True)


@settings(deadline=None)
@given(attempt=st.integers(1, 10_000), chance=_chances)
def test_the_delay_lies_between_zero_and_the_doubled_base_or_the_cap(
    attempt: int, chance: float
) -> None:
    delay = full_jitter(attempt, chance)
    assert 0 <= delay < CAP_SECONDS
    assert attempt > 20 or delay < BASE_SECONDS * 2**attempt


@settings(deadline=None)
@given(attempt=st.integers(1, 50))
def test_the_jitter_uses_the_whole_range(attempt: int) -> None:
    assert full_jitter(attempt, 0.0) == 0
    assert full_jitter(attempt, 0.5) * 2 == min(CAP_SECONDS, BASE_SECONDS * 2**attempt)


@settings(deadline=None)
@given(seconds=st.floats(0, 1e6), chance=_chances)
def test_nobody_comes_back_before_the_time_that_was_asked_for(
    seconds: float, chance: float
) -> None:
    assert seconds <= after_wait(seconds, chance) <= seconds * (1 + SPREAD)


def test_being_asked_to_wait_costs_no_attempt() -> None:
    for error in (RetryLaterError(30), TooManyRequestsError("slow down", 30)):
        verdict = judge(error, attempt=3)
        assert verdict.kind == "later"
        assert 30 <= verdict.delay_seconds <= 33
        assert not verdict.costs_an_attempt


def test_a_used_up_budget_waits_for_its_next_period_and_costs_no_attempt() -> None:
    verdict = judge(BudgetExhaustedError(utc_now() + timedelta(hours=5)), attempt=3)
    assert verdict.kind == "budget"
    assert 5 * 3600 - 5 <= verdict.delay_seconds <= 5 * 3600 + LONGEST_SPREAD_SECONDS
    assert not verdict.costs_an_attempt


def test_a_budgets_next_period_needs_a_time_zone() -> None:
    with pytest.raises(InvalidInputError):
        BudgetExhaustedError(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


def test_errors_that_no_retry_can_cure_are_permanent() -> None:
    assert judge(PermanentJobError("gone"), 1).kind == "permanent"
    assert judge(InvalidInputError("bad"), 1).kind == "permanent"
    assert judge(DeadlinePassedError("too late"), 1).kind == "permanent"
    assert judge(KeyError("x"), 1, permanent=(KeyError,)).kind == "permanent"


def test_everything_else_is_tried_again() -> None:
    assert judge(OSError("reset"), 1).kind == "retry"
    assert judge(TimeoutError(), 1).costs_an_attempt
