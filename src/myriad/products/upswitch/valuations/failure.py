"""The chance that a company fails, as its card shows it: what a valuation would start from."""

from __future__ import annotations

from myriad.kit.clock import utc_now
from myriad.products.upswitch.conversation.keys import KEYS
from myriad.products.upswitch.failing import Chance, chance_of_failure
from myriad.products.upswitch.registry.filings import filing_of, years_of
from myriad.products.upswitch.registry.numbers import parse_enterprise_number
from myriad.products.upswitch.registry.sql import QUERIES
from myriad.products.upswitch.repository.companies import Rows
from myriad.products.upswitch.valuations.vintages import get_in_force
from myriad.products.upswitch.views.companies import CompanyView
from myriad.scale.data import Database

_PATH = "input_sheet.probability_of_failure"


async def get_chance(database: Database, reader: Rows, company: CompanyView) -> Chance:
    """Return the chance that the tables in force give, else the documented default."""
    day = utc_now().date()
    vintage = await get_in_force(database, day)
    asked = {"number": parse_enterprise_number(company.number)}
    filings = await reader.rows(QUERIES["list_filings"], asked)
    years = years_of([filing_of(row) for row in filings])
    codes = [activity.code for activity in company.activities]
    found = chance_of_failure(vintage.parameters, years, codes, company.start_date, day)
    return found or _default()


def _default() -> Chance:
    key = KEYS[_PATH]
    assert isinstance(key.default, int | float)
    why = "a documented default; the tables in force say nothing of this company"
    return Chance(float(key.default), why, key.default_source, key.default_as_of)
