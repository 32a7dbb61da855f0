"""An order only where intervals separate."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from myriad.products.keeper.team.grouping import group_by_separation

intervals = st.lists(
    st.tuples(st.floats(0, 1), st.floats(0, 1)).map(lambda pair: (min(pair), max(pair))),
    max_size=12,
)


def test_overlapping_intervals_are_one_group() -> None:
    """No difference can be told."""
    assert group_by_separation([(0.1, 0.4), (0.3, 0.6)]) == [[1, 0]]


def test_a_gap_makes_two_groups_the_best_first() -> None:
    """And where less is better, the other way round."""
    apart = [(0.1, 0.2), (0.5, 0.6), (0.15, 0.25)]
    assert group_by_separation(apart) == [[1], [2, 0]]
    assert group_by_separation(apart, more_is_better=False) == [[0, 2], [1]]


def test_a_chain_is_one_group() -> None:
    """The ends differ, but the one between them belongs to both."""
    assert len(group_by_separation([(0.1, 0.3), (0.25, 0.5), (0.45, 0.7)])) == 1


@given(intervals)
def test_everybody_is_in_one_group_and_groups_do_not_touch(
    pairs: list[tuple[float, float]],
) -> None:
    """Whoever stands in a better group has an interval wholly above all of the worse ones."""
    groups = group_by_separation(pairs)
    assert sorted(place for group in groups for place in group) == list(range(len(pairs)))
    for better, worse in pairwise(groups):
        assert min(pairs[p][0] for p in better) > max(pairs[p][1] for p in worse)


@given(intervals)
def test_the_order_of_arrival_does_not_matter(pairs: list[tuple[float, float]]) -> None:
    """The same intervals make the same groups."""
    ahead = [{pairs[p] for p in group} for group in group_by_separation(pairs)]
    behind = [{pairs[::-1][p] for p in group} for group in group_by_separation(pairs[::-1])]
    assert ahead == behind
