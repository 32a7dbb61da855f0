"""A simulated Alpaca: the requests of our client, in Alpaca's shapes, over HTTP.

Orders fill at the close that it was given, at the second look. `requests_left` answers 429 when it
is used up, as two hundred a minute do; a minute later there are as many again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from myriad.kit.ids import new_id
from myriad.products.kamioi.broker.paper import units_bought
from myriad.products.kamioi.money.arithmetic import shares_of

KEY_ID, SECRET_KEY = "simulated-alpaca-key", "simulated-alpaca-secret"
_A_MINUTE = 200


@dataclass
class AlpacaSimulator:
    """What a simulated Alpaca knows: closes by symbol, orders by client_order_id."""

    closes: Mapping[str, Decimal]
    whole_only: frozenset[str] = frozenset()
    requests_left: int = _A_MINUTE
    minute_ends: float = 0.0
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)

    def app(self) -> Starlette:
        """Return the application."""
        return Starlette(
            routes=[
                Route("/v2/assets/{symbol}", self._guarded(self._asset)),
                Route("/v2/orders", self._guarded(self._order), methods=["POST"]),
                Route("/v2/orders:by_client_order_id", self._guarded(self._look)),
                Route("/v2/positions", self._guarded(self._positions)),
            ]
        )

    def _guarded(
        self, handler: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            given = (
                request.headers.get("APCA-API-KEY-ID"),
                request.headers.get("APCA-API-SECRET-KEY"),
            )
            if given != (KEY_ID, SECRET_KEY):
                return _problem(401, "request is not authorized")
            self._begin_minute()
            self.requests_left -= 1
            found = _problem(429, "too many requests.")
            if self.requests_left >= 0:
                found = await handler(request)
            found.headers["X-RateLimit-Limit"] = str(_A_MINUTE)
            found.headers["X-RateLimit-Remaining"] = str(max(self.requests_left, 0))
            found.headers["X-RateLimit-Reset"] = str(int(self.minute_ends) + 1)
            return found

        return answer

    def _begin_minute(self) -> None:
        if self.minute_ends and time.time() >= self.minute_ends:
            self.requests_left, self.minute_ends = _A_MINUTE, 0.0
        self.minute_ends = self.minute_ends or time.time() + 60

    async def _asset(self, request: Request) -> Response:
        symbol = request.path_params["symbol"]
        if symbol not in self.closes:
            return _problem(404, f"asset not found for {symbol}")
        is_fractionable = symbol not in self.whole_only
        return JSONResponse({"symbol": symbol, "tradable": True, "fractionable": is_fractionable})

    async def _order(self, request: Request) -> Response:
        asked = json.loads(await request.body())
        if ("notional" in asked) == ("qty" in asked):
            return _problem(400, "exactly one of qty or notional is required")
        if (asked.get("type"), asked.get("time_in_force")) != ("market", "day"):
            return _problem(422, "fractional orders must be market orders for the day")
        if asked["client_order_id"] in self.orders:
            return _problem(422, "client_order_id must be unique")
        if Decimal(asked["notional"]) < 1:
            return _problem(403, "notional amount must be >= 1.00")
        order = {**asked, "id": str(new_id()), "status": "accepted", "filled_qty": "0"}
        self.orders[asked["client_order_id"]] = order
        return JSONResponse(order)

    async def _look(self, request: Request) -> Response:
        order = self.orders.get(request.query_params["client_order_id"])
        if order is None:
            return _problem(404, "order not found")
        answer = dict(order)
        if order["status"] == "accepted":
            close = self.closes[order["symbol"]]
            units = units_bought(int(Decimal(order["notional"]) * 100), close, "USD")
            order |= {
                "status": "filled",
                "filled_qty": str(shares_of(units)),
                "filled_avg_price": str(close),
                "filled_at": datetime.now(UTC).isoformat(),
            }
        return JSONResponse(answer)

    async def _positions(self, request: Request) -> Response:
        held: dict[str, Decimal] = {}
        for order in self.orders.values():
            symbol = order["symbol"]
            held[symbol] = held.get(symbol, Decimal(0)) + Decimal(order["filled_qty"])
        return JSONResponse([{"symbol": name, "qty": str(qty)} for name, qty in held.items()])


def _problem(status: int, message: str) -> Response:
    return JSONResponse({"code": status * 100_000, "message": message}, status_code=status)
