"""A merger that gives shares and cash is taxed for its cash, and the books and the lots agree."""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from myriad.products.kamioi.holding.portfolio import Whose
from myriad.products.kamioi.holding.tax_lots import list_tax_lots
from myriad.products.kamioi.money import arithmetic, orders
from myriad.products.kamioi.money.actions import apply_due
from myriad.products.kamioi.operation.securities import get_securities
from myriad.scale.http import BoundReader
from tests.products.kamioi.money.acting import (
    EX_DATE,
    LATER,
    Given,
    act,
    apply,
    cash_of,
    differ,
    give,
    hold,
    lots_of,
)
from tests.products.kamioi.money.programme import Programme

CENTS = st.decimals("0.01", "300", places=2)
MINOR = st.integers(0, 10**12)


@given(cost=MINOR, cash=MINOR, value=MINOR)
def test_a_cost_goes_on_so_that_every_cent_of_gain_is_taxed_once(
    cost: int, cash: int, value: int
) -> None:
    basis = arithmetic.exchanged_basis(cost, cash, value)
    gain, taxed = value + cash - cost, cash + basis - cost
    assert taxed == max(0, min(cash, gain))
    assert taxed + (value - basis) == gain
    assert 0 <= basis <= max(cost, value)
    assert (basis, taxed) == (cost, cash) or value < cost


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    lots=st.lists(
        st.tuples(st.integers(0, 1), st.integers(1, 10**11), st.integers(1, 10**6)),
        min_size=1, max_size=4,
    ),
    ratio=st.tuples(st.integers(1, 9), st.integers(1, 9)), cash=CENTS, close=CENTS,
)  # fmt: skip
async def test_a_merger_for_shares_and_cash_taxes_the_cash_as_far_as_there_is_gain(
    programme: Programme,
    lots: list[tuple[int, int, int]],
    ratio: tuple[int, int],
    cash: Decimal,
    close: Decimal,
) -> None:
    old, new = await programme.security(), await programme.security(str(close))
    members = [await programme.member() for _ in range(2)]
    for number, (owner, units, cost) in enumerate(lots):
        await give(programme, old, members[owner], Given(units, cost, number))
    more = {"ratio_num": ratio[0], "ratio_den": ratio[1], "new_security_id": new[0]}
    await act(programme, old[0], "merger", cash_per_share=cash, **more)
    await apply(programme)
    came, _ = arithmetic.split_units([units for _, units, _ in lots], *ratio)
    for owner in {owner for owner, _, _ in lots}:
        own = [
            (units, cost, gets)
            for (whose, units, cost), gets in zip(lots, came, strict=True)
            if whose == owner
        ]
        paid = await cash_of(programme, "member_cash", members[owner])
        parts = arithmetic.apportion(paid, [units for units, _, _ in own])
        expected = []
        for (_, cost, gets), part in zip(own, parts, strict=True):
            value = int((Decimal(gets) * close / 10**7).quantize(Decimal(1), ROUND_HALF_UP))
            basis = arithmetic.exchanged_basis(cost, part, value)
            taxed = part + basis - cost
            # 26 U.S.C. 356: the gain, no more than the cash, and never a loss.
            assert taxed == max(0, min(part, value + part - cost))
            # 26 U.S.C. 358: what was not taxed now is what a sale at that value would be taxed for.
            assert value - basis == (value + part - cost) - taxed
            expected.append((gets, basis, part, taxed))
        assert await _taxed(programme, members[owner], new[0]) == expected
    assert await programme.violations() == []
    assert await differ(programme) == 0


async def _taxed(
    programme: Programme, member: UUID, new_id: UUID
) -> list[tuple[int, int, int, int]]:
    """Return units and cost of the shares that came, cash and gain, for each lot that ended."""
    reader = BoundReader(programme.runtime, programme.tenant_id)
    found = await list_tax_lots(reader, Whose(member, "USD", LATER.date()))
    came = [
        (arithmetic.units_of(one.lot.qty), one.lot.cost_minor)
        for one in found
        if one.lot.security_id == new_id
    ]
    ended = [one for one in found if one.outcome == "exchanged"]
    assert [cost for _, cost in came] == [one.lot.carried_minor for one in ended]
    return [
        (*lot, one.proceeds_minor or 0, one.gain_minor or 0)
        for lot, one in zip(came, ended, strict=True)
    ]


async def test_a_merger_without_a_close_of_the_new_share_waits_and_nothing_else_does(
    programme: Programme,
) -> None:
    (old, new), other = [await programme.security() for _ in range(2)], await programme.security()
    await programme.facts("DELETE FROM kamioi.price WHERE security_id = %s", new[0])
    await programme.price(new[0], "50", EX_DATE)
    members = await hold(programme, old, 10**9)
    await hold(programme, other, 10**9)
    more = {"ratio_num": 1, "ratio_den": 2, "new_security_id": new[0]}
    await act(programme, old[0], "merger", cash_per_share=Decimal(10), **more)
    after = EX_DATE + timedelta(days=1)
    await act(programme, new[0], "split", ratio_num=2, ratio_den=1, ex_date=after)
    await act(programme, other[0], "split", ratio_num=3, ratio_den=1)
    for security in (old, other):
        await programme.ready(members[0], security[0], 500)
    async with programme.session() as session:
        assert await apply_due(session, after) == 1
        await orders.open_window(session, LATER, "paper")
        waiting = [one.lacks for one in (await get_securities(session, after)).actions if one.lacks]
    assert await lots_of(programme, other[0]) == [(3 * 10**9, 100)]
    assert await lots_of(programme, old[0]) == [(10**9, 100)]
    opened = "SELECT security_id FROM kamioi.trade_order WHERE state = 'new'"
    assert await programme.run(opened) == [(other[0],)]
    assert len(waiting) == 1
    assert "import" in waiting[0]
    await programme.price(new[0], "50", EX_DATE - timedelta(days=1))
    async with programme.session() as session:
        assert await apply_due(session, after) == 2
        await orders.open_window(session, LATER + timedelta(hours=1), "paper")
    assert (await lots_of(programme, new[0]))[0][0] == 10**9
    assert {one for (one,) in await programme.run(opened)} == {old[0], other[0]}
    assert await programme.violations() == []
