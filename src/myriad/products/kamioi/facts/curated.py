"""The facts that are kept in the repository: `curated.toml` and the files in `known/`."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

PRIVATE = "private:"


@dataclass(frozen=True, slots=True)
class Listing:
    """Under which symbol a company's share stood, from a day until (not on) another."""

    ticker: str
    exchange: str
    valid_from: date
    valid_to: date | None
    source: str


@dataclass(frozen=True, slots=True)
class Company:
    """A company with a share that a member can buy; `cik` is the SEC's number."""

    name: str
    cik: int
    listings: tuple[Listing, ...]


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who owned a brand from a day until (not on) another; `cik` None: no share to buy."""

    owner: str
    cik: int | None
    valid_from: date
    valid_to: date | None
    source: str


@dataclass(frozen=True, slots=True)
class CuratedBrand:
    """What is curated of one brand; `folds` are brands of other files that count as this one.

    `category` is one word, or several with `|` between them.
    """

    name: str
    category: str
    countries: frozenset[str]
    aliases: tuple[str, ...]
    folds: tuple[str, ...]
    owners: tuple[Ownership, ...]


@dataclass(frozen=True, slots=True)
class Curated:
    """All files together."""

    companies: tuple[Company, ...]
    brands: tuple[CuratedBrand, ...]
    places: tuple[str, ...]

    def names(self) -> Iterator[str]:
        """Yield every name that is stated here of a brand."""
        for brand in self.brands:
            yield brand.name
            yield from brand.aliases
            yield from brand.folds


@cache
def load_curated() -> Curated:
    """Return the curated facts."""
    folder = files("myriad.products.kamioi.facts")
    known = sorted(one.name for one in (folder / "known").iterdir() if one.name.endswith(".toml"))
    paths = [folder / "curated.toml", *(folder / "known" / name for name in known)]
    return parse_curated(*(path.read_text("utf-8") for path in paths))


def parse_curated(*texts: str) -> Curated:
    """Return the facts in `texts` together.

    Raises KeyError when a brand names an owner that is not there, ValueError when one name stands
    for two brands.
    """
    trees = [tomllib.loads(text) for text in texts]
    companies = tuple(
        Company(row["name"], row["cik"], tuple(_listing(one) for one in row["listings"]))
        for tree in trees
        for row in tree.get("company", [])
    )
    ciks = {company.name: company.cik for company in companies}
    rows = [row for tree in trees for row in (*tree.get("brand", []), *_owned(tree))]
    _refuse_twice(row["name"] for row in rows)
    brands = tuple(_brand(row, ciks) for row in rows)
    return Curated(companies, brands, tuple(place for tree in trees for place in _places(tree)))


def _places(tree: dict[str, Any]) -> Iterable[str]:
    places: list[str] = tree.get("places", [])
    return places


def _owned(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield each brand of the groups of one owner as if it stood by itself."""
    for group in tree.get("owned", []):
        held = {key: group[key] for key in ("from", "to", "source") if key in group}
        shared = {key: group[key] for key in ("category", "countries") if key in group}
        for name, aliases in group["brands"].items():
            owner = {"owner": group["by"], **held}
            yield {"name": name, "aliases": aliases, "owners": [owner], **shared}


def _refuse_twice(names: Iterable[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(f"curated twice: {', '.join(twice)}")


def _listing(row: dict[str, Any]) -> Listing:
    return Listing(row["ticker"], row["exchange"], row["from"], row.get("to"), row["source"])


def _brand(row: dict[str, Any], ciks: dict[str, int]) -> CuratedBrand:
    return CuratedBrand(
        name=row["name"],
        category=row["category"],
        countries=frozenset(row.get("countries", ["001"])),
        aliases=tuple(row.get("aliases", ())),
        folds=tuple(row.get("folds", ())),
        owners=tuple(_ownership(one, ciks) for one in row.get("owners", ())),
    )


def _ownership(row: dict[str, Any], ciks: dict[str, int]) -> Ownership:
    name: str = row["owner"]
    if name.startswith(PRIVATE):
        owner, cik = name.removeprefix(PRIVATE), None
    else:
        owner, cik = name, ciks[name]
    return Ownership(owner, cik, row["from"], row.get("to"), row["source"])
