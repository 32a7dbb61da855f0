"""The other input tabs of the published sheet: cost of capital, operating leases, R&D.

Source: A. Damodaran, fcffsimpleginzu.xlsx (NYU Stern, February 2024). Rows stand in comments.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from myriad.products.upswitch.engine.fields import Amount, NotNegative, Positive, Rate

BetaApproach = Literal[
    "direct_input",
    "single_business_us",
    "single_business_global",
    "multibusiness_us",
    "multibusiness_global",
]
IndustryApproach = Literal[
    "single_business_us", "single_business_global", "multibusiness_us", "multibusiness_global"
]


class Revenue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sold in one country or region.

    `equity_risk_premium` is for a name that the parameters do not have, as "Rest of the World".
    """

    name: str
    revenues: NotNegative
    equity_risk_premium: Rate | None = None


class Business(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sold in one industry, under its name in the parameters."""

    industry: str
    revenues: NotNegative


class CapitalCostWorksheet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tab "Cost of capital worksheet"."""

    approach: Literal["direct_input", "detailed", "industry_average", "distribution"] = "detailed"
    direct_cost_of_capital: Rate | None = None  # 12

    beta_approach: BetaApproach = "single_business_global"  # 21
    direct_levered_beta: Positive | None = None  # 22
    equity_risk_premium_approach: Literal[
        "direct_input", "country_of_incorporation", "operating_countries", "operating_regions"
    ] = "country_of_incorporation"  # 25
    direct_equity_risk_premium: Rate | None = None  # 26
    operating_countries: tuple[Revenue, ...] = ()  # G5:H17
    operating_regions: tuple[Revenue, ...] = ()  # G21:H31
    businesses_us: tuple[Business, ...] = ()  # G36:H47
    businesses_global: tuple[Business, ...] = ()  # G52:H63

    debt_average_maturity_years: NotNegative = 3.0  # 32
    debt_cost_approach: Literal["direct_input", "synthetic_rating", "actual_rating"] = (
        "synthetic_rating"  # 33
    )
    direct_pretax_cost_of_debt: Rate | None = None  # 34
    actual_rating: str = ""  # 35
    company_type: Literal[1, 2] = 2  # 36: 1 large, 2 smaller or riskier

    convertible_book_value: NotNegative = 0.0  # 40
    convertible_interest_expense: NotNegative = 0.0  # 41
    convertible_maturity_years: NotNegative = 0.0  # 42
    convertible_market_value: NotNegative = 0.0  # 43
    preferred_shares: NotNegative = 0.0  # 48
    preferred_price_per_share: NotNegative = 0.0  # 49
    preferred_dividend_per_share: NotNegative = 0.0  # 50

    industry_approach: IndustryApproach = "single_business_us"  # 66
    distribution_region: str = "Global"  # 70
    distribution_group: Literal[
        "First Decile", "First Quartile", "Median", "Third Quartile", "Ninth Decile"
    ] = "Median"  # 71
    size_premium: NotNegative = 0.0
    """Not in the sheet: added to the cost of equity of a small company, by the user's choice."""


class LeaseConverter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tab "Operating lease converter": only for leases that are not yet in the debt."""

    current_year_expense: Amount  # 4
    commitments_years_1_to_5: Annotated[
        tuple[float, ...], Meta(min_length=5, max_length=5)
    ]  # 7 to 11
    commitments_beyond_year_5: NotNegative = 0.0  # 12
    pretax_cost_of_debt: Positive | None = None  # 15; None: of the cost of capital worksheet


class ResearchConverter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The tab "R& D converter"."""

    amortization_years: Annotated[int, Meta(ge=1, le=10)]  # 6
    current_year_expense: Amount  # 7
    past_expenses: Annotated[tuple[float, ...], Meta(max_length=10)] = ()  # 11 to 20, newest first
