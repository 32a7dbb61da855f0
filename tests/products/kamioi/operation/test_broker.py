"""Which broker a programme trades through is an operator's decision, and never mixed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import SecretStr, ValidationError

from myriad.kit.errors import TooManyRequestsError
from myriad.kit.ids import new_id
from myriad.products.kamioi.broker.paper import PaperBroker
from myriad.products.kamioi.broker.port import OrderRequest, OrderStatus
from myriad.products.kamioi.money import orders
from myriad.products.kamioi.money.brokers import check_broker
from myriad.products.kamioi.money.errors import LiveBrokerError
from myriad.products.kamioi.settings import KamioiSettings
from tests.products.kamioi.money.programme import WINDOW, Programme

LIVE = {
    "alpaca_is_switched_on": True,
    "alpaca_base_url": "https://api.alpaca.markets",
    "alpaca_key_id": "key",
    "alpaca_secret_key": "hush-hush",
}


@pytest.mark.parametrize("missing", ["alpaca_programme", "alpaca_key_id", "alpaca_secret_key"])
def test_nothing_starts_when_real_trading_lacks_programme_or_keys(missing: str) -> None:
    given = {**LIVE, "alpaca_programme": new_id()}
    with pytest.raises(ValidationError, match=f"{missing} is missing"):
        KamioiSettings.model_validate({**given, missing: None if "programme" in missing else ""})


def test_only_the_programme_that_was_named_trades_and_only_real_money_is_called_so() -> None:
    named, other = new_id(), new_id()
    settings = KamioiSettings.model_validate({**LIVE, "alpaca_programme": named})
    assert settings.broker_of(named) == "alpaca"
    assert settings.broker_of(other) == "paper"
    assert settings.is_real_money
    assert "hush" not in repr(settings)
    paper = settings.model_copy(update={"alpaca_base_url": "https://paper-api.alpaca.markets"})
    assert not paper.is_real_money
    assert not KamioiSettings().is_real_money
    assert isinstance(settings.alpaca_secret_key, SecretStr)


async def test_simulated_and_real_shares_never_stand_in_one_programme(
    programme: Programme, other_programme: Programme
) -> None:
    for one, broker in ((programme, "paper"), (other_programme, "alpaca")):
        security_id, ticker = await one.security()
        await one.run(
            "INSERT INTO kamioi.trade_order (tenant_id, client_order_id, security_id, ticker,"
            " window_at, notional_minor, currency, state, broker)"
            " VALUES (%s, %s, %s, %s, %s, 100, 'USD', 'filled', %s)",
            one.tenant_id,
            new_id().hex,
            security_id,
            ticker,
            WINDOW,
            broker,
        )
    async with programme.session() as session:
        await check_broker(session, "paper")
        with pytest.raises(LiveBrokerError, match="simulated shares"):
            await check_broker(session, "alpaca")
    async with other_programme.session() as session:
        with pytest.raises(LiveBrokerError, match="switch it on again"):
            await check_broker(session, "paper")


async def test_orders_that_a_tired_broker_did_not_take_are_sent_with_the_next_call(
    programme: Programme,
) -> None:
    for _ in range(3):
        security_id, ticker = await programme.security()
        await programme.run(
            "INSERT INTO kamioi.trade_order (tenant_id, client_order_id, security_id, ticker,"
            " window_at, notional_minor, currency, broker)"
            " VALUES (%s, %s, %s, %s, %s, 100, 'USD', 'paper')",
            programme.tenant_id,
            new_id().hex,
            security_id,
            ticker,
            WINDOW,
        )

    class Tired(PaperBroker):
        left = 2

        async def submit(self, order: OrderRequest) -> OrderStatus:
            type(self).left -= 1
            if type(self).left < 0:
                raise TooManyRequestsError("enough", 1.0)
            return OrderStatus("sent", order.client_order_id)

    async with programme.session() as session:
        assert await orders.send(session, Tired({"X": Decimal(1)}), WINDOW) == 2
    with pytest.raises(TooManyRequestsError):
        async with programme.session() as session:
            await orders.send(session, Tired({}), WINDOW)
    Tired.left = 5
    async with programme.session() as session:
        assert await orders.send(session, Tired({}), WINDOW) == 1
