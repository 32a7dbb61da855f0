"""Planted patterns are found with the right counts, and chance, taste and season are not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from myriad.kit.errors import InvalidInputError
from myriad.products.keeper.patterns import Baskets, mine_pairs, mine_sequences
from myriad.products.keeper.patterns.fisher import upper_tail
from tests.products.keeper.patterns.shops import (
    FIRST_DAY,
    Rows,
    baskets,
    random_rows,
    with_pair,
    with_sequence,
)

_RUNS = 15


@st.composite
def _tables(draw: st.DrawFn) -> tuple[int, int, int, int]:
    total = draw(st.integers(1, 2_000))
    first, second = draw(st.integers(0, total)), draw(st.integers(0, total))
    least, most = max(0, first + second - total), min(first, second)
    return total, first, second, draw(st.integers(least, most))


@given(_tables())
def test_the_exact_test_agrees_with_scipy(table: tuple[int, int, int, int]) -> None:
    total, first, second, both = table
    cells = np.array([[both, first - both], [second - both, total - first - second + both]])
    expected = fisher_exact(cells, alternative="greater").pvalue
    assert upper_tail(*table)[0] == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_what_is_impossible_has_no_chance_and_what_must_be_is_certain() -> None:
    assert upper_tail([10, 10], [3, 6], [4, 7], [4, 3]).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("seed", range(3))
def test_a_planted_pair_is_found_with_its_counts(seed: int) -> None:
    rows = with_pair(random_rows(seed), seed)
    found = mine_pairs(baskets(rows)).found
    assert [(one.first, one.second) for one in found] == [("item 0", "item 1")]
    held = [set(row[3]) for row in rows]
    assert found[0].total == len(rows)
    assert found[0].both_count == sum({"item 0", "item 1"} <= basket for basket in held)
    assert found[0].lift == pytest.approx(
        found[0].both_count * len(rows) / (found[0].first_count * found[0].second_count)
    )
    assert found[0].q_value <= 0.05
    assert min(found[0].lift_early, found[0].lift_late) >= 1.2


def test_a_pair_is_named_the_same_way_whatever_came_first() -> None:
    rows = with_pair(random_rows(1), 1)
    for order in (rows, rows[::-1]):
        (found,) = mine_pairs(baskets(order)).found
        assert (found.first, found.second) == ("item 0", "item 1")


@pytest.mark.parametrize("seed", range(3))
def test_a_planted_sequence_is_found_in_its_order(seed: int) -> None:
    found = mine_sequences(baskets(with_sequence(random_rows(seed, visits=3_000), seed))).found
    assert [(one.first, one.second) for one in found] == [("item 2", "item 3")]
    assert not found[0].either_way
    assert mine_pairs(baskets(random_rows(seed))).found == ()


@pytest.mark.parametrize("world", [{}, {"tastes": True}, {"season": True}])
def test_at_most_a_twentieth_of_random_shops_is_told_anything(world: dict[str, bool]) -> None:
    """Under independence each finding is false, so the share of shops told one bounds the rate."""
    told = 0
    for seed in range(_RUNS):
        shop = baskets(random_rows(1_000 + seed, **world))
        told += bool(mine_pairs(shop).found) + bool(mine_sequences(shop).found)
    assert told <= 0.05 * 2 * _RUNS + 1


def test_a_planted_pair_leaves_the_false_discovery_rate_as_it_is() -> None:
    found = false = 0
    for seed in range(_RUNS):
        pairs = mine_pairs(baskets(with_pair(random_rows(2_000 + seed), seed))).found
        found += len(pairs)
        false += sum({one.first, one.second} != {"item 0", "item 1"} for one in pairs)
    assert found > _RUNS / 2
    assert false / found <= 0.05


def test_a_habit_of_two_people_is_no_pattern() -> None:
    rows = random_rows(5)
    for person in (900, 901):
        for visit in range(40):
            rows.append((person, FIRST_DAY + 18 * visit, 0, ["item 4", "item 5"]))
    assert mine_pairs(baskets(rows)).found == ()


def test_what_holds_in_one_half_of_the_time_only_is_no_pattern() -> None:
    rows = random_rows(6, visits=3_000)
    middle = float(np.median([row[1] for row in rows]))
    early = with_pair([row for row in rows if row[1] <= middle], 6, share=0.6)
    late = [row for row in rows if row[1] > middle]
    assert mine_pairs(baskets(early)).found
    assert mine_pairs(baskets(early + late)).found == ()


def test_two_specialities_of_one_colleague_are_no_pattern() -> None:
    """Every basket of member 9 holds much of both, independently; nobody else sells either."""
    rng, rows = np.random.default_rng(3), random_rows(7)
    for visit in range(400):
        held = [name for name in ("rare 1", "rare 2") if rng.random() < 0.5]
        rows.append((1_000 + visit, FIRST_DAY + int(rng.integers(0, 730)), 9, held or ["other"]))
    without: Rows = [(person, day, None, held) for person, day, _, held in rows]
    assert any("rare 1" in (one.first, one.second) for one in mine_pairs(baskets(without)).found)
    assert mine_pairs(baskets(rows)).found == ()


def test_nothing_or_too_little_finds_nothing() -> None:
    few: Rows = [(1, FIRST_DAY, None, ["a", "b"])] * 9
    empty: Rows = [(None, FIRST_DAY, None, [])] * 50
    nothing: Rows = []
    for rows in (nothing, few, empty):
        assert mine_pairs(baskets(rows)).found == ()
        assert mine_sequences(baskets(rows)).found == ()


def test_a_name_is_one_item_however_it_is_written_and_a_basket_holds_it_once() -> None:
    shop = Baskets.of([(None, FIRST_DAY, None, ["Massage ", "massage", "Oil"])])
    assert shop.items == ("Massage", "Oil")
    assert shop.holds.toarray().tolist() == [[1, 1]]


def test_a_day_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        Baskets.of([(None, -5, None, ["a"])])


def test_visits_of_a_day_are_one_and_the_window_must_have_passed() -> None:
    rows: Rows = []
    for person in range(40):
        rows.append((person, FIRST_DAY, None, ["first"]))
        rows.append((person, FIRST_DAY, None, ["also"]))
        rows.append((person, FIRST_DAY + 30, None, ["second"]))
    assert mine_sequences(baskets(rows)).units == 0
    rows.append((99, FIRST_DAY + 60, None, ["end"]))
    assert mine_sequences(baskets(rows)).units == 40
