"""Returns are those of the field's definitions, whatever came in and went out."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from math import expm1, inf, isclose, log1p, prod

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from myriad.products.kamioi.money import returns
from myriad.products.kamioi.money.returns import CashFlow, DayValue

DAY = date(2024, 1, 1)
prices = st.lists(st.integers(1_000, 1_000_000), min_size=2, max_size=30)
flows = st.lists(
    st.tuples(st.integers(0, 4000), st.integers(-(10**9), 10**9)), min_size=2, max_size=12
)


def _days(*rows: tuple[int, int, int]) -> list[DayValue]:
    return [DayValue(DAY + timedelta(days=at), *row) for at, row in enumerate(rows)]


def _flows(rows: list[tuple[int, int]]) -> list[CashFlow]:
    return [CashFlow(DAY + timedelta(days=at), amount) for at, amount in rows]


@settings(max_examples=40)
@given(prices, st.data())
def test_time_weighted_return_is_that_of_the_price_whatever_was_paid_in(
    closes: list[int], data: st.DataObject
) -> None:
    # One share costs the close of the day before; it is bought and sold in whole numbers.
    shares, rows = 0, []
    for before, close in pairwise(closes):
        bought = data.draw(st.integers(0 if shares else 1, 50))
        sold = data.draw(st.integers(0, shares + bought - 1))
        rows.append(((shares + bought - sold) * close, bought * before, sold * close))
        shares += bought - sold
    found = returns.time_weighted(_days(*rows))
    assert isclose(found, closes[-1] / closes[0] - 1, rel_tol=1e-9, abs_tol=1e-9)


@given(st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=30))
def test_days_are_linked(rates: list[float]) -> None:
    value, rows = 10**15, [(10**15, 10**15, 0)]
    for rate in rates:
        value = round(value * (1 + rate))
        rows.append((value, 0, 0))
    found = list(returns.daily_returns(_days(*rows)))
    assert isclose(found[-1].total_return, prod(1 + rate for rate in rates) - 1, abs_tol=1e-9)
    assert isclose(prod(1 + day.day_return for day in found) - 1, found[-1].total_return)


def test_a_dividend_counts_and_a_total_loss_is_final() -> None:
    paid = _days((10_000, 10_000, 0), (9_900, 0, 100))
    assert isclose(returns.time_weighted(paid), 0.0, abs_tol=1e-12)
    lost = _days((10_000, 10_000, 0), (0, 0, 0), (0, 0, 0), (5_000, 5_000, 0))
    assert returns.time_weighted(lost) == -1.0
    assert returns.time_weighted([]) == 0.0


@settings(max_examples=40)
@given(flows)
def test_at_the_rate_that_is_found_all_payments_come_to_nothing(
    rows: list[tuple[int, int]],
) -> None:
    made = _flows(rows)
    rate = returns.xirr(made)
    assume(rate is not None and -0.99 < rate < 1e6)
    assert rate is not None
    first = min(flow.day for flow in made)
    size = sum(
        abs(flow.amount_minor) * (1 + rate) ** (-(flow.day - first).days / 365) for flow in made
    )
    assert abs(returns.present_value(made, rate)) <= 1e-9 * size


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.integers(1, 8000))
def test_one_payment_and_what_it_became_have_the_rate_of_the_formula(
    paid: int, back: int, days: int
) -> None:
    rate = returns.xirr(_flows([(0, -paid), (days, back)]))
    growth = log1p(back / paid - 1) * 365 / days
    assert rate is not None
    if growth > 700:
        assert rate == inf or rate > 1e300
    else:
        assert isclose(rate, expm1(growth), rel_tol=1e-7, abs_tol=1e-9)
    total = returns.money_weighted(_flows([(0, -paid), (days, back)]))
    assert total is not None
    assert isclose(total, back / paid - 1, rel_tol=1e-9, abs_tol=1e-9)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 10**7)), min_size=1, max_size=12),
    st.integers(1, 10**9),
    st.integers(1, 1000),
)
def test_who_only_pays_in_has_one_rate_and_it_grows_with_what_comes_back(
    paid: list[tuple[int, int]], back: int, more: int
) -> None:
    saved = [(day, -amount) for day, amount in paid]
    less = returns.money_weighted(_flows([*saved, (2001, back)]))
    greater = returns.money_weighted(_flows([*saved, (2001, back + more)]))
    assert less is not None
    assert greater is not None
    assert greater >= less
    assert (less >= -1e-12) == (back >= sum(amount for _, amount in paid))


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([], id="nothing"),
        pytest.param([(0, -100), (9, -100)], id="nothing came back"),
        pytest.param([(0, 100), (9, 100)], id="nothing went in"),
        pytest.param([(0, -100), (0, 110)], id="one day"),
        pytest.param([(0, 100), (500, -250), (1000, 160)], id="no rate"),
    ],
)
def test_without_a_rate_none_is_told(rows: list[tuple[int, int]]) -> None:
    assert returns.xirr(_flows(rows)) is None


def test_of_two_rates_the_one_nearest_to_no_growth_is_told() -> None:
    # Both ten per cent and twenty per cent a year bring these to nothing.
    rate = returns.xirr(_flows([(0, -10_000), (365, 23_000), (730, -13_200)]))
    assert rate is not None
    assert isclose(rate, 0.10, rel_tol=1e-9)


def test_the_example_of_spreadsheets() -> None:
    days = [date(2008, 1, 1), date(2008, 3, 1), date(2008, 10, 30), date(2009, 2, 15)]
    paid = [-10_000, 2_750, 4_250, 3_250]
    made = [CashFlow(day, minor) for day, minor in zip(days, paid, strict=True)]
    made.append(CashFlow(date(2009, 4, 1), 2_750))
    rate = returns.xirr(made)
    assert rate is not None
    assert isclose(rate, 0.373362535, abs_tol=1e-8)


@pytest.mark.parametrize(
    ("opened", "closed", "is_long"),
    [
        pytest.param(date(2023, 3, 1), date(2024, 3, 1), False, id="to the day"),
        pytest.param(date(2023, 3, 1), date(2024, 3, 2), True, id="a day more"),
        pytest.param(date(2024, 2, 29), date(2025, 2, 28), False, id="leap day, short"),
        pytest.param(date(2024, 2, 29), date(2025, 3, 1), True, id="leap day, long"),
    ],
)
def test_more_than_a_year_is_long_term(opened: date, closed: date, is_long: bool) -> None:
    assert returns.is_long_term(opened, closed) is is_long


def test_fees_are_told_as_a_share_of_what_they_are_taken_from() -> None:
    assert returns.drag(500, 12_000) == 0.5
    assert returns.drag(500, 0) is None
