"""Simulated facts are what a market could have told, the same whenever they are asked for."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from myriad.products.kamioi.broker.market import is_trading_day
from myriad.products.kamioi.facts.simulated import COFFEE, Closes, actions, close_of, split_of

DAYS = st.dates(date(2024, 1, 1), date(2035, 12, 31))


@given(DAYS)
def test_what_companies_do_falls_on_days_of_trading(since: date) -> None:
    told = actions(since)
    assert all(is_trading_day(action.ex_date) for action in told)
    assert all(timedelta(days=20) < action.ex_date - since < timedelta(days=34) for action in told)


@given(st.text("ABCDEFGHIJ.", min_size=1, max_size=6), DAYS)
def test_a_close_is_in_cents_and_moves_a_little(ticker: str, day: date) -> None:
    today, tomorrow = close_of(ticker, day), close_of(ticker, day + timedelta(days=1))
    assert today == close_of(ticker, day)
    assert today.as_tuple().exponent == -2
    assert abs(tomorrow / today - 1) < Decimal("0.35")


@given(DAYS)
def test_a_split_lowers_the_close_from_its_ex_date_on(since: date) -> None:
    split = split_of(COFFEE.ticker, since)
    assert split is not None
    ex_date, parts = split
    before = close_of(COFFEE.ticker, ex_date - timedelta(days=1), split)
    assert before == close_of(COFFEE.ticker, ex_date - timedelta(days=1))
    whole = close_of(COFFEE.ticker, ex_date)
    assert abs(close_of(COFFEE.ticker, ex_date, split) * parts - whole) <= Decimal("0.02")


def test_a_broker_finds_a_close_for_every_ticker() -> None:
    closes = Closes(date(2026, 10, 18))
    assert closes["SBUX"] > 0
    assert "ANY" in closes
    assert len(list(closes)) == len(closes)
