"""What tokens cost, exactly, in millionths of a US dollar.

Prices come from the pinned genai-prices, which needs no network, or from `tables/prices.toml`,
which stands before it. A model without a price is refused. A dollar per million tokens is a
micro-dollar per token, so that money is integer arithmetic; a call is rounded once, half up.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from myriad.kit.lazy import lazily
from myriad.scale.ai.catalog import TABLES, ModelKey
from myriad.scale.ai.errors import ModelTableError, UnknownModelError
from myriad.scale.ai.request import Usage

genai_prices = lazily("genai_prices")

# Prices have up to six digits after the point of a micro-dollar per token.
_SCALE = 1_000_000


@dataclass(frozen=True, slots=True)
class Tier:
    """A price that counts from `above` input tokens on, in millionths of a micro-dollar."""

    above: int
    price: int


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """The price of one kind of token; the highest tier below the call's input counts for all."""

    base: int
    tiers: tuple[Tier, ...] = ()

    def at(self, input_tokens: int) -> int:
        """Return the price of one token of a call with that much input."""
        price = self.base
        for tier in self.tiers:
            if input_tokens > tier.above:
                price = tier.price
        return price


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """The prices of one model and where they come from."""

    version: str
    input: UnitPrice
    output: UnitPrice
    cache_read: UnitPrice
    cache_write: UnitPrice

    def cost_usd_micros(self, usage: Usage) -> int:
        """Return what `usage` costs, rounded half up to a micro-dollar."""
        size = usage.input_tokens
        plain = size - usage.cache_read_tokens - usage.cache_write_tokens
        total = (
            plain * self.input.at(size)
            + usage.cache_read_tokens * self.cache_read.at(size)
            + usage.cache_write_tokens * self.cache_write.at(size)
            + usage.output_tokens * self.output.at(size)
        )
        return (total + _SCALE // 2) // _SCALE


def price_of(key: ModelKey, day: date, *, batch: bool = False) -> ModelPrice:
    """Return the price of a model on a day, for its batch API if asked.

    Raises UnknownModelError for a model that neither table prices, or whose batch price is
    unknown.
    """
    return _price_of(key, day, batch)


@cache
def _price_of(key: ModelKey, day: date, batch: bool) -> ModelPrice:
    own = [
        entry
        for entry in _own_prices(TABLES / "prices.toml")
        if entry.get("model") == str(key) and entry["effective_from"] <= day
    ]
    if own:
        return _read_own(max(own, key=lambda entry: entry["effective_from"]), batch)
    return _read_pinned(key, batch)


@cache
def _own_prices(path: Path) -> list[dict[str, Any]]:
    try:
        entries: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))["price"]
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise ModelTableError(f"{path.name} cannot be read: {error}") from None
    return entries


def _read_own(entry: dict[str, Any], batch: bool) -> ModelPrice:
    if batch and "batch" not in entry:
        raise UnknownModelError(f"prices.toml has no batch price for {entry['model']}")
    factor = Decimal(entry["batch"]) if batch else Decimal(1)
    given = {name: entry.get(name, entry["input"]) for name in ("cache_read", "cache_write")}
    given |= {"input": entry["input"], "output": entry["output"]}
    units = {name: _unit(Decimal(value) * factor) for name, value in given.items()}
    return ModelPrice(version=f"own-{entry['effective_from']}", **units)


def _read_pinned(key: ModelKey, batch: bool) -> ModelPrice:
    context = {"processing": "batch"} if batch else None
    try:
        found = genai_prices.calc_price(
            genai_prices.Usage(input_tokens=1, output_tokens=1),
            key.model,
            provider_id=key.provider,
            price_context=context,
        )
        plain = genai_prices.calc_price(
            genai_prices.Usage(input_tokens=1, output_tokens=1), key.model, provider_id=key.provider
        )
    except LookupError:
        raise UnknownModelError(
            f"{key} has no known price, so it is not called; add it to tables/prices.toml"
        ) from None
    prices = found.model_price
    if batch and prices == plain.model_price:
        raise UnknownModelError(f"{key} has no known price for its batch API, so it is not used")
    if prices.input_mtok is None or prices.output_mtok is None:
        raise UnknownModelError(f"{key} is not priced by tokens; add it to tables/prices.toml")
    return ModelPrice(
        version=f"genai-prices-{genai_prices.__version__}",
        input=_unit(prices.input_mtok),
        output=_unit(prices.output_mtok),
        cache_read=_unit(prices.cache_read_mtok or prices.input_mtok),
        cache_write=_unit(prices.cache_write_mtok or prices.input_mtok),
    )


def _unit(price: Any) -> UnitPrice:
    """Return a price that is a Decimal, or genai-prices' base and tiers."""
    if isinstance(price, Decimal):
        return UnitPrice(int(price * _SCALE))
    tiers = sorted((Tier(tier.start, int(tier.price * _SCALE)) for tier in price.tiers), key=_above)
    return UnitPrice(int(price.base * _SCALE), tuple(tiers))


def _above(tier: Tier) -> int:
    return tier.above
