"""What buying needs of a broker.

Every write is a request, not a fact: an order that was sent is looked at until it has ended, and
what the broker holds is compared with the ledger every night.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol
from uuid import UUID

Status = Literal["sent", "part_filled", "filled", "refused", "expired", "cancelled"]
ENDED: frozenset[str] = frozenset(("filled", "refused", "expired", "cancelled"))


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """A market order for the day, by notional: for `notional_minor` of `currency`, of `ticker`.

    `client_order_id` makes it one order however often it is sent.
    """

    client_order_id: str
    security_id: UUID
    ticker: str
    notional_minor: int
    currency: str
    window_at: datetime


@dataclass(frozen=True, slots=True)
class BrokerFill:
    """A part of an order that was executed: shares, their price, what they cost in its currency."""

    id: str
    qty: Decimal
    price: Decimal
    cost_minor: int
    filled_at: datetime


@dataclass(frozen=True, slots=True)
class OrderStatus:
    """How an order stands at the broker, with every fill so far."""

    status: Status
    broker_order_id: str | None = None
    fills: tuple[BrokerFill, ...] = ()
    reason: str | None = None


class Broker(Protocol):
    """A broker of shares."""

    @property
    def name(self) -> str:
        """Its name in orders."""
        ...

    async def submit(self, order: OrderRequest) -> OrderStatus:
        """Ask for an order; asking again for the same `client_order_id` changes nothing."""
        ...

    async def look(self, order: OrderRequest) -> OrderStatus:
        """Return how an order stands."""
        ...

    async def positions(self) -> Mapping[str, Decimal]:
        """Return the shares held by ticker."""
        ...
