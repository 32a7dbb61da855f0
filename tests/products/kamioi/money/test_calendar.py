"""The exchange and the banks keep days of their own."""

from __future__ import annotations

from datetime import date

import pytest

from myriad.products.kamioi.broker.market import is_banking_day, is_trading_day
from myriad.products.kamioi.money.bank import PaperBank


@pytest.mark.parametrize(
    ("day", "trades", "pays"),
    [
        (date(2026, 4, 3), False, True),
        (date(2026, 7, 3), False, True),
        (date(2026, 10, 12), True, False),
        (date(2026, 11, 11), True, False),
        (date(2023, 1, 2), False, False),
        (date(2026, 11, 26), False, False),
        (date(2026, 11, 21), False, False),
        (date(2026, 11, 24), True, True),
    ],
    ids=[
        "Good Friday",
        "before a Saturday's Independence Day",
        "Columbus Day",
        "Veterans Day",
        "after a Sunday's New Year",
        "Thanksgiving",
        "a Saturday",
        "a Tuesday",
    ],
)
def test_the_exchange_and_banks_are_open_on_days_of_their_own(
    day: date, trades: bool, pays: bool
) -> None:
    assert (is_trading_day(day), is_banking_day(day)) == (trades, pays)


def test_a_pull_settles_on_the_second_day_on_which_banks_are_open() -> None:
    assert PaperBank().settles_on(date(2026, 11, 10)) == date(2026, 11, 13)
    assert PaperBank().settles_on(date(2026, 4, 1)) == date(2026, 4, 3)
