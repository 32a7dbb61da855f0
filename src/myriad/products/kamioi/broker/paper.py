"""The paper broker: fills at given closes, the same every time.

It keeps nothing: what an order came to follows from the order and the close, so that a restart
forgets nothing. A ticker without a close is refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, localcontext

from myriad.products.kamioi.broker.port import BrokerFill, OrderRequest, OrderStatus
from myriad.products.kamioi.money.arithmetic import (
    UNITS,
    half_even,
    minor_units,
    shares_of,
)

_PRECISION = 60


@dataclass(frozen=True)
class PaperBroker:
    """Fills every order at the close of its ticker, in `fills` parts.

    `filled_percent` below 100 leaves the rest of each order unfilled when the day ends; tickers in
    `halted` are refused. What it holds by ticker is `held`, or what `find_held` works out.
    """

    closes: Mapping[str, Decimal]
    fills: int = 1
    filled_percent: int = 100
    halted: Collection[str] = ()
    held: Mapping[str, Decimal] = field(default_factory=dict)
    find_held: Callable[[], Awaitable[Mapping[str, Decimal]]] | None = None
    name: str = "paper"

    async def submit(self, order: OrderRequest) -> OrderStatus:
        """Take the order, or refuse it."""
        found = await self.look(order)
        return found if found.status == "refused" else OrderStatus("sent", found.broker_order_id)

    async def look(self, order: OrderRequest) -> OrderStatus:
        """Return the order as it ended."""
        close = self.closes.get(order.ticker)
        if close is None or order.ticker in self.halted:
            reason = "halted" if order.ticker in self.halted else "no close is known"
            return OrderStatus("refused", None, (), f"{order.ticker}: {reason}")
        fills = tuple(self._fills(order, close))
        is_whole = self.filled_percent == 100
        return OrderStatus("filled" if is_whole else "expired", self._id(order), fills)

    async def positions(self) -> Mapping[str, Decimal]:
        """Return what it holds."""
        return self.held if self.find_held is None else await self.find_held()

    def _id(self, order: OrderRequest) -> str:
        return f"paper-{order.client_order_id}"

    def _fills(self, order: OrderRequest, close: Decimal) -> list[BrokerFill]:
        spend = order.notional_minor * self.filled_percent // 100
        parts = [spend * (n + 1) // self.fills - spend * n // self.fills for n in range(self.fills)]
        made = []
        for number, minor in enumerate(parts):
            units = units_bought(minor, close, order.currency)
            if units:
                qty = shares_of(units)
                identity = f"{self._id(order)}-{number}"
                cost = cost_of(units, close, order.currency)
                made.append(BrokerFill(identity, qty, close, cost, order.window_at))
        return made


def units_bought(minor: int, price: Decimal, currency: str) -> int:
    """Return how many billionths of a share that much money buys, cut to what it can pay."""
    with localcontext() as context:
        context.prec = _PRECISION
        return int(Decimal(minor) * UNITS / (price * minor_units(currency)))


def cost_of(units: int, price: Decimal, currency: str) -> int:
    """Return what so many billionths cost, half to even."""
    with localcontext() as context:
        context.prec = _PRECISION
        return half_even(Decimal(units) * price * minor_units(currency) / UNITS)
