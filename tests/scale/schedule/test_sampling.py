"""A sample keeps both of its errors in every population, and its order can be drawn again."""

from __future__ import annotations

import math
import random
from collections import Counter
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myriad.kit.errors import InvalidInputError
from myriad.scale.schedule.sampling import (
    SamplingPlan,
    Verdict,
    detection_size,
    draw_sample,
    fixed_plan,
    plan_for,
    sequential_test,
)

_DAY = date(2026, 5, 1)


@pytest.mark.parametrize(
    ("population", "share", "looks"),
    [
        (20, 0.05, 16),
        (50, 0.05, 31),
        (100, 0.05, 39),
        (200, 0.05, 47),
        (500, 0.05, 54),
        (1_000, 0.05, 56),
        (5_000, 0.05, 58),
        (50, 0.10, 19),
        (100, 0.10, 23),
        (500, 0.10, 28),
        (5_000, 0.10, 29),
        (10**9, 0.05, 59),
        (10**9, 0.10, 29),
    ],
)
def test_the_sizes_that_find_any_change_are_hypergeometric(
    population: int, share: float, looks: int
) -> None:
    assert detection_size(population, share) == looks


@pytest.mark.parametrize(
    ("p0", "p1", "expected"),
    [(0.01, 0.05, (181, 4)), (0.01, 0.10, (61, 2)), (0.02, 0.10, (89, 4))],
)
def test_the_fixed_plans_of_a_large_population_come_out(
    p0: float, p1: float, expected: tuple[int, int]
) -> None:
    assert fixed_plan(SamplingPlan(p0, p1)) == expected


def test_a_small_population_needs_a_smaller_fixed_plan() -> None:
    looks, most = fixed_plan(SamplingPlan(0.01, 0.05), 1_000)
    assert (looks, most) == (146, 3)


@settings(max_examples=60, deadline=None)
@given(population=st.integers(100, 3_000))
def test_both_errors_hold_exactly_in_every_population(population: int) -> None:
    plan = plan_for(population)
    assert plan is not None
    test = sequential_test(plan, population)
    quiet, _ = test.operating_point(math.floor(plan.p0 * population))
    loud, _ = test.operating_point(math.ceil(plan.p1 * population))
    assert quiet <= plan.alpha
    assert 1 - loud <= plan.beta


@settings(max_examples=30, deadline=None)
@given(
    population=st.integers(100, 2_000),
    p0=st.floats(0.005, 0.05),
    gap=st.floats(0.05, 0.3),
    errors=st.floats(0.005, 0.2),
)
def test_any_plan_keeps_its_promise_or_says_that_it_cannot(
    population: int, p0: float, gap: float, errors: float
) -> None:
    plan = SamplingPlan(p0, p0 + gap, errors, errors)
    test = sequential_test(plan, population)
    assert test.operating_point(math.floor(p0 * population))[0] <= errors
    assert 1 - test.operating_point(math.ceil((p0 + gap) * population))[0] <= errors


def test_the_exact_error_is_what_drawing_shows() -> None:
    test, dice, rescans, rounds = (
        sequential_test(SamplingPlan(0.01, 0.1), 300),
        random.Random(1),
        0,
        4000,
    )
    for _ in range(rounds):
        world, changed, looked = [True] * 20 + [False] * 280, 0, 0
        dice.shuffle(world)
        while test.decide(looked, changed) is Verdict.CONTINUE:
            changed += world[looked]
            looked += 1
        rescans += test.decide(looked, changed) is Verdict.RESCAN
    assert rescans / rounds == pytest.approx(test.operating_point(20)[0], abs=0.03)


@pytest.mark.parametrize(("population", "looks"), [(100, 28), (500, 31), (1_000, 71)])
def test_a_quiet_day_costs_few_looks(population: int, looks: int) -> None:
    plan = plan_for(population)
    assert plan is not None
    rescan, expected = sequential_test(plan, population).operating_point(0)
    assert rescan == 0
    assert expected == pytest.approx(looks)


@settings(max_examples=50, deadline=None)
@given(population=st.integers(100, 1_000))
def test_a_test_always_ends_by_its_cap(population: int) -> None:
    plan = plan_for(population)
    assert plan is not None
    test = sequential_test(plan, population)
    for changed in range(test.cap + 1):
        assert test.decide(test.cap, changed) is not Verdict.CONTINUE
    assert all(later >= earlier for earlier, later in pairwise(test.rest_at))
    assert all(rest < rescan for rest, rescan in zip(test.rest_at, test.rescan_at, strict=True))
    with pytest.raises(InvalidInputError):
        test.decide(5, 6)


def test_the_rule_of_sizes_decides_whether_to_sample_and_for_what() -> None:
    """C-X4: below 100 a sample saves nothing worth its error."""
    assert plan_for(99) is None
    assert [plan.p1 for n in (100, 500, 501) if (plan := plan_for(n))] == [0.10, 0.10, 0.05]


@pytest.mark.parametrize(
    ("p0", "p1", "alpha"), [(0.05, 0.01, 0.05), (0, 0.1, 0.05), (0.01, 0.1, 1)]
)
def test_a_plan_that_promises_nothing_is_refused(p0: float, p1: float, alpha: float) -> None:
    with pytest.raises(InvalidInputError, match="0 < p0 < p1 < 1"):
        SamplingPlan(p0, p1, alpha)


@given(population=st.integers(1, 40))
def test_a_tiny_population_is_looked_at_until_the_answer_is_sure(population: int) -> None:
    test = sequential_test(SamplingPlan(0.01, 0.10), population)
    assert test.cap <= population
    assert test.operating_point(0)[0] == 0
    assert test.operating_point(population)[0] == pytest.approx(1)
    with pytest.raises(InvalidInputError):
        sequential_test(SamplingPlan(0.01, 0.10), 0)


def test_the_order_is_drawn_again_from_its_seed_and_differs_by_day_and_tenant() -> None:
    things, strata = [f"q{n}" for n in range(300)], [n % 3 for n in range(300)]
    sample = draw_sample(things, strata, _DAY, "tenant")
    assert draw_sample(list(reversed(things)), list(reversed(strata)), _DAY, "tenant") == sample
    assert sorted(map(str, sample.order)) == sorted(things)
    others = [
        draw_sample(things, strata, date(2026, 5, 2), "tenant"),
        draw_sample(things, strata, _DAY, "other"),
    ]
    assert all(other.order != sample.order and other.seed != sample.seed for other in others)
    with pytest.raises(InvalidInputError):
        draw_sample(things, strata[1:], _DAY, "tenant")


@given(
    sizes=st.lists(st.integers(1, 200), min_size=1, max_size=5),
    share=st.floats(0, 1),
    name=st.text(max_size=5),
)
def test_each_beginning_holds_every_stratum_in_proportion(
    sizes: list[int], share: float, name: str
) -> None:
    strata = [stratum for stratum, size in enumerate(sizes) for _ in range(size)]
    sample = draw_sample(range(len(strata)), strata, _DAY, name)
    begun = round(share * len(strata))
    held = Counter(strata[int(str(thing))] for thing in sample.order[:begun])
    for stratum, size in enumerate(sizes):
        assert abs(held[stratum] - begun * size / len(strata)) <= 1 + len(sizes)


def test_every_thing_is_as_likely_to_come_first() -> None:
    things, strata = list(range(20)), [0] * 20
    firsts = Counter(draw_sample(things, strata, _DAY, str(n)).order[0] for n in range(4000))
    assert set(firsts) == set(things)
    assert max(firsts.values()) < 2 * min(firsts.values())
