"""Facts from files into the database: the same file twice changes nothing.

What a row of a file says that cannot be used stands in `kamioi.fact_refusal` with its line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb

from myriad.products.kamioi.errors import FactFileError
from myriad.products.kamioi.facts.brand_files import (
    read_nsi,
    read_replacements,
    read_rows,
    with_curated,
)
from myriad.products.kamioi.facts.closes import CLOSE_COLUMNS, read_closes
from myriad.products.kamioi.facts.curated import load_curated
from myriad.products.kamioi.facts.sql import QUERIES
from myriad.products.kamioi.mapping.brands import Brand
from myriad.products.kamioi.mapping.eligibility import kind_of
from myriad.products.kamioi.mapping.normalising import words
from myriad.scale.data import Database, Session
from myriad.scale.data.database import NOBODY
from myriad.scale.data.tenant_queries import as_json

_AT_ONCE = 5_000
_SEC = "SEC company tickers file"


@dataclass(slots=True)
class Imported:
    """What a file gave: rows that are new or changed, and rows that were refused."""

    brands: int = 0
    aliases: int = 0
    companies: int = 0
    listings: int = 0
    ownerships: int = 0
    mccs: int = 0
    closes: int = 0
    refused: int = 0


@dataclass(slots=True)
class Refusals:
    """The rows of one file that could not be used."""

    file: str
    rows: list[dict[str, Any]]

    def add(self, line: int, reason: str, row: str) -> None:
        """Note one; its text is cut at 500 characters."""
        self.rows.append({"line": line, "reason": reason, "row_text": row[:500]})


async def import_brands(
    database: Database, nsi: Path | None, replacements: Path | None = None
) -> Imported:
    """Import `nsi_brands.csv`, or none, with what is curated over it: names, owners, symbols."""
    curated = load_curated()
    refusals = Refusals(nsi.name if nsi else "curated.toml", [])
    merged = read_replacements(replacements) if replacements else {}
    brands = with_curated(read_nsi(nsi, refusals.add, merged) if nsi else [], curated)
    done = Imported(refused=len(refusals.rows))
    async with database.crossing("facts of the world are imported") as session:
        done.brands = await put_rows(session, "put_brands", [brand_row(brand) for brand in brands])
        done.aliases = await put_rows(session, "put_aliases", alias_rows(brands))
        done.companies, done.listings = await _curated_companies(session)
        done.ownerships = await _ownerships(session, brands)
        await _refuse(session, refusals)
    return done


async def _curated_companies(session: Session) -> tuple[int, int]:
    companies = load_curated().companies
    made = await put_rows(
        session,
        "put_companies",
        [{"cik": one.cik, "name": one.name, "norm": company_norm(one.name)} for one in companies],
    )
    await run_fact_query(session, "put_securities", {})
    await run_fact_query(session, "drop_listings", {"ciks": [one.cik for one in companies]})
    rows = [
        {
            "cik": one.cik,
            "ticker": listing.ticker,
            "exchange": listing.exchange,
            "valid_from": listing.valid_from,
            "valid_to": listing.valid_to,
            "source": listing.source,
        }
        for one in companies
        for listing in one.listings
    ]
    return made, await put_rows(session, "put_curated_listings", rows)


async def _ownerships(session: Session, brands: Sequence[Brand]) -> int:
    keys = {brand.name: brand.key for brand in brands if brand.source == "curated"}
    rows = [
        {
            "key": keys[brand.name],
            "owner": owner.owner,
            "cik": owner.cik,
            "valid_from": owner.valid_from,
            "valid_to": owner.valid_to,
            "source": owner.source,
        }
        for brand in load_curated().brands
        for owner in brand.owners
    ]
    await run_fact_query(session, "drop_ownerships", {"keys": list(keys.values())})
    return await put_rows(session, "put_ownerships", rows)


async def import_companies(database: Database, path: Path, day: date) -> Imported:
    """Import the SEC's `company_tickers_exchange` as CSV, as it stood on `day`.

    The first row of a company is its common share. A symbol that differs from the one that stood
    until now ends that one on `day`.
    """
    refusals = Refusals(path.name, [])
    found: dict[int, dict[str, str]] = {}
    for line, row in read_rows(path, ("cik", "name", "ticker", "exchange")):
        problem = _company_problem(row)
        if problem:
            refusals.add(line, problem, ",".join(row.values()))
        else:
            found.setdefault(int(row["cik"]), row)
    rows: list[dict[str, Any]] = [
        {**row, "cik": cik, "norm": company_norm(row["name"])} for cik, row in found.items()
    ]
    done = Imported(refused=len(refusals.rows))
    async with database.crossing("facts of the world are imported") as session:
        done.companies = await put_rows(session, "put_companies", rows)
        await run_fact_query(session, "put_securities", {})
        await put_rows(session, "end_renamed_listings", rows, day=day)
        done.listings = await put_rows(session, "put_listings", rows, day=day, source=_SEC)
        await _refuse(session, refusals)
    return done


def _company_problem(row: Mapping[str, str]) -> str | None:
    if not row["cik"].isdigit():
        return "the CIK is not a number"
    if not row["name"].strip() or not row["ticker"].strip():
        return "a company needs a name and a ticker"
    return None if row["exchange"].strip() else "no exchange: the share is not listed"


async def import_mccs(database: Database, path: Path) -> Imported:
    """Import merchant category codes; which are no purchases is decided here, by code."""
    refusals = Refusals(path.name, [])
    rows: dict[str, dict[str, str]] = {}
    for line, row in read_rows(path, ("mcc", "edited_description")):
        code = row["mcc"].strip()
        if len(code) == 4 and code.isdigit() and code.isascii():
            text = row["edited_description"].strip()
            rows[code] = {"code": code, "description": text, "kind": kind_of(1, None, code)}
        else:
            refusals.add(line, "the code is not four digits", ",".join(row.values()))
    done = Imported(refused=len(refusals.rows))
    async with database.crossing("facts of the world are imported") as session:
        done.mccs = await put_rows(session, "put_mccs", list(rows.values()))
        await _refuse(session, refusals)
    return done


async def import_closes(database: Database, path: Path) -> Imported:
    """Import closes; a share is known by the ticker that it had on the day.

    A close takes the place of a simulated one; where it is the last, the simulation of that share
    ends.
    """
    refusals = Refusals(path.name, [])
    rows = list(read_closes(path, refusals.add))
    for start in range(0, len(rows), _AT_ONCE):
        part = Jsonb(rows[start : start + _AT_ONCE], dumps=as_json)
        asked = {"rows": part}
        for row in await database.reader.rows(NOBODY, QUERIES["list_unlisted_closes"], asked):
            reason = "no share had this ticker on the day; import the file of companies first"
            refusals.add(row["line"], reason, f"{row['ticker']},{row['day']}")
    done = Imported(refused=len(refusals.rows))
    async with database.crossing("facts of the world are imported") as session:
        done.closes = await put_rows(session, "put_closes", rows, source=f"file {path.name[:200]}")
        await _refuse(session, refusals)
    return done


async def import_file(database: Database, path: Path, day: date) -> Imported:
    """Import a file by what its header says it is; raises FactFileError for any other."""
    header = next((list(row) for _, row in read_rows(path, ())), [])
    if "cik" in header:
        return await import_companies(database, path, day)
    if "mcc" in header:
        return await import_mccs(database, path)
    if set(CLOSE_COLUMNS) <= set(header):
        return await import_closes(database, path)
    if "display_name" in header:
        beside = path.with_name("nsi_replacements.json")
        return await import_brands(database, path, beside if beside.exists() else None)
    raise FactFileError(
        f"{path.name} is none of the known files: brands (category, display_name, brand, …), "
        "companies (cik, name, ticker, exchange), codes (mcc, edited_description) or closes "
        "(ticker, day, close)"
    )


def brand_row(brand: Brand) -> dict[str, Any]:
    """Return the row of a brand."""
    return {
        "key": brand.key,
        "name": brand.name,
        "qid": brand.qid,
        "category": "|".join(sorted(brand.categories)),
        "countries": sorted(brand.countries),
        "source": brand.source,
        "popularity": brand.popularity,
    }


def alias_rows(brands: Iterable[Brand]) -> list[dict[str, Any]]:
    """Return the rows of all names of brands."""
    found = {
        (" ".join(words(alias)), brand.key): brand.source
        for brand in brands
        for alias in (brand.name, *brand.aliases)
    }
    return [
        {"norm": norm, "key": key, "source": source}
        for (norm, key), source in found.items()
        if norm
    ]


def company_norm(name: str) -> str:
    """Return a company's name as names are compared."""
    return " ".join(words(name)) or name


async def put_rows(session: Session, name: str, rows: Sequence[Any], **parameters: object) -> int:
    """Run a query of facts over rows, 5,000 at a time; return how many rows it touched."""
    touched = 0
    for start in range(0, len(rows), _AT_ONCE):
        part = Jsonb(rows[start : start + _AT_ONCE], dumps=as_json)
        touched += await run_fact_query(session, name, {"rows": part, **parameters})
    return touched


async def run_fact_query(session: Session, name: str, parameters: dict[str, Any]) -> int:
    """Run a query of facts; return how many rows it touched."""
    connection = await session.connection()
    return (await connection.exec_driver_sql(QUERIES[name], parameters)).rowcount


async def _refuse(session: Session, refusals: Refusals) -> None:
    await run_fact_query(session, "forget_refusals", {"file": refusals.file})
    await put_rows(session, "put_refusals", refusals.rows, file=refusals.file)
