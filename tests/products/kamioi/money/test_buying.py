"""From a sweep to shares: every cent is somewhere, and every billionth of a share."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from myriad.products.kamioi.broker.paper import PaperBroker
from myriad.products.kamioi.broker.port import BrokerFill, OrderRequest, OrderStatus
from myriad.products.kamioi.money import arithmetic, orders, sweeps
from myriad.products.kamioi.money.bank import PaperBank
from myriad.products.kamioi.money.round_ups import accrue
from tests.products.kamioi.money.programme import MONDAY, NOON, WINDOW, Programme, Shop

BANK = PaperBank()


async def _pull(programme: Programme, bank: PaperBank = BANK) -> int:
    async with programme.session() as session:
        await accrue(session, MONDAY - timedelta(days=30), MONDAY + timedelta(days=2))
    async with programme.session() as session:
        return await sweeps.request(session, bank, NOON)


async def _settle(programme: Programme, bank: PaperBank = BANK) -> sweeps.Settled:
    async with programme.session() as session:
        return await sweeps.settle(session, bank, WINDOW)


async def _trade(programme: Programme, broker: PaperBroker) -> None:
    async with programme.session() as session:
        await orders.open_window(session, WINDOW, broker.name)
    async with programme.session() as session:
        await orders.send(session, broker, WINDOW)
    async with programme.session() as session:
        await orders.take_fills(session, broker, WINDOW)


async def _saver(programme: Programme, shop: Shop, *, times: int = 10, **rule: int) -> UUID:
    """A member with ten round-ups of 50 cents."""
    member = await programme.member(**rule)
    for number in range(times):
        await programme.buy(member, shop.descriptor_id, 450 + 100 * number)
    return member


async def _cash(programme: Programme, member: UUID) -> int:
    rows = await programme.run(
        "SELECT -coalesce(sum(amount_minor), 0) FROM kamioi.ledger_entry"
        " WHERE member_id = %s AND account = 'member_cash'",
        member,
    )
    return int(rows[0][0])


async def test_a_pull_waits_for_the_threshold_and_the_guard(programme: Programme) -> None:
    shop = await programme.shop()
    await _saver(programme, shop, times=9)
    await _saver(programme, shop, balance_minor=2_999)
    due = await _saver(programme, shop, balance_minor=3_000)
    assert await _pull(programme) == 1
    rows = await programme.run("SELECT member_id, amount_minor, state FROM kamioi.sweep")
    assert rows == [(due, 500, "requested")]
    assert await programme.violations() == []


async def test_nothing_is_pulled_from_a_bank_that_cannot_be_read(programme: Programme) -> None:
    shop = await programme.shop()
    await _saver(programme, shop)
    status = "UPDATE kamioi.bank_item SET status = %s"
    for broken in ("needs_login", "failing"):
        await programme.run(status, broken)
        assert await _pull(programme) == 0
    await programme.run(status, "linked")
    assert await _pull(programme) == 1


async def test_only_one_pull_of_a_member_is_under_way(programme: Programme) -> None:
    shop = await programme.shop()
    member = await _saver(programme, shop)
    assert await _pull(programme) == 1
    for number in range(10):
        await programme.buy(member, shop.descriptor_id, 450 + number * 100)
    assert await _pull(programme) == 0
    await _settle(programme)
    assert await _pull(programme) == 1


async def test_what_nobody_has_decided_is_not_pulled(programme: Programme) -> None:
    member = await programme.member()
    for _ in range(20):
        await programme.buy(member, await programme.descriptor(), 450)
    assert await _pull(programme) == 0


async def test_money_becomes_shares_and_what_is_left_is_cash(programme: Programme) -> None:
    shop = await programme.shop("33.37")
    members = [await _saver(programme, shop) for _ in range(3)]
    assert await _pull(programme) == 3
    assert await _settle(programme) == sweeps.Settled(3, 0)
    await _trade(programme, PaperBroker({shop.ticker: Decimal("33.37")}))
    await _trade(programme, PaperBroker({shop.ticker: Decimal("33.37")}))
    lots = await programme.run("SELECT qty, cost_minor FROM kamioi.lot")
    assert len(lots) == 3
    assert sum(cost for _, cost in lots) == 1500
    assert sum(qty for qty, _ in lots) == Decimal("0.449505543")
    assert [await _cash(programme, member) for member in members] == [0, 0, 0]
    assert await programme.violations() == []


async def test_part_fills_are_shared_and_the_rest_waits_for_the_next_window(
    programme: Programme,
) -> None:
    shop = await programme.shop("7.77")
    for _ in range(3):
        await _saver(programme, shop)
    await _pull(programme)
    await _settle(programme)
    await _trade(programme, PaperBroker({shop.ticker: Decimal("7.77")}, 3, filled_percent=70))
    rows = await programme.run("SELECT state, count(*) FROM kamioi.trade_order GROUP BY 1")
    assert rows == [("expired", 1)]
    spent = (await programme.run("SELECT sum(cost_minor) FROM kamioi.allocation"))[0][0]
    waiting = (await programme.run("SELECT sum(amount_minor) FROM kamioi.earmark"))[0][0]
    assert (spent + waiting, spent) == (1500, 1050)
    assert await programme.violations() == []


async def test_what_cannot_be_bought_stays_until_it_can_or_becomes_cash(
    programme: Programme,
) -> None:
    shop = await programme.shop()
    member = await _saver(programme, shop)
    await _pull(programme)
    await _settle(programme)
    broker = PaperBroker({shop.ticker: Decimal(10)})
    status = "UPDATE kamioi.security SET status = %s WHERE id = %s"
    await programme.facts(status, "halted", shop.security_id)
    await _trade(programme, broker)
    assert await programme.run("SELECT amount_minor FROM kamioi.earmark") == [(500,)]
    await programme.facts(status, "delisted", shop.security_id)
    await _trade(programme, broker)
    assert await programme.run("SELECT amount_minor FROM kamioi.earmark") == []
    told = await programme.run("SELECT kind FROM kamioi.notification ORDER BY kind")
    assert told == [("round_ups_pulled",), ("security_gone",)]
    assert await _cash(programme, member) == 500
    assert await programme.violations() == []


async def test_a_refused_order_is_tried_again_and_a_renamed_share_by_its_new_ticker(
    programme: Programme,
) -> None:
    shop = await programme.shop()
    await _saver(programme, shop)
    await _pull(programme)
    await _settle(programme)
    await _trade(programme, PaperBroker({}))
    assert await programme.run("SELECT amount_minor FROM kamioi.earmark") == [(500,)]
    day = WINDOW.date()
    await programme.facts(
        "UPDATE kamioi.listing SET valid_to = %s WHERE security_id = %s", day, shop.security_id
    )
    renamed = f"N{shop.ticker}"
    await programme.facts(
        "INSERT INTO kamioi.listing (security_id, ticker, exchange, valid_from, source)"
        " VALUES (%s, %s, 'XNYS', %s, 'test')",
        shop.security_id,
        renamed,
        day,
    )
    async with programme.session() as session:
        await orders.open_window(session, WINDOW + timedelta(hours=5), "paper")
        found = await orders.list_orders(session, ["new"], WINDOW + timedelta(hours=5))
    assert [row["ticker"] for row in found] == [renamed]
    assert await programme.violations() == []


async def test_nothing_is_ordered_while_the_market_is_closed(programme: Programme) -> None:
    shop = await programme.shop()
    await _saver(programme, shop)
    await _pull(programme)
    await _settle(programme)
    async with programme.session() as session:
        night = WINDOW + timedelta(hours=12)
        assert await orders.open_window(session, night, "paper") == orders.Opened()


async def test_a_pull_that_the_bank_refuses_opens_its_round_ups_again(programme: Programme) -> None:
    shop = await programme.shop()
    member = await _saver(programme, shop)
    await _pull(programme)
    assert await _settle(programme, PaperBank(refuses=[member])) == sweeps.Settled(0, 1)
    rows = await programme.run("SELECT DISTINCT state, sweep_id FROM kamioi.round_up")
    assert rows == [("accrued", None)]
    assert await _pull(programme) == 0
    assert await programme.violations() == []


async def test_a_purchase_removed_before_its_pull_is_refused_is_taken_off_once(
    programme: Programme,
) -> None:
    shop = await programme.shop()
    member = await _saver(programme, shop)
    await _pull(programme)
    await programme.run("UPDATE kamioi.purchase SET state = 'removed' WHERE amount_minor = 450")
    assert await _pull(programme) == 0
    await _settle(programme, PaperBank(refuses=[member]))
    await programme.run("UPDATE kamioi.purchase SET amount_minor = 451 WHERE amount_minor = 450")
    for _ in range(2):
        assert await _pull(programme) == 0
    rows = await programme.run(
        "SELECT sum(amount_minor)::bigint FROM kamioi.round_up WHERE state = 'accrued'"
    )
    assert rows == [(450,)]
    assert await programme.violations() == []


async def test_a_pull_taken_back_after_buying_leaves_debt_and_freezes(programme: Programme) -> None:
    shop = await programme.shop()
    member = await _saver(programme, shop)
    await _pull(programme)
    await _settle(programme)
    await _trade(programme, PaperBroker({shop.ticker: Decimal(10)}))
    sweep_id = (await programme.run("SELECT id FROM kamioi.sweep"))[0][0]
    async with programme.session() as session:
        assert await sweeps.take_back(session, sweep_id, "R10", WINDOW)
    async with programme.session() as session:
        assert not await sweeps.take_back(session, sweep_id, "R10", WINDOW)
    assert await _cash(programme, member) == -500
    state = await programme.run("SELECT state FROM kamioi.member WHERE id = %s", member)
    assert state == [("frozen",)]
    for _ in range(10):
        await programme.buy(member, shop.descriptor_id, 450)
    assert await _pull(programme) == 0
    assert await programme.violations() == []


async def test_what_settles_for_a_frozen_member_makes_up_for_their_debt_first(
    programme: Programme,
) -> None:
    shop = await programme.shop()
    member = await _saver(programme, shop)
    await _pull(programme)
    await _settle(programme)
    await _trade(programme, PaperBroker({shop.ticker: Decimal(10)}))
    sweep_id = (await programme.run("SELECT id FROM kamioi.sweep"))[0][0]
    for number in range(10):
        await programme.buy(member, shop.descriptor_id, 450 + 100 * number)
    assert await _pull(programme) == 1
    async with programme.session() as session:
        await sweeps.take_back(session, sweep_id, "R10", WINDOW)
    assert await _settle(programme) == sweeps.Settled(1, 0)
    assert await _cash(programme, member) == 0
    await programme.run("UPDATE kamioi.member SET state = 'active' WHERE id = %s", member)
    assert await programme.violations() == []


async def test_an_order_that_ends_unfilled_promises_nothing_to_a_frozen_member(
    programme: Programme,
) -> None:
    shop = await programme.shop()
    member = await _saver(programme, shop)
    await _pull(programme)
    await _settle(programme)
    broker = PaperBroker({shop.ticker: Decimal(10)})
    async with programme.session() as session:
        await orders.open_window(session, WINDOW, broker.name)
        await orders.send(session, broker, WINDOW)
    sweep_id = (await programme.run("SELECT id FROM kamioi.sweep"))[0][0]
    async with programme.session() as session:
        await sweeps.take_back(session, sweep_id, "R10", WINDOW)
    async with programme.session() as session:
        await orders.take_fills(session, PaperBroker({}), WINDOW)
    await programme.run("UPDATE kamioi.member SET state = 'active' WHERE id = %s", member)
    assert await programme.run("SELECT amount_minor FROM kamioi.earmark") == []
    assert await programme.violations() == []


async def test_a_pull_taken_back_before_buying_buys_nothing(programme: Programme) -> None:
    shop = await programme.shop()
    await _saver(programme, shop)
    await _pull(programme)
    await _settle(programme)
    sweep_id = (await programme.run("SELECT id FROM kamioi.sweep"))[0][0]
    async with programme.session() as session:
        await sweeps.take_back(session, sweep_id, "R10", WINDOW)
    assert await programme.run("SELECT amount_minor FROM kamioi.earmark") == []
    assert await programme.violations() == []


async def test_a_refund_after_the_sweep_makes_the_next_one_smaller_and_sells_nothing(
    programme: Programme,
) -> None:
    shop, other = await programme.shop(), await programme.shop()
    member = await _saver(programme, shop)
    await _pull(programme)
    await _settle(programme)
    await programme.buy(member, shop.descriptor_id, -450, kind="refund")
    for _ in range(11):
        await programme.buy(member, other.descriptor_id, 450)
    assert await _pull(programme) == 1
    amounts = await programme.run("SELECT amount_minor FROM kamioi.sweep ORDER BY requested_at, id")
    assert [row[0] for row in amounts] == [500, 500]
    later = WINDOW + timedelta(days=6)
    async with programme.session() as session:
        await sweeps.settle(session, BANK, later)
    kept = await programme.run("SELECT security_id, amount_minor FROM kamioi.earmark")
    assert dict(kept) == {shop.security_id: 500, other.security_id: 500}
    assert await programme.violations() == []


async def test_the_ledger_refuses_a_transfer_that_does_not_come_to_zero(
    programme: Programme,
) -> None:
    member = await programme.member()
    with pytest.raises(IntegrityError, match="off by"):
        await programme.run(
            "INSERT INTO kamioi.ledger_entry (tenant_id, booked_on, transfer_id, line, account,"
            " member_id, amount_minor, currency, reason)"
            " VALUES (%s, %s, uuidv7(), 1, 'bank', %s, 5, 'USD', 'test')",
            programme.tenant_id,
            MONDAY,
            member,
        )


async def test_a_violation_is_found(programme: Programme) -> None:
    shop = await programme.shop()
    await _saver(programme, shop)
    await _pull(programme)
    await programme.run("UPDATE kamioi.sweep SET amount_minor = amount_minor + 1")
    rules = {one.rule for one in await programme.violations()}
    assert rules == {
        "round-ups swept come to their sweep",
        "the ledger knows what is on its way",
    }


async def test_what_an_order_bought_before_its_sending_was_committed_is_shared(
    programme: Programme,
) -> None:
    shop = await programme.shop()
    await _saver(programme, shop)
    await _pull(programme)
    await _settle(programme)

    class Known(PaperBroker):
        """A broker that took the order in an earlier life of ours, and has executed it."""

        async def submit(self, order: OrderRequest) -> OrderStatus:
            return await self.look(order)

    await _trade(programme, Known({shop.ticker: Decimal(10)}))
    assert await programme.run("SELECT state FROM kamioi.trade_order") == [("filled",)]
    assert await programme.run("SELECT cost_minor FROM kamioi.lot") == [(500,)]
    assert await programme.violations() == []


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
async def test_sql_shares_fills_as_the_arithmetic_does(
    programme: Programme, data: st.DataObject
) -> None:
    security_id, ticker = await programme.security()
    notionals = data.draw(st.lists(st.integers(1, 10**6), min_size=1, max_size=8))
    members = sorted([await programme.member() for _ in notionals])
    total = sum(notionals)
    units = data.draw(st.lists(st.integers(1, 10**13), min_size=1, max_size=3))
    costs = arithmetic.apportion(data.draw(st.integers(0, total)), [1] * len(units))
    async with programme.session() as session:
        order = await _order(
            programme, security_id, ticker, dict(zip(members, notionals, strict=True))
        )
        for number, (qty, cost) in enumerate(zip(units, costs, strict=True)):
            fill = BrokerFill(str(number), arithmetic.shares_of(qty), Decimal(1), cost, WINDOW)
            assert await orders.allocate(session, order, fill)
            assert not await orders.allocate(session, order, fill)
    left, expected = list(notionals), [(0, 0)] * len(members)
    for qty, cost in zip(units, costs, strict=True):
        weights = left if sum(left) >= max(cost, 1) else notionals
        more_qty, more_paid = (arithmetic.apportion(one, weights) for one in (qty, cost))
        for at, (more_units, more_cost) in enumerate(zip(more_qty, more_paid, strict=True)):
            expected[at] = (expected[at][0] + more_units, expected[at][1] + more_cost)
            left[at] -= more_cost
    rows = await programme.run(
        "SELECT member_id, sum(qty), sum(cost_minor) FROM kamioi.lot WHERE security_id = %s"
        " GROUP BY 1",
        security_id,
    )
    found = {row[0]: (arithmetic.units_of(row[1]), int(row[2])) for row in rows}
    assert [found.get(member, (0, 0)) for member in members] == expected
    assert all(cost <= whole for (_, cost), whole in zip(expected, notionals, strict=True))


async def _order(
    programme: Programme, security_id: UUID, ticker: str, parts: dict[UUID, int]
) -> dict[str, object]:
    rows = await programme.run(
        "INSERT INTO kamioi.trade_order (tenant_id, client_order_id, security_id, ticker,"
        " window_at, notional_minor, currency, state, broker)"
        " VALUES (%s, %s, %s, %s, %s, %s, 'USD', 'sent', 'paper') RETURNING id",
        programme.tenant_id,
        security_id.hex,
        security_id,
        ticker,
        WINDOW,
        sum(parts.values()),
    )
    for member, minor in parts.items():
        await programme.run(
            "INSERT INTO kamioi.order_part (tenant_id, order_id, member_id, notional_minor)"
            " VALUES (%s, %s, %s, %s)",
            programme.tenant_id,
            rows[0][0],
            member,
            minor,
        )
    return {
        "id": rows[0][0],
        "notional_minor": sum(parts.values()),
        "client_order_id": security_id.hex,
    }
