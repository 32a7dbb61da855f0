"""Parameter tables out of published CSV files, recognised by what stands in them.

Source of the shapes: A. Damodaran, NYU Stern, the yearly industry and country tables and the tabs
of fcffsimpleginzu.xlsx, saved as comma separated text.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

import numpy as np

from myriad.products.upswitch.engine.parameters import (
    Country,
    CountryTable,
    FailureTable,
    Industry,
    IndustryTable,
    Provenance,
    RatingBand,
    RatingTable,
)
from myriad.products.upswitch.errors import ParameterFileError

Rows = list[list[str]]

_INDUSTRY_COLUMNS = {
    "number of firms": "companies",
    "n_firms": "companies",
    "annual average revenue growth - last 5 years": "revenue_growth",
    "pre-tax operating margin (unadjusted)": "operating_margin",
    "pre-tax unadjusted operating margin": "operating_margin",
    "after-tax roc": "return_on_capital",
    "unlevered beta": "unlevered_beta",
    "unlevered_beta": "unlevered_beta",
    "equity (levered) beta": "levered_beta",
    "beta": "levered_beta",
    "cost of equity": "cost_of_equity",
    "std deviation in stock prices": "stock_price_deviation",
    "standard deviation of equity": "stock_price_deviation",
    "pre-tax cost of debt": "pretax_cost_of_debt",
    "market debt/capital": "debt_to_capital",
    "cost of capital": "cost_of_capital",
    "sales/capital": "sales_to_capital",
    "ev/sales": "ev_to_sales",
    "ev/ebitda": "ev_to_ebitda",
    "ev/ebit": "ev_to_ebit",
    "price/book": "price_to_book",
    "pbv": "price_to_book",
    "trailing pe": "price_to_earnings",
}


def read_rows(text: str) -> Rows:
    """Return the cells of a CSV file, stripped."""
    return [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text))]


def kind_of(rows: Rows) -> str | None:
    """Return industries, countries, ratings or failures by what a file begins with, else None."""
    first = rows[0][0].lower() if rows and rows[0] else ""
    if first in ("industry name", "industry"):
        return "industries"
    if first.startswith("mature market erp"):
        return "countries"
    if first.startswith("estimating the likelihood of failure"):
        return "failures"
    starts = {row[0] for row in rows if row}
    return "ratings" if "For large manufacturing firms" in starts else None


def read_industries(rows: Rows, provenance: Provenance) -> IndustryTable:
    """Return one industry a line; a column that is not known is left out."""
    names = [_INDUSTRY_COLUMNS.get(cell.lower()) for cell in rows[0]]
    found = {row[0]: _industry(row, names) for row in rows[1:] if row and row[0] and len(row) > 1}
    return describe_industries(found, provenance)


def _industry(row: Sequence[str], names: Sequence[str | None]) -> Industry:
    figures = {
        name: _number(cell) for name, cell in zip(names, row, strict=False) if name is not None
    }
    return Industry(name=row[0], **figures)


def describe_industries(rows: dict[str, Industry], provenance: Provenance) -> IndustryTable:
    """Return the table with the rates that its own costs of capital were made with.

    Cost of equity = riskfree + beta x premium holds for every row, so the line through all rows
    gives both, and the tax rate follows from any row with debt; where no line fits, they are None.
    """
    riskfree, premium = _line(rows.values())
    tax = _tax(rows.values()) if riskfree is not None else None
    return IndustryTable(
        rows=rows,
        provenance=provenance,
        riskfree_rate=riskfree,
        equity_risk_premium=premium,
        tax_rate=tax,
    )


def _line(rows: Iterable[Industry]) -> tuple[float | None, float | None]:
    points = [
        (row.levered_beta, row.cost_of_equity)
        for row in rows
        if row.levered_beta is not None and row.cost_of_equity is not None
    ]
    if len(points) < 3:
        return None, None
    beta, cost = np.array(points).T
    fit = np.linalg.lstsq(np.column_stack([np.ones_like(beta), beta]), cost, rcond=None)[0]
    if float(np.abs(fit[0] + beta * fit[1] - cost).max()) > 1e-9:
        return None, None
    return round(float(fit[0]), 10), round(float(fit[1]), 10)


def _tax(rows: Iterable[Industry]) -> float | None:
    for row in rows:
        equity, debt, share = row.cost_of_equity, row.pretax_cost_of_debt, row.debt_to_capital
        if equity is None or not debt or not share or row.cost_of_capital is None:
            continue
        return round(1.0 - (row.cost_of_capital - equity * (1.0 - share)) / share / debt, 10)
    return None


def read_countries(rows: Rows, provenance: Provenance) -> CountryTable:
    """Return the premiums of countries and regions, and of a mature market (first line)."""
    mature = _need(rows[0], 1, "the premium of a mature market in the first line")
    countries: dict[str, Country] = {}
    regions: dict[str, Country] = {}
    into: dict[str, Country] | None = None
    for row in rows[1:]:
        name = row[0] if row else ""
        if name in ("Country", "Region"):
            into = countries if name == "Country" else regions
        elif into is not None and name and name not in into:
            found = _country(row) if into is countries else _region(row)
            if found is not None:
                into[name] = found
    if not countries:
        raise ParameterFileError("no line that begins with Country was found in this file")
    return CountryTable(
        mature_market_premium=mature, countries=countries, regions=regions, provenance=provenance
    )


def _country(row: Sequence[str]) -> Country | None:
    premium = _number(_cell(row, 3))
    if premium is None:
        return None
    return Country(
        name=row[0],
        rating=_cell(row, 1),
        default_spread=_number(_cell(row, 2)) or 0.0,
        equity_risk_premium=premium,
        country_risk_premium=_number(_cell(row, 4)) or 0.0,
        tax_rate=_number(_cell(row, 5)),
    )


def _region(row: Sequence[str]) -> Country | None:
    premium = _number(_cell(row, 1))
    if premium is None:
        return None
    return Country(
        name=row[0],
        equity_risk_premium=premium,
        default_spread=_number(_cell(row, 2)) or 0.0,
        tax_rate=_number(_cell(row, 3)),
        country_risk_premium=_number(_cell(row, 4)) or 0.0,
    )


def read_ratings(rows: Rows, provenance: Provenance) -> RatingTable:
    """Return the two tables of interest coverage: large, and smaller or riskier firms."""
    large = _bands(rows, "For large manufacturing firms")
    small = _bands(rows, "For smaller and riskier firms")
    return RatingTable(large=large, small=small, provenance=provenance)


def _bands(rows: Rows, heading: str) -> tuple[RatingBand, ...]:
    start = next((place for place, row in enumerate(rows) if row and row[0] == heading), None)
    if start is None:
        raise ParameterFileError(f"the table {heading!r} was not found in this file")
    bands: list[RatingBand] = []
    for row in rows[start + 1 :]:
        floor, spread = _number(_cell(row, 0)), _number(_cell(row, 3))
        if floor is not None and spread is not None:
            bands.append(RatingBand(coverage_from=floor, rating=_cell(row, 2), spread=spread))
        elif bands:
            break
    if not bands:
        raise ParameterFileError(f"the table {heading!r} of this file is empty")
    return tuple(bands)


def read_failures(rows: Rows, provenance: Provenance) -> FailureTable:
    """Return defaults by rating and year, and failures by sector and age."""
    by_rating = {
        row[0]: tuple(float(cell) for cell in row[1:11])
        for row in rows
        if re.fullmatch(r"[ABC]{1,3}(/C)?", _cell(row, 0)) and _number(_cell(row, 10)) is not None
    }
    ages = [row for row in rows if _number(_cell(row, 1)) is not None and not _is_rating(row)]
    sectors = next((row for row in rows if _cell(row, 2) == "Agriculture"), None)
    if sectors is None or not by_rating:
        raise ParameterFileError("default and survival tables were not found in this file")
    by_age = {
        sectors[place]: tuple(_number(_cell(row, place)) or 0.0 for row in ages)
        for place in range(2, 12)
        if _cell(sectors, place)
    }
    return FailureTable(by_rating=by_rating, by_age=by_age, provenance=provenance)


def _is_rating(row: Sequence[str]) -> bool:
    return _cell(row, 0) not in ("", "Failure Rate given age")


def _cell(row: Sequence[str], place: int) -> str:
    return row[place] if place < len(row) else ""


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "").rstrip("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        return None


def _need(row: Sequence[str], place: int, what: str) -> float:
    found = _number(_cell(row, place))
    if found is None:
        raise ParameterFileError(f"expected {what}")
    return found
