"""What companies do to their shares reaches every lot once, and no cent or share is lost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from myriad.products.kamioi.money import arithmetic
from myriad.products.kamioi.operation.actions import ActionEntry, preview
from myriad.products.kamioi.operation.securities import get_securities
from tests.products.kamioi.money.acting import (
    EX_DATE,
    act,
    apply,
    cash_of,
    differ,
    hold,
    lots_of,
)
from tests.products.kamioi.money.programme import Programme


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    units=st.lists(st.integers(1, 10**12), min_size=1, max_size=4),
    ratio=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    kind=st.sampled_from(["split", "reverse_split", "stock_dividend"]),
)
async def test_a_split_multiplies_the_whole_and_keeps_its_cost(
    programme: Programme, units: list[int], ratio: tuple[int, int], kind: str
) -> None:
    security = await programme.security()
    members = await hold(programme, security, *units)
    await act(programme, security[0], kind, ratio_num=ratio[0], ratio_den=ratio[1])
    await apply(programme)
    assert await apply(programme) == 0
    numerator = ratio[0] + (ratio[1] if kind == "stock_dividend" else 0)
    after, _ = arithmetic.split_units(units, numerator, ratio[1])
    found = await lots_of(programme, security[0])
    assert sum(held for held, _ in found) == sum(after)
    assert [cost for _, cost in found] == [100] * len(members)
    assert await programme.violations() == []
    assert await differ(programme) == 0


async def test_a_dividend_is_paid_half_to_even_and_the_pool_has_the_rest(
    programme: Programme, other_programme: Programme
) -> None:
    security = await programme.security()
    members = await hold(programme, security, 500_000_000, 500_000_000, 1_500_000_000)
    bystanders = await hold(other_programme, security, 500_000_000)
    await act(programme, security[0], "cash_dividend", cash_per_share=Decimal("0.01"))
    assert await apply(programme) == 1
    assert await apply(programme) == 0
    paid = [await cash_of(programme, "member_cash", member) for member in members]
    assert paid == [0, 0, 2]
    assert await cash_of(programme, "pool_remainder", None) == 0
    assert await cash_of(programme, "dividends", None) == 0 + 2
    assert await cash_of(other_programme, "member_cash", bystanders[0]) == 0
    assert await programme.violations() == []


async def test_the_pool_bears_what_rounding_leaves(programme: Programme) -> None:
    security = await programme.security()
    await hold(programme, security, 400_000_000, 400_000_000, 400_000_000)
    await act(programme, security[0], "cash_dividend", cash_per_share=Decimal("0.01"))
    await apply(programme)
    assert await cash_of(programme, "pool_remainder", None) == 1
    assert await programme.violations() == []


@pytest.mark.parametrize("is_merged", [False, True], ids=["split", "merged"])
async def test_a_dividend_that_is_known_late_is_paid_for_the_shares_of_its_day(
    programme: Programme, is_merged: bool
) -> None:
    security, other = await programme.security(), await programme.security()
    (member,) = await hold(programme, security, 10**9)
    kind, gives = ("merger", other[0]) if is_merged else ("split", None)
    await act(programme, security[0], kind, ratio_num=2, ratio_den=1, new_security_id=gives)
    assert await apply(programme) == 1
    assert (await lots_of(programme, other[0] if is_merged else security[0]))[0][0] == 2 * 10**9
    entry = ActionEntry(
        ticker=security[1],
        kind="cash_dividend",
        ex_date=EX_DATE - timedelta(days=1),
        cash_per_share=Decimal("0.48"),
        source="the notice",
    )
    async with programme.session() as session:
        effect = await preview(session, entry)
    assert (effect.lots, effect.qty_before, effect.cash_minor) == (1, Decimal(1), 48)
    late = {"ex_date": entry.ex_date, "cash_per_share": entry.cash_per_share}
    await act(programme, security[0], "cash_dividend", **late)
    assert await apply(programme) == 1
    assert await cash_of(programme, "member_cash", member) == 48
    assert await apply(programme) == 0
    assert await programme.violations() == []


async def test_shares_bought_on_the_ex_date_or_later_are_left_alone(programme: Programme) -> None:
    security = await programme.security()
    await hold(programme, security, 10**9)
    await act(
        programme,
        security[0],
        "split",
        ratio_num=2,
        ratio_den=1,
    )
    await programme.run("UPDATE kamioi.lot SET opened_on = %s", EX_DATE)
    assert await apply(programme) == 0
    assert await lots_of(programme, security[0]) == [(10**9, 100)]


async def test_a_spin_off_waits_for_closes_of_its_day_and_shares_the_cost_by_them(
    programme: Programme,
) -> None:
    old, new = await programme.security(), await programme.security()
    await programme.price(old[0], "75", EX_DATE)
    await hold(programme, old, 10**9, 3 * 10**9)
    more = {"ratio_num": 1, "ratio_den": 2, "new_security_id": new[0]}
    await act(programme, old[0], "spin_off", **more)
    assert await apply(programme) == 0
    await programme.price(new[0], "50", EX_DATE)
    assert await apply(programme) == 1
    assert await lots_of(programme, old[0]) == [(10**9, 75), (3 * 10**9, 75)]
    assert await lots_of(programme, new[0]) == [(5 * 10**8, 25), (15 * 10**8, 25)]
    assert await programme.violations() == []
    assert await differ(programme) == 0


@pytest.mark.parametrize("kind", ["merger", "rename"])
async def test_shares_of_one_company_become_those_of_another(
    programme: Programme, kind: str
) -> None:
    old, new = await programme.security(), await programme.security()
    await hold(programme, old, 10**9, 3)
    ratio = {"ratio_num": 1, "ratio_den": 2} if kind == "merger" else {}
    await act(programme, old[0], kind, new_security_id=new[0], **ratio)
    await apply(programme)
    assert await lots_of(programme, old[0]) == [(0, 0), (0, 0)]
    halves = [(5 * 10**8, 100), (1, 100)] if kind == "merger" else [(10**9, 100), (3, 100)]
    assert [cost for _, cost in await lots_of(programme, new[0])] == [100, 100]
    assert sum(held for held, _ in await lots_of(programme, new[0])) == sum(
        one for one, _ in halves
    )
    assert await programme.violations() == []
    assert await differ(programme) == 0


async def test_a_merger_for_cash_pays_and_ends_the_lots(programme: Programme) -> None:
    security = await programme.security()
    members = await hold(programme, security, 10**9)
    await act(programme, security[0], "merger", cash_per_share=Decimal("12.34"))
    await apply(programme)
    assert await lots_of(programme, security[0]) == [(0, 0)]
    assert await cash_of(programme, "member_cash", members[0]) == 1234
    assert await programme.violations() == []


async def test_a_worthless_share_ends_at_nothing(programme: Programme) -> None:
    security = await programme.security()
    await hold(programme, security, 10**9)
    await act(programme, security[0], "worthless")
    await apply(programme)
    assert await lots_of(programme, security[0]) == [(0, 0)]
    assert await programme.violations() == []
    assert await differ(programme) == 0


async def test_an_action_waits_for_an_order_whose_fill_it_would_miss(
    programme: Programme,
) -> None:
    old, new = await programme.security(), await programme.security()
    await hold(programme, old, 10**9)
    await hold(programme, new, 10**9)
    more = {"ratio_num": 1, "ratio_den": 1, "new_security_id": new[0]}
    await act(programme, old[0], "merger", **more)
    await act(programme, new[0], "split", ratio_num=2, ratio_den=1)
    state = "UPDATE kamioi.trade_order SET state = %s WHERE security_id = %s"
    await programme.run(state, "sent", old[0])
    assert await apply(programme) == 0
    await programme.run(state, "filled", old[0])
    assert await apply(programme) == 2
    assert await programme.violations() == []


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        pytest.param(
            {"kind": "cash_dividend", "cash_per_share": Decimal(1), "currency": "EUR"},
            "enter what it pays in USD",
            id="another-currency",
        ),
        pytest.param({"kind": "split"}, "no ratio", id="no-ratio"),
        pytest.param({"kind": "merger"}, "neither cash nor", id="nothing-given"),
    ],
)
async def test_an_action_that_lacks_something_waits_and_says_what(
    programme: Programme, lacking: dict[str, Any], said: str
) -> None:
    security, other = await programme.security(), await programme.security()
    await hold(programme, security, 10**9)
    await hold(programme, other, 10**9)
    await act(programme, security[0], **lacking)
    await act(programme, other[0], "split", ratio_num=2, ratio_den=1)
    assert await apply(programme) == 1
    assert await lots_of(programme, security[0]) == [(10**9, 100)]
    async with programme.session() as session:
        (due,) = (await get_securities(session, EX_DATE)).due(EX_DATE)
    assert said in due.lacks


async def test_a_difference_between_broker_and_ledger_is_noted(programme: Programme) -> None:
    security = await programme.security()
    await hold(programme, security, 10**9)
    await programme.run("UPDATE kamioi.lot SET qty = qty + 0.000000001")
    assert await differ(programme) == 1
    rows = await programme.run("SELECT state, theirs - ours FROM kamioi.reconciliation")
    assert rows == [("open", Decimal("-0.000000001"))]
