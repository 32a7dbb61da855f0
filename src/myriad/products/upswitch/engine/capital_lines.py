"""The mixes of the cost of capital worksheet: businesses by value, countries by revenue.

Source: A. Damodaran, fcffsimpleginzu.xlsx, sheet "Cost of capital worksheet", columns G to L.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from myriad.products.upswitch.engine.parameters import Country, IndustryTable
from myriad.products.upswitch.engine.worksheets import Business, Revenue
from myriad.products.upswitch.errors import InputsError, MissingParameterError


@dataclass(frozen=True, slots=True)
class BusinessLine:
    """One business: its revenues at its industry's EV/Sales is what it weighs."""

    industry: str
    revenues: float
    ev_to_sales: float
    value: float
    unlevered_beta: float
    cost_of_capital: float


@dataclass(frozen=True, slots=True)
class ExposureLine:
    """One country or region: its share of the revenues is what it weighs."""

    name: str
    revenues: float
    equity_risk_premium: float
    weight: float
    is_given: bool = False
    """Whether the premium came with the inputs instead of the parameters."""


def business_lines(mix: Sequence[Business], table: IndustryTable) -> tuple[BusinessLine, ...]:
    """Return the businesses with their industry's figures; raises UnknownIndustryError."""
    return tuple(_business(business, table) for business in mix)


def _business(business: Business, table: IndustryTable) -> BusinessLine:
    industry = table.get(business.industry)
    ratio = need(industry.ev_to_sales, "EV/Sales", business.industry)
    return BusinessLine(
        business.industry,
        business.revenues,
        ratio,
        business.revenues * ratio,
        need(industry.unlevered_beta, "unlevered beta", business.industry),
        need(industry.cost_of_capital, "cost of capital", business.industry),
    )


def value_weighted(lines: Sequence[BusinessLine], of: Callable[[BusinessLine], float]) -> float:
    """Return the mean of a figure, weighted by estimated value [K48, L48, K64, L64]."""
    total = sum(line.value for line in lines)
    if total <= 0:
        raise InputsError("give the revenues of at least one business of the mix")
    return sum(of(line) * line.value / total for line in lines)


def exposure_lines(
    mix: Sequence[Revenue], find: Callable[[str], Country]
) -> tuple[ExposureLine, ...]:
    """Return the places with their premiums and weights; raises UnknownCountryError."""
    total = sum(place.revenues for place in mix)
    if total <= 0:
        raise InputsError("give the revenues of at least one country or region")
    return tuple(
        ExposureLine(
            place.name,
            place.revenues,
            _premium(place, find),
            place.revenues / total,
            is_given=place.equity_risk_premium is not None,
        )
        for place in mix
    )


def _premium(place: Revenue, find: Callable[[str], Country]) -> float:
    given = place.equity_risk_premium
    return find(place.name).equity_risk_premium if given is None else given


def weighted_premium(lines: Sequence[ExposureLine]) -> float:
    """Return the equity risk premium of the mix [K18, K32]."""
    return sum(line.equity_risk_premium * line.weight for line in lines)


def need(value: float | None, what: str, industry: str) -> float:
    """Return a figure that an industry must have; raises MissingParameterError."""
    if value is None:
        raise MissingParameterError(f"the parameters hold no {what} of {industry!r}")
    return value
