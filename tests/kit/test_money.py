import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.kit.errors import InvalidInputError
from myriad.kit.money import Money, minor_digits, parse_minor

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


@given(st.integers(min_value=0, max_value=10**14), st.sampled_from(["USD", "JPY", "KWD"]))
def test_an_amount_that_is_typed_as_it_is_shown_is_the_same(minor: int, currency: str) -> None:
    # No more than twelve digits before the point can be typed.
    minor %= 10 ** (12 + minor_digits(currency))
    shown = Money(minor, currency).format().replace("KWD ", "")
    assert parse_minor(shown, currency) == minor
    assert parse_minor(shown.replace(",", ""), currency) == minor


@pytest.mark.parametrize("typed", ["", "   ", "$ "], ids=["empty", "blank", "a sign alone"])
def test_nothing_typed_is_no_amount(typed: str) -> None:
    assert parse_minor(typed, "USD") is None


@pytest.mark.parametrize(
    "typed", ["nan", "1e999999", "-3", "1,5", "1,50", "12,34.00", "1.005", "٣", "9" * 13, "5 000"]
)
def test_what_is_no_amount_of_the_currency_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInputError, match="such as 25"):
        parse_minor(typed, "USD")
