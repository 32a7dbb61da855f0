"""The sellers that one simulated Square holds, and what may change in their lives."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from myriad.kit.clock import utc_now
from myriad.products.keeper.square.simulator.records import Json, Table

KINDS = (
    "customer",
    "payment",
    "refund",
    "order",
    "booking",
    "team_member",
    "timecard",
)


def square_id(*parts: object, length: int = 22) -> str:
    """Return an opaque id in Square's manner that depends on `parts` alone."""
    text = "|".join(map(str, parts)).encode()
    return hashlib.blake2b(text, digest_size=20).hexdigest()[:length].upper()


@dataclass
class Seller:
    """One merchant: its locations, its objects, and whether it pays for Appointments Plus.

    `plan` is `paid`, `free` (seller-level bookings come back empty) or `refused` (403).
    """

    merchant: Json
    locations: list[Json]
    tables: dict[str, Table] = field(default_factory=lambda: {kind: Table() for kind in KINDS})
    plan: str = "paid"

    @property
    def merchant_id(self) -> str:
        """The merchant's id."""
        return str(self.merchant["id"])

    @property
    def main_location_id(self) -> str:
        """The location that lists fall back to."""
        return str(self.merchant["main_location_id"])

    @property
    def currency(self) -> str:
        """The currency of the merchant."""
        return str(self.merchant["currency"])


@dataclass
class World:
    """Everything behind the simulated API."""

    sellers: dict[str, Seller] = field(default_factory=dict)
    clock: Callable[[], datetime] = utc_now

    def add(self, seller: Seller) -> Seller:
        """Add a seller and return it."""
        self.sellers[seller.merchant_id] = seller
        return seller

    @property
    def first(self) -> Seller:
        """The seller that calls mean when they name none."""
        return next(iter(self.sellers.values()))

    def seller(self, merchant_id: str | None) -> Seller | None:
        """Return the seller of that id, or the first when none is named."""
        return self.sellers.get(merchant_id) if merchant_id else self.first
