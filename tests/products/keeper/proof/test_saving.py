"""What calls bring is never told without its interval, and not before there are enough people."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from myriad.products.keeper.proof.accuracy import is_credibly_low, reason_to_mute
from myriad.products.keeper.proof.playbooks import PlaybookArms, draw_shares, pooled_uplift
from myriad.products.keeper.proof.saving import (
    MINIMUM_HELD_OUT,
    ArmTotals,
    measure_effect,
    money_saved,
    people_needed,
)

counts = st.lists(
    st.integers(0, 50).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), max_size=6
)


def arm(people: int, returned: int, cents: int = 9_000) -> ArmTotals:
    return ArmTotals(people, returned, returned * cents, returned * cents * cents)


@given(st.integers(0, MINIMUM_HELD_OUT - 1), st.integers(0, 300))
def test_it_is_too_early_with_fewer_than_ten_held_out(held_out: int, called: int) -> None:
    effect = measure_effect(arm(called, called // 2), arm(held_out, 0))
    assert effect.verdict == "too_early"
    assert effect.money is None
    assert money_saved(effect, called) is None
    assert effect.people_needed >= 10


def test_a_clear_difference_is_saved_money_with_bounds_around_it() -> None:
    effect = measure_effect(arm(450, 250), arm(50, 10))
    assert effect.verdict == "saved"
    assert effect.people_needed == 0
    saved = money_saved(effect, 100)
    assert saved is not None
    estimate, low, high = saved
    assert 0 < low < estimate < high
    assert estimate == round(100 * (250 / 450 - 10 / 50) * 9_000)


def test_calls_that_keep_people_away_are_told_as_lost_money() -> None:
    assert measure_effect(arm(450, 20), arm(50, 25)).verdict == "lost"


def test_a_small_difference_is_unclear_and_says_how_many_more_people() -> None:
    effect = measure_effect(arm(90, 30), arm(10, 3))
    assert effect.verdict == "unclear"
    assert effect.people_needed == people_needed(33 / 100, 100) > 0


@given(st.floats(0, 1), st.integers(0, 5000))
def test_people_needed_shrink_to_nothing_as_people_come(share: float, have: int) -> None:
    needed = people_needed(share, have)
    assert needed >= 0
    assert people_needed(share, have + needed) == 0


def test_two_hundred_returns_among_a_thousand_show_fifteen_points_four_times_in_five() -> None:
    chance = np.random.default_rng(8)
    total = people_needed(0.2, 0)
    found, rounds = 0, 400
    for _ in range(rounds):
        called = int(chance.binomial(total * 9 // 10, 0.30))
        held = int(chance.binomial(total // 10, 0.15))
        rate = measure_effect(arm(total * 9 // 10, called), arm(total // 10, held)).rate
        found += rate is not None and rate.low > 0
    assert 0.7 < found / rounds < 0.95


def test_a_kind_of_call_with_few_people_is_drawn_toward_the_others() -> None:
    groups = [
        PlaybookArms("slowing", (120, 300), (6, 30)),
        PlaybookArms("lapsed", (2, 3), (0, 1)),
    ]
    found = {one.playbook: one.uplift for one in pooled_uplift(groups)}
    raw = 2 / 3 - 0 / 1
    assert found["slowing"].estimate < found["lapsed"].estimate < raw
    assert found["lapsed"].high - found["lapsed"].low > found["slowing"].high - found["slowing"].low
    assert pooled_uplift(groups) == pooled_uplift(groups)


def test_a_kind_without_people_stands_where_all_stand() -> None:
    groups = [PlaybookArms("slowing", (120, 300), (20, 60)), PlaybookArms("lapsed", (0, 0), (0, 0))]
    nothing = pooled_uplift(groups)[1]
    assert nothing.called == nothing.held_out == 0
    assert nothing.uplift.low < 0 < nothing.uplift.high


def test_planted_uplifts_are_held_nine_times_in_ten() -> None:
    chance = np.random.default_rng(21)
    truth = {"slowing": (0.5, 0.3), "likely_lapsed": (0.35, 0.25), "lapsed": (0.15, 0.1)}
    held = total = 0
    for _ in range(100):
        groups = [
            PlaybookArms(
                name,
                (int(chance.binomial(270, called)), 270),
                (int(chance.binomial(30, rest)), 30),
            )
            for name, (called, rest) in truth.items()
        ]
        for one in pooled_uplift(groups):
            called, rest = truth[one.playbook]
            held += one.uplift.low <= called - rest <= one.uplift.high
            total += 1
    assert 0.83 < held / total < 0.97


@given(counts)
def test_shares_are_drawn_between_nothing_and_all(groups: list[tuple[int, int]]) -> None:
    drawn = draw_shares(groups, np.random.default_rng(1))
    assert drawn.shape[0] == len(groups)
    assert ((drawn >= 0) & (drawn <= 1)).all()


def test_a_kind_falls_silent_only_when_even_its_upper_bound_is_below_the_goal() -> None:
    assert not is_credibly_low(0, 7)
    assert is_credibly_low(3, 8)
    assert not is_credibly_low(4, 8)
    assert is_credibly_low(12, 24)
    assert not is_credibly_low(16, 24)
    assert "3 of 8 came true" in reason_to_mute(3, 8)
