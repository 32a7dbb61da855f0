"""A rating from interest coverage.

Source: A. Damodaran, fcffsimpleginzu.xlsx, sheet "Synthetic rating".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from myriad.products.upswitch.engine.parameters import RatingBand

NO_INTEREST_COVERAGE = 1_000_000.0
LOSS_COVERAGE = -100_000.0


@dataclass(frozen=True, slots=True)
class SyntheticRating:
    """A rating with the spreads that make a pre-tax cost of debt."""

    coverage: float
    rating: str
    company_spread: float
    country_spread: float
    pretax_cost_of_debt: float


def interest_coverage(operating_income: float, interest: float) -> float:
    """Return income over interest; no interest is the best coverage, a loss the worst."""
    if interest == 0:
        return NO_INTEREST_COVERAGE
    return LOSS_COVERAGE if operating_income < 0 else operating_income / interest


def rate(
    coverage: float, bands: Sequence[RatingBand], riskfree: float, country_spread: float = 0.0
) -> SyntheticRating:
    """Return the rating of the last band that begins at or below the coverage.

    Cost of debt = riskfree + spread of the company + spread of its country.
    """
    band = next((row for row in reversed(bands) if row.coverage_from <= coverage), bands[0])
    cost = riskfree + band.spread + country_spread
    return SyntheticRating(coverage, band.rating, band.spread, country_spread, cost)
