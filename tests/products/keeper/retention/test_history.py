"""From visits to what the models read, against the plain definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myriad.kit.errors import InvalidInputError
from myriad.products.keeper.retention.history import Visits, group_median, history_at, stayed_away

rows = st.lists(
    st.tuples(st.integers(0, 5), st.integers(1, 120), st.integers(0, 10_000)),
    min_size=1,
    max_size=60,
    unique_by=lambda row: row[:2],
)


@settings(deadline=None)
@given(rows, st.integers(1, 130))
def test_history_agrees_with_the_definitions(
    visits: list[tuple[int, int, int]], as_of: int
) -> None:
    history = history_at(Visits.of(*zip(*visits, strict=True)), as_of)
    people = sorted({person for person, day, _ in visits if day <= as_of})
    assert history.person.tolist() == people
    for row, person in enumerate(people):
        mine = sorted((day, net) for who, day, net in visits if who == person and day <= as_of)
        days, nets = [day for day, _ in mine], [net for _, net in mine]
        assert history.x[row] == len(days) - 1
        assert history.t_x[row] == pytest.approx((days[-1] - days[0]) / 7)
        assert history.age[row] == pytest.approx((as_of - days[0]) / 7)
        assert history.gap[row] == as_of - days[-1]
        assert history.mean_spend[row] == pytest.approx(np.mean(nets))
        _check_repeats(history.median_interval[row], history.mad_interval[row], days)
        if len(days) > 1:
            assert history.mean_repeat_spend[row] == pytest.approx(np.mean(nets[1:]), abs=1e-6)


def _check_repeats(median: float, mad: float, days: list[int]) -> None:
    between = np.diff(days)
    if between.size:
        assert median == np.median(between)
        assert mad == np.median(np.abs(between - np.median(between)))
    else:
        assert np.isnan([median, mad]).all()


@settings(deadline=None)
@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(visits: list[tuple[int, int, int]], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = random.sample(visits, len(visits))
    one = history_at(Visits.of(*zip(*visits, strict=True)), 100)
    other = history_at(Visits.of(*zip(*shuffled, strict=True)), 100)
    for name in ("person", "x", "t_x", "age", "gap", "median_interval", "mean_spend"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_two_payments_on_one_day_are_one_visit_whose_net_adds_up() -> None:
    history = history_at(Visits.of([0, 0, 0], [5, 5, 12], [100, 50, 70]), 20)
    assert (history.x[0], history.mean_spend[0], history.mean_repeat_spend[0]) == (1, 110, 70)


def test_negative_net_is_set_aside_and_counted() -> None:
    visits = Visits.of([0, 0, 1], [5, 9, 5], [100, -40, 30])
    assert visits.negative_net == 1
    assert history_at(visits, 20).x.tolist() == [0, 0]


def test_a_refund_on_the_day_of_the_visit_only_lowers_its_net() -> None:
    visits = Visits.of([0, 0], [5, 5], [100, -40])
    assert (visits.net.tolist(), visits.negative_net) == ([60.0], 0)


def test_future_dates_are_never_read() -> None:
    known = Visits.of([0, 1], [5, 9], [1, 1])
    more = Visits.of([0, 1, 0, 2], [5, 9, 50, 60], [1, 1, 9, 9])
    then, now = history_at(known, 20), history_at(more, 20)
    assert then.person.tolist() == now.person.tolist()
    np.testing.assert_array_equal(then.x, now.x)


def test_who_comes_on_the_last_day_of_the_horizon_has_not_stayed_away() -> None:
    visits = Visits.of([0, 1, 2, 0, 1], [1, 1, 1, 20, 21], [1] * 5)
    history = history_at(visits, 10)
    assert stayed_away(visits, history, 10).tolist() == [False, True, True]


def test_no_visits_are_an_empty_history() -> None:
    assert history_at(Visits.of([], [], []), 10).customers == 0


@pytest.mark.parametrize(
    ("person", "day", "net"),
    [([0, 1], [5], [1, 1]), ([-1], [5], [1]), ([0], [5.5], [1]), ([0], [5], [np.nan])],
)
def test_columns_that_cannot_be_read_are_refused(
    person: list[int], day: list[float], net: list[float]
) -> None:
    with pytest.raises(InvalidInputError):
        Visits.of(person, day, net)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.floats(-1e6, 1e6)), max_size=40))
def test_group_median_is_the_median_of_each_group(pairs: list[tuple[int, float]]) -> None:
    group = np.array([key for key, _ in pairs], dtype=np.int64)
    values = np.array([value for _, value in pairs], dtype=float)
    found = group_median(values, group, 5)
    for key in range(5):
        mine = values[group == key]
        assert np.isnan(found[key]) if not mine.size else found[key] == np.median(mine)
