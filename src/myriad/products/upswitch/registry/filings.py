"""A company's filed accounts: asked for at the National Bank, kept, and read as years."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from myriad.products.upswitch.registry.nbb.client import NbbClient
from myriad.products.upswitch.registry.nbb.rubrics import Filing, YearFigures, read_year
from myriad.products.upswitch.registry.sql import QUERIES
from myriad.scale.data import Database

# More years than a valuation weighs.
_KEPT_DEPOSITS = 6


@dataclass(frozen=True, slots=True)
class FilingsRead:
    """How many deposits there are, how many were read now, how many have no data."""

    deposits: int
    read: int
    without_data: int


async def refresh_filings(database: Database, client: NbbClient, number: int) -> FilingsRead:
    """Ask for the newest deposits of a company and keep them; the same answer changes nothing."""
    references = (await client.list_references(number))[:_KEPT_DEPOSITS]
    filings = [found for each in references if (found := await client.find_filing(each))]
    async with database.crossing("a company's accounts are kept") as session:
        connection = await session.connection()
        for filing in filings:
            await connection.exec_driver_sql(QUERIES["keep_filing"], _row(filing, number))
        counts = {
            "number": number,
            "deposits": len(references),
            "without_data": len(references) - len(filings),
        }
        await connection.exec_driver_sql(QUERIES["note_filing_check"], counts)
    return FilingsRead(len(references), len(filings), len(references) - len(filings))


def _row(filing: Filing, number: int) -> dict[str, Any]:
    return {
        "number": number,
        "reference": filing.reference,
        "model": filing.model,
        "starts_on": filing.start,
        "ends_on": filing.end,
        "deposited_on": filing.deposited_on,
        "rubrics": Jsonb(filing.rubrics),
    }


def filing_of(row: dict[str, Any]) -> Filing:
    """Return a kept filing."""
    return Filing(
        reference=row["reference"],
        number=row["number"],
        start=row["starts_on"],
        end=row["ends_on"],
        model=row["model"],
        deposited_on=row["deposited_on"],
        rubrics=row["rubrics"],
    )


def years_of(filings: list[Filing]) -> list[YearFigures]:
    """Return the years that filings tell of, newest first.

    A filing shows the year before once more; that is used where its own filing has no data.
    """
    years = {filing.end: read_year(filing) for filing in filings}
    for filing in filings:
        before = read_year(filing, "NM1")
        if before.end not in years and before.equity_cents is not None:
            years[before.end] = before
    return [years[end] for end in sorted(years, reverse=True)]
