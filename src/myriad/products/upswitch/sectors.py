"""From a NACE code to the names under which markets publish multiples and averages. Pure.

Source of the divisions: Regulation (EC) No 1893/2006, NACE Rev. 2 (sections are the same in Rev.
2.1 for those named here). Which published name comes nearest to a division is judgement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

ALL_SECTORS = "all sectors"
_SECTORS: tuple[tuple[int, int, str], ...] = (
    (1, 3, "agriculture and food"),
    (10, 12, "agriculture and food"),
    (21, 21, "pharmaceuticals"),
    (5, 39, "industry"),
    (41, 43, "construction"),
    (45, 45, "automotive and transport"),
    (46, 46, "wholesale"),
    (47, 47, "retail"),
    (49, 53, "automotive and transport"),
    (55, 56, "hospitality"),
    (58, 60, "media"),
    (61, 63, "technology"),
    (69, 82, "business services"),
    (86, 88, "healthcare"),
)
_INDUSTRIES: tuple[tuple[int, int, str], ...] = (
    (1, 3, "Farming/Agriculture"),
    (10, 10, "Food Processing"),
    (11, 11, "Beverage (Alcoholic)"),
    (13, 15, "Apparel"),
    (16, 17, "Paper/Forest Products"),
    (20, 20, "Chemical (Specialty)"),
    (21, 21, "Drugs (Pharmaceutical)"),
    (22, 22, "Packaging & Container"),
    (23, 23, "Building Materials"),
    (24, 25, "Metals & Mining"),
    (26, 26, "Electronics (General)"),
    (27, 27, "Electrical Equipment"),
    (28, 28, "Machinery"),
    (29, 29, "Auto Parts"),
    (31, 31, "Furn/Home Furnishings"),
    (35, 35, "Power"),
    (36, 39, "Environmental & Waste Services"),
    (41, 43, "Engineering/Construction"),
    (45, 45, "Retail (Automotive)"),
    (46, 46, "Retail (Distributors)"),
    (47, 47, "Retail (General)"),
    (49, 49, "Trucking"),
    (50, 53, "Transportation"),
    (55, 55, "Hotel/Gaming"),
    (56, 56, "Restaurant/Dining"),
    (58, 58, "Publishing & Newspapers"),
    (59, 60, "Entertainment"),
    (61, 61, "Telecom. Services"),
    (62, 62, "Computer Services"),
    (63, 63, "Information Services"),
    (68, 68, "Real Estate (Operations & Services)"),
    (69, 82, "Business & Consumer Services"),
    (85, 85, "Education"),
    (86, 88, "Healthcare Support Services"),
    (90, 93, "Recreation"),
)


def sector_of(codes: Iterable[str]) -> str:
    """Return the sector whose multiples fit a company best, or all sectors together."""
    return next(_named(_SECTORS, codes), ALL_SECTORS)


def industry_of(codes: Iterable[str]) -> str:
    """Return the industry of the published averages that comes nearest, or the whole market."""
    return next(_named(_INDUSTRIES, codes), "Total Market (without financials)")


def _named(table: tuple[tuple[int, int, str], ...], codes: Iterable[str]) -> Iterator[str]:
    for code in codes:
        division = code.strip()[:2]
        if division.isdigit():
            yield from (name for first, last, name in table if first <= int(division) <= last)
