"""Alpaca's client against its simulator: one order however often it is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import httpx
import pytest
from pydantic import SecretStr

from myriad.kit.errors import TooManyRequestsError
from myriad.kit.ids import new_id
from myriad.products.kamioi.broker.alpaca import AlpacaBroker, AlpacaSettings, open_alpaca
from myriad.products.kamioi.broker.port import OrderRequest
from myriad.products.kamioi.broker.simulator import KEY_ID, SECRET_KEY, AlpacaSimulator
from myriad.products.kamioi.money.errors import (
    BrokerAnswerError,
    LiveBrokerError,
    UnknownOrderError,
)
from tests.products.kamioi.money.programme import WINDOW

SETTINGS = AlpacaSettings(
    base_url="http://alpaca", key_id=KEY_ID, secret_key=SecretStr(SECRET_KEY), is_switched_on=True
)


@pytest.fixture
def simulator() -> AlpacaSimulator:
    """A market of two."""
    return AlpacaSimulator({"KO": Decimal("33.37"), "BRK": Decimal(700_000)}, frozenset({"BRK"}))


@pytest.fixture
async def broker(simulator: AlpacaSimulator) -> AsyncIterator[AlpacaBroker]:
    """The client, connected to it."""
    transport = httpx.ASGITransport(simulator.app())
    async with httpx.AsyncClient(transport=transport) as http:
        yield open_alpaca(http, SETTINGS)


def _order(ticker: str = "KO", minor: int = 1500, currency: str = "USD") -> OrderRequest:
    return OrderRequest(f"k-{new_id()}", new_id(), ticker, minor, currency, WINDOW)


async def test_an_order_that_is_sent_twice_is_one(
    broker: AlpacaBroker, simulator: AlpacaSimulator
) -> None:
    order = _order()
    first, again = await broker.submit(order), await broker.submit(order)
    assert first.status == "sent"
    assert first.broker_order_id == again.broker_order_id
    assert len(simulator.orders) == 1


async def test_an_order_that_was_sent_is_not_refused_when_its_share_is_halted_since(
    broker: AlpacaBroker, simulator: AlpacaSimulator
) -> None:
    order = _order()
    await broker.submit(order)
    simulator.whole_only = frozenset({"KO"})
    assert (await broker.submit(order)).status in ("sent", "filled")
    assert (await broker.submit(_order())).status == "refused"


async def test_what_was_filled_is_told_when_the_order_has_ended(broker: AlpacaBroker) -> None:
    order = _order()
    await broker.submit(order)
    statuses = [await broker.look(order) for _ in range(3)]
    assert [one.status for one in statuses] == ["sent", "filled", "filled"]
    assert statuses[1].fills == statuses[2].fills
    assert [(str(fill.qty), fill.cost_minor) for fill in statuses[1].fills] == [
        ("0.449505543", 1500)
    ]
    assert await broker.positions() == {"KO": Decimal("0.449505543")}


@pytest.mark.parametrize(
    ("ticker", "minor", "currency"),
    [("BRK", 1500, "USD"), ("GONE", 1500, "USD"), ("KO", 99, "USD"), ("KO", 1500, "JPY")],
)
async def test_what_cannot_be_bought_is_refused_with_a_reason(
    broker: AlpacaBroker, simulator: AlpacaSimulator, ticker: str, minor: int, currency: str
) -> None:
    answer = await broker.submit(_order(ticker, minor, currency))
    assert answer.status == "refused"
    assert answer.reason
    assert not simulator.orders


@pytest.mark.parametrize(("qty", "cost_minor"), [("299.670661", 1_000_000), ("300", 1_001_100)])
async def test_the_rounding_of_a_mean_price_is_no_money_spent(
    broker: AlpacaBroker, simulator: AlpacaSimulator, qty: str, cost_minor: int
) -> None:
    order = _order(minor=1_000_000)
    await broker.submit(order)
    told = {"status": "filled", "filled_qty": qty, "filled_avg_price": "33.37"}
    simulator.orders[order.client_order_id] |= told
    (fill,) = (await broker.look(order)).fills
    assert fill.cost_minor == cost_minor


async def test_a_limit_says_how_long_to_wait(
    broker: AlpacaBroker, simulator: AlpacaSimulator
) -> None:
    simulator.requests_left = 0
    with pytest.raises(TooManyRequestsError) as caught:
        await broker.submit(_order())
    assert 1 <= caught.value.retry_after_seconds <= 61


async def test_wrong_keys_and_unknown_orders_are_errors(
    broker: AlpacaBroker, simulator: AlpacaSimulator
) -> None:
    with pytest.raises(UnknownOrderError, match="knows no order"):
        await broker.look(_order())
    transport = httpx.ASGITransport(simulator.app())
    async with httpx.AsyncClient(transport=transport) as http:
        stranger = open_alpaca(http, SETTINGS.model_copy(update={"key_id": "wrong"}))
        with pytest.raises(BrokerAnswerError, match="401"):
            await stranger.submit(_order())


@pytest.mark.parametrize(
    "told",
    [
        {"filled_avg_price": None},
        {"filled_qty": "many"},
        {"filled_avg_price": "1", "filled_at": "?"},
    ],
)
async def test_an_answer_that_is_no_order_is_a_fault_of_the_broker(
    broker: AlpacaBroker, simulator: AlpacaSimulator, told: dict[str, object]
) -> None:
    order = _order()
    await broker.submit(order)
    kept = simulator.orders[order.client_order_id]
    simulator.orders[order.client_order_id] = kept | {"status": "filled", "filled_qty": "1"} | told
    with pytest.raises(BrokerAnswerError, match="cannot be read"):
        await broker.look(order)


@pytest.mark.parametrize("change", [{"is_switched_on": False}, {"key_id": ""}])
async def test_real_trading_is_off_until_an_operator_says_so(change: dict[str, object]) -> None:
    async with httpx.AsyncClient() as http:
        with pytest.raises(LiveBrokerError):
            open_alpaca(http, SETTINGS.model_copy(update=change))
