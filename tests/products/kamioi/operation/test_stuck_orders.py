"""An order that needs a person is shown with its fault, and ends when the broker knows nothing of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import httpx
import msgspec
import pytest

from myriad.products.kamioi.broker.paper import PaperBroker
from myriad.products.kamioi.broker.port import OrderRequest, OrderStatus
from myriad.products.kamioi.money import orders
from myriad.products.kamioi.money.errors import BrokerAnswerError, UnknownOrderError
from myriad.products.kamioi.operation.stuck_orders import StuckOrder, list_stuck_orders
from myriad.scale.jobs.direct import direct_work
from myriad.scale.runtime import Runtime
from tests.fixtures.app import LiveApp, create_company
from tests.products.kamioi.money.programme import WINDOW, Programme

LATER = WINDOW + timedelta(hours=1)
API = "/api/v1/kamioi/admin/reconciliation"
PAGE = "/kamioi/admin/reconciliation"


@dataclass(frozen=True)
class _Forgetful(PaperBroker):
    """A broker that took the orders and knows nothing of them."""

    async def submit(self, order: OrderRequest) -> OrderStatus:
        return OrderStatus("sent", order.client_order_id)

    async def look(self, order: OrderRequest) -> OrderStatus:
        raise UnknownOrderError(f"the broker knows no order {order.client_order_id}")


@dataclass(frozen=True)
class _Slow(PaperBroker):
    """A broker that has the orders and has not executed them."""

    async def look(self, order: OrderRequest) -> OrderStatus:
        return OrderStatus("sent", order.client_order_id)


async def _sent(programme: Programme) -> UUID:
    """Send an order of five dollars, of which the broker knows nothing at the next look."""
    security_id, _ = await programme.security("10")
    await programme.ready(await programme.member(), security_id, 500)
    async with programme.session() as session:
        await orders.open_window(session, WINDOW, "paper")
        await orders.send(session, _Forgetful({}), WINDOW)
        await orders.take_fills(session, _Forgetful({}), LATER)
    ((order_id,),) = await programme.run("SELECT id FROM kamioi.trade_order")
    return UUID(str(order_id))


async def _stuck(programme: Programme, hours: int = 1) -> list[StuckOrder]:
    async with programme.session() as session:
        return list(await list_stuck_orders(session, WINDOW + timedelta(hours=hours)))


async def test_an_unknown_order_ends_once_the_broker_says_so_again_and_its_money_waits(
    programme: Programme, other_programme: Programme
) -> None:
    order_id = await _sent(programme)
    (found,) = await _stuck(programme)
    assert (found.id, found.members, found.notional_minor) == (order_id, 1, 500)
    assert "knows no order" in found.fault
    assert "ended here" in found.advice
    assert await _stuck(other_programme) == []
    async with other_programme.session() as session:
        assert not await orders.end_unknown(session, _Forgetful({}), order_id, LATER)
    async with programme.session() as session:
        assert not await orders.end_unknown(session, _Slow({}), order_id, LATER)
        assert await orders.end_unknown(session, _Forgetful({}), order_id, LATER)
        assert not await orders.end_unknown(session, _Forgetful({}), order_id, LATER)
    assert await _stuck(programme) == []
    assert await programme.run("SELECT state FROM kamioi.trade_order") == [("cancelled",)]
    assert await programme.run("SELECT amount_minor FROM kamioi.earmark") == [(500,)]
    assert await programme.violations() == []


async def test_a_fault_is_over_once_the_broker_answers_but_not_an_order_that_never_ends(
    programme: Programme,
) -> None:
    await _sent(programme)
    async with programme.session() as session:
        assert await orders.take_fills(session, _Slow({}), LATER) == 0
    assert await _stuck(programme) == []
    (overdue,) = await _stuck(programme, hours=25)
    assert "in a day" in overdue.fault
    unsent = msgspec.structs.replace(overdue, state="new")
    assert "is sent with the next fills" in unsent.advice
    ((ticker,),) = await programme.run("SELECT ticker FROM kamioi.trade_order")
    async with programme.session() as session:
        await orders.take_fills(session, PaperBroker({ticker: Decimal(10)}), LATER)
    assert await _stuck(programme, hours=25) == []


@dataclass(frozen=True)
class _Confused(PaperBroker):
    """A broker that answers nothing of use to some tickers, or to any when it is down."""

    confusing: frozenset[str] = frozenset()
    is_down: bool = False

    async def submit(self, order: OrderRequest) -> OrderStatus:
        return await super().submit(self._hear(order))

    async def look(self, order: OrderRequest) -> OrderStatus:
        return await super().look(self._hear(order))

    def _hear(self, order: OrderRequest) -> OrderRequest:
        if self.is_down or order.ticker in self.confusing:
            raise BrokerAnswerError(f"answered 500 to {order.ticker}")
        return order


async def _wanted(programme: Programme, number: int) -> list[str]:
    """Open the orders of so many shares; return their tickers in the order of asking."""
    for _ in range(number):
        security_id, _ = await programme.security("10")
        await programme.ready(await programme.member(), security_id, 500)
    async with programme.session() as session:
        await orders.open_window(session, WINDOW, "paper")
    return [
        row[0] for row in await programme.run("SELECT ticker FROM kamioi.trade_order ORDER BY id")
    ]


async def test_an_order_that_gets_no_answer_of_use_keeps_no_other_from_being_bought(
    programme: Programme,
) -> None:
    tickers = await _wanted(programme, 6)
    closes = dict.fromkeys(tickers, Decimal(10))
    bad = frozenset((*tickers[:2], tickers[3], tickers[4]))
    states = "SELECT ticker FROM kamioi.trade_order WHERE state = %s ORDER BY id"
    async with programme.session() as session:
        assert await orders.send(session, _Confused(closes, confusing=bad), WINDOW) == 2
    assert await programme.run(states, "sent") == [(tickers[2],), (tickers[5],)]
    assert [one.fault for one in await _stuck(programme)] == [
        f"answered 500 to {ticker}" for ticker in tickers if ticker in bad
    ]
    async with programme.session() as session:
        await orders.send(session, PaperBroker(closes), WINDOW)
        assert await orders.take_fills(session, _Confused(closes, confusing=bad), LATER) == 2
    assert await programme.run(states, "filled") == [(tickers[2],), (tickers[5],)]
    async with programme.session() as session:
        assert await orders.take_fills(session, PaperBroker(closes), LATER) == 4
    assert await _stuck(programme) == []
    assert await programme.violations() == []


async def test_what_a_broker_refuses_to_hear_of_comes_last_and_may_be_ended(
    programme: Programme,
) -> None:
    tickers = await _wanted(programme, 5)
    closes = dict.fromkeys(tickers, Decimal(10))
    bad = frozenset(tickers[: orders.FAULTS_IN_A_ROW])
    broker = _Confused(closes, confusing=bad)
    with pytest.raises(BrokerAnswerError):
        async with direct_work(programme.runtime, programme.tenant_id) as work:
            await orders.send(work.session, broker, WINDOW, work.checkpoint)
    async with programme.session() as session:
        assert await orders.send(session, _Confused(closes, confusing=bad), WINDOW) == 2
    first = (await _stuck(programme))[0]
    assert (first.state, first.may_end) == ("new", True)
    async with programme.session() as session:
        assert await orders.end_unknown(session, _Forgetful({}), first.id, LATER)
    assert first.id not in [one.id for one in await _stuck(programme)]
    assert await programme.run("SELECT amount_minor FROM kamioi.earmark") == [(500,)]


async def test_a_broker_that_is_down_is_not_asked_of_every_order(programme: Programme) -> None:
    await _wanted(programme, orders.FAULTS_IN_A_ROW + 1)
    with pytest.raises(BrokerAnswerError):
        async with direct_work(programme.runtime, programme.tenant_id) as work:
            await orders.send(work.session, _Confused({}, is_down=True), WINDOW, work.checkpoint)
    assert len(await _stuck(programme)) == orders.FAULTS_IN_A_ROW


async def test_the_screen_shows_it_and_an_owner_of_its_programme_alone_has_it_ended(
    live_app: LiveApp, runtime: Runtime
) -> None:
    company, other = await create_company(runtime), await create_company(runtime)
    programme = Programme(runtime, company.tenant_id)
    order_id = await _sent(programme)
    path = f"/kamioi/admin/orders/{order_id}/end"
    async with httpx.AsyncClient(base_url=live_app.url) as http:
        page = await http.get(PAGE, headers=company.owner.bearer)
        assert "1 order needs a person" in page.text
        assert "knows no order" in page.text
        assert path in page.text
        seen = await http.get(PAGE, headers=company.staff.bearer)
        assert path not in seen.text
        told = (await http.get(API, headers=company.staff.bearer)).json()
        assert [one["id"] for one in told["orders"]] == [str(order_id)]
        nothing = (await http.get(API, headers=other.staff.bearer)).json()
        assert nothing["orders"] == []
        assert (await http.post(path, headers=company.staff.bearer)).status_code == 403
        assert (await http.post(path, headers=other.owner.bearer)).status_code == 404
        done = await http.post(path, headers=company.owner.bearer)
        assert done.headers["location"] == f"{PAGE}?done=end"
        after = await http.get(f"{PAGE}?done=end", headers=company.owner.bearer)
        assert "asked once more" in after.text
        fills = await http.post(f"{PAGE}/fills", headers=company.staff.bearer)
        assert fills.status_code == 303
