"""Intervals keep their promise: nine in ten hold the truth, and a planted effect is found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from myriad.kit.errors import InvalidInputError
from myriad.products.keeper.proof.intervals import (
    Interval,
    Moments,
    mean_difference,
    newcombe,
    wilson,
)

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def spending(chance: np.random.Generator, people: int, share: float) -> NDArray[np.float64]:
    """Return what people bring in cents: most nothing, the others a few visits."""
    comes = chance.random(people) < share
    visits = chance.poisson(0.8, people) + 1
    return np.asarray(np.where(comes, visits * chance.gamma(4, 2_000, people), 0.0))


def moments(values: NDArray[np.float64]) -> Moments:
    return Moments(len(values), float(values.sum()), float((values**2).sum()))


@given(counts)
def test_wilson_holds_the_share_and_stays_between_nothing_and_all(count: tuple[int, int]) -> None:
    found = wilson(*count)
    assert 0 <= found.low <= found.estimate <= found.high <= 1
    assert found.low < found.high


@given(counts, counts)
def test_newcombe_is_the_same_seen_from_the_other_side(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    one, two = newcombe(first, second), newcombe(second, first)
    assert -1 <= one.low <= one.estimate <= one.high <= 1
    assert one.low == pytest.approx(-two.high)
    assert one.high == pytest.approx(-two.low)


def test_newcombe_agrees_with_the_published_example() -> None:
    # Newcombe (1998), table II, case (a): 56/70 - 48/80, method 10, at 95 %: 0.0524 to 0.3339.
    # Our level is 90 %, so the interval lies inside of it and is about 1.645/1.96 as wide.
    found = newcombe((56, 70), (48, 80))
    assert found.estimate == pytest.approx(0.2)
    assert 0.0524 < found.low < 0.2 < found.high < 0.3339
    assert (found.high - found.low) / (0.3339 - 0.0524) == pytest.approx(1.645 / 1.96, abs=0.01)


@pytest.mark.parametrize("count", [(1, 0), (-1, 5), (6, 5)])
def test_a_share_of_nobody_is_refused(count: tuple[int, int]) -> None:
    with pytest.raises(InvalidInputError):
        wilson(*count)


def test_a_mean_of_one_person_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        mean_difference(Moments(9, 1.0, 1.0), Moments(1, 1.0, 1.0))


@pytest.mark.parametrize(("held_out", "share"), [(10, 0.3), (20, 0.1), (40, 0.3), (40, 0.1)])
def test_without_an_effect_nine_intervals_in_ten_hold_zero(held_out: int, share: float) -> None:
    chance = np.random.default_rng(held_out)
    rounds = 600
    money = rate = 0
    for _ in range(rounds):
        called, held = (spending(chance, n, share) for n in (9 * held_out, held_out))
        money += mean_difference(moments(called), moments(held)).holds_zero
        rate += newcombe(
            (int((called > 0).sum()), len(called)), (int((held > 0).sum()), len(held))
        ).holds_zero
    # The standard error of 600 rounds is 1.2 points.
    assert 0.86 < money / rounds < 0.95
    assert 0.86 < rate / rounds < 0.96


def test_a_planted_effect_is_found_and_its_size_is_held() -> None:
    chance = np.random.default_rng(3)
    rounds, found, held = 200, 0, 0
    truth = (0.55 - 0.25) * 1.8 * 8_000
    for _ in range(rounds):
        money = mean_difference(
            moments(spending(chance, 540, 0.55)), moments(spending(chance, 60, 0.25))
        )
        found += money.low > 0
        held += money.low <= truth <= money.high
    assert found / rounds > 0.9
    assert held / rounds > 0.87


def test_times_scales_all_three() -> None:
    assert Interval(2.0, -1.0, 5.0).times(3) == Interval(6.0, -3.0, 15.0)
