"""The facts of the database in memory, read again when an import changed them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID

from myriad.products.kamioi.facts.brand_files import with_curated
from myriad.products.kamioi.facts.curated import Listing, Ownership, load_curated
from myriad.products.kamioi.facts.owning import Owners, Standing
from myriad.products.kamioi.facts.sql import QUERIES
from myriad.products.kamioi.mapping.brands import Brand, BrandBook
from myriad.products.kamioi.mapping.matching import Matcher
from myriad.scale.data import Database, Row
from myriad.scale.data.database import NOBODY


@dataclass(frozen=True, slots=True)
class World:
    """A matcher over every brand that is known, and who owned what.

    `ids` are the brands' ids by their position; empty when nothing was imported, for then only what
    is curated is known.
    """

    matcher: Matcher
    owners: Owners
    ids: tuple[UUID, ...] = ()
    version: str = ""

    @property
    def book(self) -> BrandBook:
        """The brands and their names."""
        return self.matcher.book


@dataclass(slots=True)
class _Kept:
    world: World | None = None


_kept = _Kept()


def curated_world() -> World:
    """Return what the repository knows by itself, without any import."""
    curated = load_curated()
    brands = with_curated([], curated)
    return World(
        Matcher(BrandBook(brands, curated.places, curated.names())),
        Owners.of_curated(curated, brands),
    )


async def load_world(database: Database) -> World:
    """Return the facts of the database; those of this process while nothing was imported."""
    version = str((await _rows(database, "facts_version"))[0]["version"])
    key = f"{database.settings.app}:{version}"
    if _kept.world is None or _kept.world.version != key:
        _kept.world = await _load(database, key)
    return _kept.world


async def _load(database: Database, version: str) -> World:
    rows = await _rows(database, "list_known_brands")
    if not rows:
        return curated_world()
    owners = await _rows(database, "list_owners")
    listings = await _rows(database, "list_owned_listings")
    return await asyncio.to_thread(_built, version, rows, owners, listings)


def _built(version: str, rows: list[Row], owners: list[Row], listings: list[Row]) -> World:
    curated = load_curated()
    book = BrandBook((_brand(row) for row in rows), curated.places, curated.names())
    held = Owners(
        [(row["key"], _ownership(row)) for row in owners],
        [(row["cik"], _listing(row)) for row in listings],
        {
            row["cik"]: Standing(row["status"], row["is_fractionable"])
            for row in owners
            if row["cik"] is not None
        },
    )
    return World(Matcher(book), held, tuple(row["id"] for row in rows), version)


async def _rows(database: Database, name: str) -> list[Row]:
    return await database.reader.rows(NOBODY, QUERIES[name], {})


def _brand(row: Row) -> Brand:
    return Brand(
        key=row["key"],
        name=row["name"],
        qid=row["qid"],
        categories=frozenset(filter(None, row["category"].split("|"))),
        countries=frozenset(row["countries"]),
        popularity=row["popularity"],
        source=row["source"],
        aliases=tuple(row["aliases"]),
    )


def _ownership(row: Row) -> Ownership:
    return Ownership(
        row["owner_name"], row["cik"], row["valid_from"], row["valid_to"], row["source"]
    )


def _listing(row: Row) -> Listing:
    return Listing(
        row["ticker"], row["exchange"], row["valid_from"], row["valid_to"], row["source"]
    )
