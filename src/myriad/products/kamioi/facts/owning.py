"""Who owned a brand on a day, and under which symbol the owner's share stood on it."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Generic, TypeVar
from uuid import UUID

from myriad.products.kamioi.facts.curated import Curated, Listing, Ownership
from myriad.products.kamioi.mapping.brands import Brand

FactT = TypeVar("FactT", Listing, Ownership)
Key = UUID | int | str


@dataclass(frozen=True, slots=True)
class Owned:
    """What a purchase on a day buys.

    `state` is `listed` (ticker and exchange are there), `private` (the owner has no share to buy),
    `unlisted` (it has one that did not stand on an exchange on that day), `halted`, `delisted`,
    `whole_only` (no fractions of it are sold), or `unknown` (nobody states who owned it).
    """

    state: str
    owner: str = ""
    ticker: str = ""
    exchange: str = ""
    since: date | None = None
    source: str = ""


class _Periods(Generic[FactT]):
    """Facts that hold from a day until another, by what they are of."""

    def __init__(self, facts: Iterable[tuple[Key, FactT]]) -> None:
        self._facts: dict[Key, list[FactT]] = defaultdict(list)
        for key, fact in facts:
            self._facts[key].append(fact)
        for found in self._facts.values():
            found.sort(key=lambda fact: fact.valid_from)

    def find(self, key: Key, day: date) -> FactT | None:
        """Return the fact that held on `day`, or None."""
        found = self._facts.get(key, [])
        place = bisect_right(found, day, key=lambda fact: fact.valid_from) - 1
        if place < 0:
            return None
        fact = found[place]
        return fact if fact.valid_to is None or day < fact.valid_to else None


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a share can be bought now; history does not tell."""

    status: str = "listed"
    is_fractionable: bool = True


class Owners:
    """Owners by brand key and listings by CIK, as of any day."""

    def __init__(
        self,
        owners: Iterable[tuple[Key, Ownership]],
        listings: Iterable[tuple[Key, Listing]],
        standing: dict[Key, Standing] | None = None,
    ) -> None:
        self._owners = _Periods(owners)
        self._listings = _Periods(listings)
        self._standing = standing or {}

    @classmethod
    def of_curated(cls, curated: Curated, brands: Iterable[Brand]) -> Owners:
        """Return the owners that are curated, by the keys of `brands`."""
        keys = {brand.name: brand.key for brand in brands if brand.source == "curated"}
        return cls(
            [
                (keys[brand.name], owner)
                for brand in curated.brands
                if brand.name in keys
                for owner in brand.owners
            ],
            [(company.cik, one) for company in curated.companies for one in company.listings],
        )

    def on(self, brand_key: str, day: date) -> Owned:
        """Return what a purchase of the brand on `day` buys."""
        owner = self._owners.find(brand_key, day)
        if owner is None:
            return Owned("unknown")
        owned = Owned("private", owner.owner, since=owner.valid_from, source=owner.source)
        if owner.cik is None:
            return owned
        listing = self._listings.find(owner.cik, day)
        if listing is None:
            return replace(owned, state="unlisted")
        standing = self._standing.get(owner.cik, Standing())
        state = standing.status if standing.is_fractionable else "whole_only"
        return replace(owned, state=state, ticker=listing.ticker, exchange=listing.exchange)
