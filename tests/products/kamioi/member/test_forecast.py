"""What the next fourteen days are expected to pull, and when a pause is advised."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from myriad.kit.ids import new_id
from myriad.products.kamioi.member.forecast import (
    HORIZON_DAYS,
    PACE_DAYS,
    Pull,
    Reason,
    Situation,
    forecast,
)
from myriad.products.kamioi.member.home import Home
from myriad.products.kamioi.money.bank import PaperBank
from myriad.products.kamioi.people import MemberFacts
from myriad.scale.tenancy import TenantId

MONDAY = date(2026, 11, 16)
BANK = PaperBank()
SITUATIONS = st.builds(
    Situation,
    today=st.dates(date(2025, 1, 1), date(2027, 12, 31)),
    waiting_minor=st.integers(-1_000, 20_000),
    sweep_minor=st.integers(100, 5_000),
    guard_minor=st.integers(0, 20_000),
    balance_minor=st.integers(-10_000, 500_000),
    rounded_minor=st.integers(0, 20_000),
    spent_minor=st.integers(-500_000, 500_000),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SITUATIONS)
def test_every_cent_that_waits_is_pulled_once_or_waits_still(facts: Situation) -> None:
    seen = forecast(facts, BANK.settles_on)
    pulled = sum(pull.amount_minor for pull in seen.pulls)
    grown = facts.rounded_minor * HORIZON_DAYS // PACE_DAYS
    assert pulled + seen.days[-1].waiting_minor == facts.waiting_minor + grown


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SITUATIONS)
def test_the_balance_moves_by_spending_and_by_settled_pulls_alone(facts: Situation) -> None:
    seen = forecast(facts, BANK.settles_on)
    settled = sum(one.settled_minor for one in seen.days)
    spent = facts.spent_minor * HORIZON_DAYS // PACE_DAYS
    assert facts.balance_minor is not None
    assert seen.days[-1].balance_minor == facts.balance_minor - spent - settled


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SITUATIONS)
def test_a_pull_is_of_the_threshold_on_a_weekday_and_never_while_another_flies(
    facts: Situation,
) -> None:
    pulls = forecast(facts, BANK.settles_on).pulls
    for pull in pulls:
        assert pull.amount_minor >= facts.sweep_minor
        assert pull.requested_on.weekday() < 5
    for first, second in pairwise(pulls):
        assert second.requested_on > first.settles_on


def test_a_pull_that_would_break_the_guard_is_not_expected() -> None:
    facts = Situation(MONDAY, 900, 500, 2_500, 3_000)
    seen = forecast(facts, BANK.settles_on)
    assert (seen.pulls, seen.reason) == ((), Reason.GUARD)


def test_spending_between_the_request_and_the_settlement_advises_a_pause() -> None:
    facts = Situation(MONDAY, 900, 500, 2_500, 4_000, spent_minor=28_000)
    seen = forecast(facts, BANK.settles_on)
    assert seen.next_pull == Pull(date(2026, 11, 17), date(2026, 11, 19), 900)
    assert seen.short is not None
    assert seen.short.day == date(2026, 11, 19)
    assert seen.short.balance_minor == 4_000 - 3_000 - 900


def test_a_pull_in_flight_is_the_next_one_and_leaves_the_balance_when_it_settles() -> None:
    flying = Pull(MONDAY, MONDAY + timedelta(days=2), 700)
    seen = forecast(Situation(MONDAY, 0, 500, 2_500, 10_000, in_flight=flying), BANK.settles_on)
    assert seen.next_pull == flying
    assert [one.balance_minor for one in seen.days[:3]] == [10_000, 9_300, 9_300]


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (Situation(MONDAY, 900, 500, 0, 9_000, state="paused"), Reason.PAUSED),
        (Situation(MONDAY, 900, 500, 0, 9_000, state="frozen"), Reason.FROZEN),
        (Situation(MONDAY, 900, 500, 0, None), Reason.NO_ACCOUNT),
        (Situation(MONDAY, 900, 500, 0, 9_000, is_read=False), Reason.UNREAD),
        (Situation(MONDAY, 100, 500, 0, 9_000), Reason.BELOW),
        (
            Situation(MONDAY, 900, 500, 0, 9_000, quiet_until=MONDAY + timedelta(days=14)),
            Reason.REFUSED,
        ),
    ],
    ids=["paused", "frozen", "no-account", "unread", "below", "refused"],
)
def test_without_a_pull_the_forecast_says_why(facts: Situation, reason: Reason) -> None:
    assert forecast(facts, BANK.settles_on).reason == reason


@pytest.mark.parametrize(
    ("waiting", "said"),
    [(900, "$9.00 will be pulled on"), (44, "At this pace about $6.44 is pulled on Mon 23 Nov")],
)
def test_a_pull_of_what_is_not_rounded_up_yet_is_told_as_expected(waiting: int, said: str) -> None:
    facts = Situation(MONDAY, waiting, 500, 2_500, 100_000, rounded_minor=2_800)
    member = MemberFacts(
        TenantId(new_id()), new_id(), new_id(), "Ann", "USD", "America/New_York", "active"
    )
    seen = forecast(facts, BANK.settles_on)
    home = Home(member, MONDAY, facts, seen, 0, 0, "", None, 0, 0, 0, 0, 0, ())
    assert home.answer.startswith(said)
