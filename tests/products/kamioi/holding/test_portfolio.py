"""A portfolio adds up, day by day, through splits, dividends and mergers."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from math import isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myriad.kit.ids import new_id
from myriad.products.kamioi.holding import portfolio
from myriad.products.kamioi.holding.history import Close, Movement, day_values
from myriad.products.kamioi.holding.portfolio import Portfolio, Whose, get_portfolio
from tests.products.kamioi.holding.world import BOUGHT, EX_DATE, SOLD, Saver
from tests.products.kamioi.money.programme import MONDAY


async def _portfolio(saver: Saver, **asked: object) -> Portfolio:
    whose = Whose(saver.member_id, "USD", SOLD)
    return await get_portfolio(saver.reader, whose, **asked)  # type: ignore[arg-type]


async def test_what_is_held_is_told_with_cost_and_value(saver: Saver) -> None:
    found = await _portfolio(saver)
    (held,) = found.positions
    assert (held.ticker, held.qty, held.cost_minor) == (saver.first.ticker, Decimal("0.1"), 500)
    assert (held.value_minor, held.gain_minor, held.closed_on) == (660, 160, SOLD)
    assert held.close_source == "test"
    assert (found.cash.cash_minor, found.paid_minor, found.total_minor) == (610, 610, 1270)
    kinds = [(action.kind, action.paid_minor, action.qty) for action in found.actions]
    assert sorted(kinds) == [
        ("cash_dividend", 10, Decimal(0)),
        ("merger", 600, Decimal("-0.1")),
        ("split", 0, Decimal("0.05")),
    ]


async def test_what_shares_paid_is_told_whole_however_few_actions_are_listed(
    saver: Saver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portfolio, "_ACTIONS_SHOWN", 1)
    found = await _portfolio(saver)
    assert (len(found.actions), found.paid_minor) == (1, 610)


async def test_returns_count_what_shares_brought_and_not_what_was_paid_in(saver: Saver) -> None:
    found = (await _portfolio(saver, with_xirr=True)).performance
    days = [(one.day, one.value_minor, one.in_minor, one.out_minor) for one in found.days]
    assert days == [
        (BOUGHT, 1000, 1000, 0),
        (BOUGHT + timedelta(days=1), 1050, 0, 0),
        (EX_DATE, 1090, 0, 10),
        (SOLD, 660, 0, 600),
    ]
    assert found.time_weighted is not None
    assert isclose(found.time_weighted, 1050 / 1000 * 1100 / 1050 * 1260 / 1090 - 1)
    assert found.money_weighted is not None
    assert 0.26 < found.money_weighted < 0.28
    assert found.yearly is None


async def test_a_later_beginning_starts_from_what_was_held(saver: Saver) -> None:
    found = (await _portfolio(saver, since=EX_DATE)).performance
    assert [(one.value_minor, one.in_minor) for one in found.days[:1]] == [(1050, 1050)]
    assert found.time_weighted is not None
    assert isclose(found.time_weighted, 1100 / 1050 * 1260 / 1090 - 1)


async def test_before_the_first_purchase_there_is_nothing_to_return(saver: Saver) -> None:
    found = await get_portfolio(saver.reader, Whose(new_id(), "USD", MONDAY))
    assert (found.positions, found.performance.days, found.total_minor) == ((), (), 0)
    assert found.performance.time_weighted is None


async def test_nobody_sees_what_is_anothers(saver: Saver) -> None:
    found = await get_portfolio(saver.reader, Whose(saver.other, "USD", SOLD))
    assert (found.total_minor, found.paid_minor, len(found.actions)) == (660, 0, 1)


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(1, 10**6)), min_size=1, max_size=20))
@settings(max_examples=30)
def test_a_close_holds_until_the_next_one(rows: list[tuple[int, int]]) -> None:
    share = new_id()
    closes = {MONDAY + timedelta(days=at): Decimal(cents) / 100 for at, cents in rows}
    moved = [Movement(MONDAY, share, Decimal(2), 500, 500)]
    days = day_values(
        moved, [Close(day, share, close, "USD") for day, close in closes.items()], {}, MONDAY,
        MONDAY + timedelta(days=500),
    )  # fmt: skip
    assert days[0].value_minor == 500
    assert [one.day for one in days] == [MONDAY, *sorted(closes)]
    assert all(one.value_minor == 200 * closes[one.day] for one in days[1:])
