"""While a broker thinks nobody's money waits, and two who ask it of one order count it once."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from myriad.products.kamioi.broker.paper import PaperBroker
from myriad.products.kamioi.broker.port import OrderRequest, OrderStatus
from myriad.products.kamioi.money import orders
from myriad.scale.jobs.direct import direct_work
from tests.products.kamioi.money.programme import WINDOW, Programme

_FREE = "SELECT pg_try_advisory_xact_lock(hashtextextended('kamioi money ' || %s::text, 0))"
EARMARKED = 1_000


@dataclass(frozen=True)
class _Curious(PaperBroker):
    """A broker that, before it answers, sees whether somebody holds the programme's money."""

    programme: Programme | None = None
    found_free: list[bool] = field(default_factory=list)

    async def look(self, order: OrderRequest) -> OrderStatus:
        assert self.programme is not None
        ((free,),) = await self.programme.run(_FREE, self.programme.tenant_id)
        self.found_free.append(free)
        return await super().look(order)


@dataclass(frozen=True)
class _Overtaken(PaperBroker):
    """A broker whose answer is late: another worker has asked and taken it in meanwhile."""

    programme: Programme | None = None

    async def look(self, order: OrderRequest) -> OrderStatus:
        assert self.programme is not None
        quick = PaperBroker(self.closes, filled_percent=self.filled_percent)
        async with self.programme.session() as session:
            await orders.take_fills(session, quick, WINDOW)
        return await quick.look(order)


async def _wanted(programme: Programme, close: str) -> str:
    """Let a member's cash wait for a share, open its order, and return its ticker."""
    security_id, ticker = await programme.security(close)
    await programme.ready(await programme.member(), security_id, EARMARKED)
    async with programme.session() as session:
        await orders.open_window(session, WINDOW, "paper")
    return ticker


async def test_money_is_not_held_while_the_broker_thinks(programme: Programme) -> None:
    ticker = await _wanted(programme, "10")
    broker = _Curious({ticker: Decimal(10)}, programme=programme)
    async with direct_work(programme.runtime, programme.tenant_id) as work:
        assert await orders.send(work.session, broker, WINDOW, work.checkpoint) == 1
        await work.checkpoint()
        assert await orders.take_fills(work.session, broker, WINDOW, work.checkpoint) == 1
        ((free,),) = await programme.run(_FREE, programme.tenant_id)
        assert not free
    assert broker.found_free == [True, True]
    assert await programme.run("SELECT qty FROM kamioi.lot") == [(Decimal(1),)]
    assert await programme.violations() == []


async def test_an_order_that_two_ask_the_broker_of_is_taken_in_once(programme: Programme) -> None:
    ticker = await _wanted(programme, "10")
    broker = _Overtaken({ticker: Decimal(10)}, filled_percent=40, programme=programme)
    async with programme.session() as session:
        await orders.send(session, PaperBroker(broker.closes), WINDOW)
    async with direct_work(programme.runtime, programme.tenant_id) as work:
        assert await orders.take_fills(work.session, broker, WINDOW, work.checkpoint) == 0
    assert await programme.run("SELECT state FROM kamioi.trade_order") == [("expired",)]
    assert await programme.run("SELECT cost_minor FROM kamioi.lot") == [(400,)]
    waits = await programme.run("SELECT amount_minor FROM kamioi.earmark")
    assert waits == [(EARMARKED - 400,)]
    assert await programme.violations() == []
