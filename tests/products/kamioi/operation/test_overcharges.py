"""What a broker took above an order stands in the ledger until somebody says what became of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import httpx
import pytest

from myriad.products.kamioi.broker.paper import PaperBroker
from myriad.products.kamioi.broker.port import BrokerFill, OrderRequest, OrderStatus
from myriad.products.kamioi.money import orders
from myriad.scale.runtime import Runtime
from tests.fixtures.app import LiveApp, create_company
from tests.products.kamioi.money.programme import WINDOW, Programme

LATER = WINDOW + timedelta(hours=1)
API = "/api/v1/kamioi/admin/reconciliation"
PAGE = "/kamioi/admin/reconciliation"


@dataclass(frozen=True)
class _Dear(PaperBroker):
    """A broker that charges so much more for one ticker than was ordered."""

    ticker: str = ""
    more: int = 0

    async def look(self, order: OrderRequest) -> OrderStatus:
        found = await super().look(order)
        if order.ticker != self.ticker:
            return found
        fills = tuple(replace(one, cost_minor=one.cost_minor + self.more) for one in found.fills)
        return replace(found, fills=fills)


async def _buy(programme: Programme, more: int) -> tuple[UUID, UUID]:
    """Buy two shares for two members each, one of them for more than was ordered; return the shares."""
    (dear, ticker), (plain, other) = await programme.security("10"), await programme.security("10")
    for amount in (300, 200):
        member = await programme.member()
        await programme.ready(member, dear, amount)
        await programme.ready(member, plain, amount)
    broker = _Dear({ticker: Decimal(10), other: Decimal(10)}, ticker=ticker, more=more)
    async with programme.session() as session:
        await orders.open_window(session, WINDOW, "paper")
        await orders.send(session, broker, WINDOW)
        assert await orders.take_fills(session, broker, LATER) == 2
        assert await orders.take_fills(session, broker, LATER) == 0
    return dear, plain


async def _accounts(programme: Programme) -> dict[str, int]:
    rows = await programme.run(
        "SELECT account, sum(amount_minor) FROM kamioi.ledger_entry"
        " WHERE account IN ('bank', 'broker_owes', 'losses') GROUP BY 1"
    )
    return {account: int(total) for account, total in rows if total}


@pytest.mark.parametrize("more", [1, 77, 5_000])
async def test_members_pay_what_they_ordered_and_the_rest_is_owed_by_the_broker(
    programme: Programme, more: int
) -> None:
    for security in await _buy(programme, more):
        lots = await programme.run(
            "SELECT cost_minor FROM kamioi.lot WHERE security_id = %s ORDER BY 1", security
        )
        assert lots == [(200,), (300,)]
    assert await programme.run("SELECT DISTINCT state, reason FROM kamioi.trade_order") == [
        ("filled", None)
    ]
    assert await _accounts(programme) == {"bank": -more, "broker_owes": more}
    assert await programme.violations() == []


async def test_each_fill_owes_only_what_it_adds_to_the_sum(programme: Programme) -> None:
    security_id, _ = await programme.security("10")
    await programme.ready(await programme.member(), security_id, 500)
    async with programme.session() as session:
        await orders.open_window(session, WINDOW, "paper")
        (order,) = await orders.list_orders(session, ["new"], WINDOW)
        for number, cost in enumerate((400, 150, 30)):
            fill = BrokerFill(str(number), Decimal("0.2"), Decimal(10), cost, WINDOW)
            assert await orders.allocate(session, order, fill)
            assert not await orders.allocate(session, order, fill)
    found = await programme.run("SELECT amount_minor FROM kamioi.overcharge ORDER BY 1")
    assert found == [(30,), (50,)]
    costs = await programme.run("SELECT cost_minor FROM kamioi.lot ORDER BY cost_minor")
    assert costs == [(0,), (100,), (400,)]
    assert await programme.violations() == []


@pytest.mark.parametrize(
    ("outcome", "after"), [("returned", {}), ("borne", {"bank": -77, "losses": 77})]
)
async def test_an_owner_says_once_what_became_of_it(
    live_app: LiveApp, runtime: Runtime, outcome: str, after: dict[str, int]
) -> None:
    company, other = await create_company(runtime), await create_company(runtime)
    programme = Programme(runtime, company.tenant_id)
    await _buy(programme, 77)
    async with httpx.AsyncClient(base_url=live_app.url) as http:
        page = (await http.get(PAGE, headers=company.owner.bearer)).text
        assert "The broker took more than was ordered" in page
        assert "$0.77" in page
        told = (await http.get(API, headers=company.staff.bearer)).json()["overcharges"]
        assert [(one["amount_minor"], one["state"]) for one in told] == [(77, "open")]
        assert (await http.get(API, headers=other.staff.bearer)).json()["overcharges"] == []
        said = {"outcome": outcome, "note": "their message of today"}
        path = f"{API}/overcharges/{told[0]['id']}"
        assert (await http.post(path, json=said, headers=company.staff.bearer)).status_code == 403
        assert (await http.post(path, json=said, headers=other.owner.bearer)).status_code == 404
        form = f"/kamioi/admin/overcharges/{told[0]['id']}/settle"
        done = await http.post(form, data=said, headers=company.owner.bearer)
        assert done.headers["location"] == f"{PAGE}#overcharges"
        assert (await http.post(path, json=said, headers=company.owner.bearer)).status_code == 409
        assert "their message of today" in (await http.get(PAGE, headers=company.staff.bearer)).text
    assert await _accounts(programme) == after
    assert await programme.violations() == []
