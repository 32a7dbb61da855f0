"""An order that needs a person is shown with its fault, and ends when the broker knows nothing of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import httpx
import msgspec

from myriad.products.kamioi.broker.paper import PaperBroker
from myriad.products.kamioi.broker.port import OrderRequest, OrderStatus
from myriad.products.kamioi.money import orders
from myriad.products.kamioi.money.errors import UnknownOrderError
from myriad.products.kamioi.operation.stuck_orders import StuckOrder, list_stuck_orders
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
