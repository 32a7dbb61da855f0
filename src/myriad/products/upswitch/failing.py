"""How likely a company is to fail, from the published tables of the parameters in force. Pure.

By rating: the interest that its result covers makes a synthetic rating, and a rating's cumulative
default rate over ten years is the chance. By age: for a company of up to ten years without
interest to cover, the share of its sector's companies of that age that are gone by their eleventh
year. Which table serves first is judgement: a company's own accounts say more than its sector.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from myriad.products.upswitch.engine.parameters import FailureTable, Parameters, RatingTable
from myriad.products.upswitch.engine.rating import interest_coverage, rate
from myriad.products.upswitch.registry.nbb.rubrics import YearFigures

_ALL = "All Sectors"
_TEN_YEARS = 9
_YOUNG_YEARS = 10
_DAYS_A_YEAR = 365.25
# NACE divisions by the sectors under which survival is published.
_SECTORS: tuple[tuple[int, int, str], ...] = (
    (1, 3, "Agriculture"),
    (5, 9, "Mining"),
    (10, 33, "Manufacturing"),
    (35, 39, "Utilities"),
    (41, 43, "Construction"),
    (45, 45, "Retail"),
    (47, 47, "Retail"),
    (49, 53, "Transportation"),
    (58, 63, "Information"),
    (86, 88, "Health Care"),
)


@dataclass(frozen=True, slots=True)
class Chance:
    """A chance of failure within ten years, with how it was read and where it stands."""

    value: float
    why: str
    source: str
    as_of: str


def chance_of_failure(
    parameters: Parameters,
    years: Sequence[YearFigures],
    codes: Sequence[str],
    start_date: date | None,
    as_of: date,
) -> Chance | None:
    """Return the chance that the tables give, None where they say nothing of the company.

    `years` are the filed ones, the newest first; `codes` its NACE codes.
    """
    table = parameters.failures
    if table is None:
        return None
    return _by_rating(table, parameters.ratings, years) or _by_age(table, codes, start_date, as_of)


def _by_rating(
    table: FailureTable, ratings: RatingTable | None, years: Sequence[YearFigures]
) -> Chance | None:
    year = years[0] if years else None
    if ratings is None or year is None:
        return None
    if year.operating_result_cents is None or not year.interest_cents:
        return None
    coverage = interest_coverage(year.operating_result_cents, year.interest_cents)
    rating = rate(coverage, ratings.small, 0.0).rating
    found = _row_of(table, rating)
    if found is None:
        return None
    times = f"{coverage:.1f} times" if coverage > 0 else "not at all"
    why = f"the result of the year to {year.end} covers its interest {times}: rating {rating}"
    return Chance(found, f"{why}, defaults over ten years", *_origin(table))


def _row_of(table: FailureTable, rating: str) -> float | None:
    """Return the ten-year rate of a rating such as `A1/A+`; the worst row below CCC."""
    letters = rating.rpartition("/")[2].rstrip("+-")
    if letters in ("CC", "C", "D", "CCC"):
        letters = next((name for name in table.by_rating if name.startswith("CCC")), letters)
    row = table.by_rating.get(letters, ())
    return row[_TEN_YEARS] if len(row) > _TEN_YEARS else None


def _by_age(
    table: FailureTable, codes: Sequence[str], start_date: date | None, as_of: date
) -> Chance | None:
    if start_date is None:
        return None
    age = int((as_of - start_date).days / _DAYS_A_YEAR)
    sector = _sector_of(codes)
    row = table.by_age.get(sector) or table.by_age.get(_ALL, ())
    if not 0 <= age < min(_YOUNG_YEARS, len(row)):
        return None
    why = f"companies of {sector.lower()} that are {age} years old and gone by their eleventh year"
    return Chance(row[age], why, *_origin(table))


def _sector_of(codes: Sequence[str]) -> str:
    for code in codes:
        division = code.strip()[:2]
        if division.isdigit():
            for first, last, name in _SECTORS:
                if first <= int(division) <= last:
                    return name
    return _ALL


def _origin(table: FailureTable) -> tuple[str, str]:
    return table.provenance.source, table.provenance.as_of
