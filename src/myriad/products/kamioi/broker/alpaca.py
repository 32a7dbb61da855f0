"""A client for Alpaca's trading API: market orders for the day by notional.

Real money moves through it, so it is made only by `open_alpaca`, which an operator must have
switched on. A 429 waits as X-RateLimit-Reset says; a write that may have arrived is asked for by
its `client_order_id` rather than sent again blindly.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr

from myriad.kit.errors import TooManyRequestsError
from myriad.products.kamioi.broker.port import BrokerFill, OrderRequest, OrderStatus, Status
from myriad.products.kamioi.money.arithmetic import half_even
from myriad.products.kamioi.money.errors import (
    BrokerAnswerError,
    LiveBrokerError,
    UnknownOrderError,
)
from myriad.products.kamioi.settings import ALPACA_PAPER_URL

# Mean prices are told to four decimals at least.
_HALF_A_PRICE_STEP = Decimal("0.00005")
_CURRENCY = "USD"
_TOO_MANY, _UNPROCESSABLE, _NOT_FOUND, _FORBIDDEN = 429, 422, 404, 403
_STATES: dict[str, Status] = {
    "filled": "filled",
    "partially_filled": "part_filled",
    "expired": "expired",
    "done_for_day": "expired",
    "canceled": "cancelled",
    "rejected": "refused",
}


class AlpacaSettings(BaseModel):
    """How Alpaca is reached; nothing is sent while `is_switched_on` is false."""

    model_config = ConfigDict(frozen=True)

    base_url: str = ALPACA_PAPER_URL
    key_id: str = ""
    secret_key: SecretStr = SecretStr("")
    is_switched_on: bool = False


class AlpacaBroker:
    """Alpaca as a broker; `http` is kept by whoever opened it."""

    name = "alpaca"

    def __init__(self, http: httpx.AsyncClient, settings: AlpacaSettings) -> None:
        self._http = http
        self._base = settings.base_url.rstrip("/")
        self._headers = {
            "APCA-API-KEY-ID": settings.key_id,
            "APCA-API-SECRET-KEY": settings.secret_key.get_secret_value(),
        }

    async def submit(self, order: OrderRequest) -> OrderStatus:
        """Ask for an order; one that Alpaca knows by its client_order_id is returned as it is.

        That is asked first: whatever became of the share since, an order that was sent may buy it.
        It buys with dollars alone.
        """
        if order.currency != _CURRENCY:
            reason = f"{order.ticker}: Alpaca buys with {_CURRENCY}, not with {order.currency}"
            return OrderStatus("refused", None, (), reason)
        known = await self._find(order)
        if known is not None:
            return _status(known)
        asset = await self._ask("GET", f"/v2/assets/{order.ticker}")
        if asset is None or not (asset.get("tradable") and asset.get("fractionable")):
            return OrderStatus("refused", None, (), f"{order.ticker} is not sold in fractions")
        body = {
            "symbol": order.ticker,
            "notional": f"{order.notional_minor // 100}.{order.notional_minor % 100:02d}",
            "side": "buy",
            "type": "market",
            "time_in_force": "day",
            "client_order_id": order.client_order_id,
        }
        answer = await self._ask("POST", "/v2/orders", json=body)
        if answer is None or "id" not in answer:
            # Somebody sent it in between, or it cannot be ordered.
            known = await self._find(order)
            reason = str((answer or {}).get("message", "refused"))
            return OrderStatus("refused", None, (), reason) if known is None else _status(known)
        return _status(answer)

    async def look(self, order: OrderRequest) -> OrderStatus:
        """Return how an order stands; raises UnknownOrderError when Alpaca does not know it."""
        found = await self._find(order)
        if found is None:
            raise UnknownOrderError(f"Alpaca knows no order {order.client_order_id}")
        return _status(found)

    async def positions(self) -> Mapping[str, Decimal]:
        """Return the shares held by ticker."""
        found: Any = await self._ask("GET", "/v2/positions")
        return {row["symbol"]: Decimal(row["qty"]) for row in found or []}

    async def _find(self, order: OrderRequest) -> dict[str, Any] | None:
        query = {"client_order_id": order.client_order_id}
        return await self._ask("GET", "/v2/orders:by_client_order_id", params=query)

    async def _ask(self, method: str, path: str, **more: Any) -> dict[str, Any] | None:
        """Return the answer; None for what is not there, the refusal of what cannot be ordered."""
        url = f"{self._base}{path}"
        try:
            answer = await self._http.request(method, url, headers=self._headers, **more)
        except httpx.HTTPError as error:
            raise BrokerAnswerError(f"Alpaca cannot be reached: {type(error).__name__}") from None
        if answer.status_code == _TOO_MANY:
            reset = float(answer.headers.get("X-RateLimit-Reset", 0)) - time.time()
            raise TooManyRequestsError("Alpaca's limit is reached", max(reset, 1.0))
        if answer.status_code == _NOT_FOUND:
            return None
        is_refusal = method == "POST" and answer.status_code in (_UNPROCESSABLE, _FORBIDDEN)
        if not answer.is_success and not is_refusal:
            raise BrokerAnswerError(f"Alpaca answered {answer.status_code} to {method} {path}")
        try:
            found: dict[str, Any] = answer.json()
        except ValueError:
            raise BrokerAnswerError(f"Alpaca answered no JSON to {method} {path}") from None
        return found


def open_alpaca(http: httpx.AsyncClient, settings: AlpacaSettings) -> AlpacaBroker:
    """Return the broker; raises LiveBrokerError unless the operator switched it on, with keys."""
    if not settings.is_switched_on:
        raise LiveBrokerError("real trading is off; an operator must set is_switched_on")
    if not (settings.key_id and settings.secret_key.get_secret_value()):
        raise LiveBrokerError("real trading is on, but Alpaca's key_id or secret_key is missing")
    return AlpacaBroker(http, settings)


def _status(row: Mapping[str, Any]) -> OrderStatus:
    """Return an order as Alpaca tells it; what it has filled is one fill, told when it has ended.

    Alpaca gives the sum of all executions and their mean price, so one that is still filling would
    be a different fill at every look. Raises BrokerAnswerError for what is no order.
    """
    try:
        return _read(row)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise BrokerAnswerError(
            f"Alpaca answered an order that cannot be read ({type(error).__name__})"
        ) from None


def _read(row: Mapping[str, Any]) -> OrderStatus:
    status = _STATES.get(row["status"], "sent")
    qty = Decimal(row.get("filled_qty") or 0)
    if status in ("sent", "part_filled") or not qty:
        return OrderStatus("sent" if status == "part_filled" else status, row["id"])
    price = Decimal(row["filled_avg_price"])
    at = datetime.fromisoformat(row["filled_at"]) if row.get("filled_at") else datetime.now(UTC)
    fill = BrokerFill(row["id"], qty, price, _cost(row, qty, price), at)
    return OrderStatus(status, row["id"], (fill,))


def _cost(row: Mapping[str, Any], qty: Decimal, price: Decimal) -> int:
    """Return what an order's shares cost in cents.

    The mean price is rounded, so that many shares times it may come to cents above what was ordered
    by notional, which was not overspent. What is above by more than that is told as it is.
    """
    cost = half_even(qty * price * 100)
    ordered = half_even(Decimal(row.get("notional") or 0) * 100)
    rounding = half_even(qty * _HALF_A_PRICE_STEP * 100) + 1
    return ordered if ordered < cost <= ordered + rounding else cost
