import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.kit.errors import InvalidInputError
from myriad.kit.money import Money

cents = st.integers(min_value=-(10**15), max_value=10**15)


@given(cents, cents)
def test_adding_and_taking_away_leaves_the_amount(left: int, right: int) -> None:
    assert Money(left, "USD") + Money(right, "USD") - Money(right, "USD") == Money(left, "USD")


@given(cents)
def test_the_written_amount_keeps_every_cent(minor: int) -> None:
    digits = Money(minor, "USD").format().replace("$", "").replace(",", "").replace(".", "")
    assert int(digits) == minor


def test_two_currencies_are_never_added() -> None:
    with pytest.raises(InvalidInputError, match="convert first"):
        Money(1, "USD") + Money(1, "EUR")


@pytest.mark.parametrize(
    ("money", "whole", "text"),
    [
        (Money(124_050, "USD"), False, "$1,240.50"),
        (Money(124_050, "USD"), True, "$1,241"),
        (Money(-5, "EUR"), False, "-€0.05"),
        (Money(980, "JPY"), False, "¥980"),
        (Money(1_234, "KWD"), False, "KWD 1.234"),
    ],
)
def test_people_read_their_own_currency(money: Money, whole: bool, text: str) -> None:
    assert money.format(whole=whole) == text
