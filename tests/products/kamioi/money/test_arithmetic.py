"""Nothing is lost and nothing appears, for any amounts."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.kit.errors import InvalidInputError
from myriad.products.kamioi.money import arithmetic

amounts = st.integers(min_value=1, max_value=10**12)
weights = st.lists(st.integers(min_value=0, max_value=10**12), min_size=1, max_size=40).filter(any)


@pytest.mark.parametrize(("currency", "whole"), [("USD", 100), ("JPY", 1), ("KWD", 1000)])
@given(amount=amounts, multiplier=st.integers(1, 10), rounds_whole=st.booleans())
def test_a_purchase_and_its_round_up_come_to_a_whole_unit(
    currency: str, whole: int, amount: int, multiplier: int, rounds_whole: bool
) -> None:
    once = arithmetic.round_up(amount, currency, rounds_whole=rounds_whole)
    assert (amount + once) % whole == 0
    assert 0 <= once <= (whole if rounds_whole else whole - 1)
    made = arithmetic.round_up(amount, currency, multiplier=multiplier, rounds_whole=rounds_whole)
    assert made == once * multiplier


@pytest.mark.parametrize("amount", [0, -1, -250])
def test_a_refund_or_nothing_rounds_up_by_nothing(amount: int) -> None:
    assert arithmetic.round_up(amount, "USD", rounds_whole=True) == 0


@given(st.lists(st.integers(0, 1000)), st.integers(0, 5000), st.integers(0, 5000))
def test_a_cap_is_reached_exactly_and_never_passed(made: list[int], cap: int, taken: int) -> None:
    granted = arithmetic.within_cap(made, cap, taken)
    assert sum(granted) == min(sum(made), max(cap - taken, 0))
    assert all(0 <= mine <= whole for mine, whole in zip(granted, made, strict=True))
    assert arithmetic.within_cap(made, None) == made


@given(st.integers(0, 10**15), weights)
def test_shares_come_to_the_total_and_are_off_by_less_than_one_unit(
    total: int, weighed: list[int]
) -> None:
    shares = arithmetic.apportion(total, weighed)
    assert sum(shares) == total
    whole = sum(weighed)
    assert all(
        abs(share * whole - total * weight) < whole
        for share, weight in zip(shares, weighed, strict=True)
    )


@given(weights, st.data())
def test_nobody_is_given_more_than_their_weight_while_the_total_is_not_more_than_all(
    weighed: list[int], data: st.DataObject
) -> None:
    total = data.draw(st.integers(0, sum(weighed)))
    shares = arithmetic.apportion(total, weighed)
    assert all(share <= weight for share, weight in zip(shares, weighed, strict=True))


@pytest.mark.parametrize(("total", "weighed"), [(1, [0, 0]), (1, []), (-1, [1]), (1, [2, -1])])
def test_what_cannot_be_shared_is_refused(total: int, weighed: list[int]) -> None:
    with pytest.raises((InvalidInputError, ValueError)):
        arithmetic.apportion(total, weighed)


@given(st.lists(st.integers(0, 10**15), min_size=1), st.integers(1, 50), st.integers(1, 50))
def test_a_split_of_lots_is_the_split_of_the_whole(
    units: list[int], numerator: int, denominator: int
) -> None:
    after, rest = arithmetic.split_units(units, numerator, denominator)
    assert sum(after) * denominator + rest == sum(units) * numerator
    assert 0 <= rest < denominator


@given(st.integers(0, 10**15), st.integers(1, 120))
def test_a_cost_is_borne_exactly_over_its_months(cost: int, months: int) -> None:
    borne = [arithmetic.amortized(cost, months, month) for month in range(1, months + 1)]
    assert sum(borne) == cost
    assert max(borne) - min(borne) <= 1
    assert arithmetic.amortized(cost, months, months + 1) == 0


@given(st.integers(-(10**9), 10**9))
def test_half_a_cent_goes_to_the_even_one(whole: int) -> None:
    rounded = arithmetic.half_even(Decimal(whole) + Decimal("0.5"))
    assert rounded in (whole, whole + 1)
    assert rounded % 2 == 0


@given(st.integers(0, 10**19))
def test_shares_and_billionths_are_the_same_number(units: int) -> None:
    assert arithmetic.units_of(arithmetic.shares_of(units)) == units


def test_a_share_finer_than_a_billionth_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        arithmetic.units_of(Decimal("0.0000000001"))
