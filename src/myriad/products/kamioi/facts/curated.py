"""The facts that are kept in the repository: `curated.toml`."""

from __future__ import annotations

import tomllib
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
    """What is curated of one brand; `folds` are brands of other files that count as this one."""

    name: str
    category: str
    countries: frozenset[str]
    aliases: tuple[str, ...]
    folds: tuple[str, ...]
    owners: tuple[Ownership, ...]


@dataclass(frozen=True, slots=True)
class Curated:
    """The whole file."""

    companies: tuple[Company, ...]
    brands: tuple[CuratedBrand, ...]
    places: tuple[str, ...]


@cache
def load_curated() -> Curated:
    """Return the curated facts."""
    text = files("myriad.products.kamioi.facts").joinpath("curated.toml").read_text("utf-8")
    return parse_curated(text)


def parse_curated(text: str) -> Curated:
    """Return the facts in `text`; raises KeyError when a brand names an owner that is not there."""
    tree = tomllib.loads(text)
    companies = tuple(
        Company(row["name"], row["cik"], tuple(_listing(one) for one in row["listings"]))
        for row in tree.get("company", [])
    )
    ciks = {company.name: company.cik for company in companies}
    brands = tuple(_brand(row, ciks) for row in tree.get("brand", []))
    return Curated(companies, brands, tuple(tree.get("places", ())))


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
