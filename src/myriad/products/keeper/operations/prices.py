"""What work, storage and a plan cost, by date: never a vendor's price from memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec

from myriad.kit.errors import InvalidInputError

WARN_SHARE, CRITICAL_SHARE = 0.015, 0.02
SECONDS_A_MONTH = 30 * 86_400
_OWN = Path(__file__).with_name("prices.json")
_GIGABYTE, _MICROS, _CENTS = 1e9, 1e6, 100.0


class PriceError(InvalidInputError):
    """The price table cannot be used; says what is wrong."""

    code = "keeper_prices"
    title = "Unusable price table"


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The prices from a day on, in hundredths of `currency` a month of 30 days.

    A worker has `worker_slots` slots, each busy for one job at a time. What calls of language
    models cost is on the ledger of `scale/ai`, in US dollars: `cents_per_usd` is what one is in
    hundredths of `currency`, needed for every other currency. `source` says where the figures come
    from.
    """

    since: date
    currency: str
    worker_month_cents: float
    worker_slots: int
    gigabyte_month_cents: float
    plan_month_cents: dict[str, float]
    source: str
    cents_per_usd: float | None = None

    def work_cents(self, slot_seconds: float) -> float:
        """Return what keeping one slot busy for so long costs."""
        return slot_seconds * self.worker_month_cents / (self.worker_slots * SECONDS_A_MONTH)

    def storage_cents(self, size_bytes: float) -> float:
        """Return what storing so much costs a month."""
        return size_bytes / _GIGABYTE * self.gigabyte_month_cents

    def model_cents(self, usd_micros: float) -> float:
        """Return what so many millionths of a US dollar are."""
        return usd_micros / _MICROS * (self.cents_per_usd or _CENTS)


@dataclass(frozen=True, slots=True)
class AccountCost:
    """What one account costs a month, in hundredths, and as a share of what its plan brings in.

    `share` is None for a plan without a price.
    """

    name: str
    plan: str
    work_cents: float
    storage_cents: float
    model_cents: float
    share: float | None

    @property
    def cents(self) -> float:
        """Work, storage and language models together."""
        return self.work_cents + self.storage_cents + self.model_cents


def load_prices(path: Path | None = None) -> tuple[Price, ...]:
    """Return the price table, oldest first; raises PriceError."""
    place = path or _OWN
    try:
        prices = msgspec.json.decode(place.read_bytes(), type=list[Price])
    except OSError as error:
        raise PriceError(f"{place} cannot be read: {error.strerror}") from None
    except msgspec.DecodeError as error:
        raise PriceError(f"{place} is no price table: {error}") from None
    if not prices or any(price.worker_slots < 1 for price in prices):
        raise PriceError(f"{place} needs one price or more, each with worker_slots of 1 or more")
    if any(price.currency != "USD" and not price.cents_per_usd for price in prices):
        raise PriceError(f"{place} needs cents_per_usd for prices that are not in US dollars")
    return tuple(sorted(prices, key=lambda price: price.since))


def price_on(prices: Sequence[Price], day: date) -> Price:
    """Return the prices of a day, the first ones for a day before them."""
    return next((price for price in reversed(prices) if price.since <= day), prices[0])


def account_cost(
    price: Price,
    *,
    name: str,
    plan: str,
    seconds_a_day: float,
    size_bytes: float,
    model_usd_micros: float = 0.0,
) -> AccountCost:
    """Return what an account costs a month that keeps slots busy for so long each day.

    `model_usd_micros` is what language models cost it in thirty days.
    """
    work, storage = price.work_cents(30 * seconds_a_day), price.storage_cents(size_bytes)
    models = price.model_cents(model_usd_micros)
    revenue = price.plan_month_cents.get(plan)
    share = (work + storage + models) / revenue if revenue else None
    return AccountCost(name, plan, work, storage, models, share)
