"""Inputs beyond the published sheet: three years of accounts, multiples, discounts, weights."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from myriad.products.upswitch.engine.fields import (
    Amount,
    Day,
    NotNegative,
    Positive,
    Share,
)

Metric = Literal["ebitda", "ebit", "revenues", "net_income", "book_equity"]


class Adjustment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A normalisation: `amount` is added to operating income of its year."""

    label: str
    amount: Amount
    kind: Literal["owner_pay", "rent", "one_off", "other"] = "other"


class FiscalYear(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One year of accounts. A period of other than twelve months is annualised and flagged."""

    end: Day
    months: Annotated[int, Meta(ge=1, le=24)] = 12
    revenues: Amount | None = None
    operating_income: Amount
    depreciation_and_amortization: NotNegative = 0.0
    net_income: Amount | None = None
    book_equity: Amount | None = None
    adjustments: tuple[Adjustment, ...] = ()


class SectorMultiple(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """p25, median and p75 of a sector, with where they come from.

    `listed` multiples are those of listed companies and take the discount for a small company.
    """

    metric: Metric
    low: Positive
    middle: Positive
    high: Positive
    source: str
    listed: bool = False


class MarketApproach(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the multiples are applied to, and the way from enterprise value to equity."""

    history: Annotated[tuple[FiscalYear, ...], Meta(min_length=1, max_length=5)]
    multiples: tuple[SectorMultiple, ...] = ()
    sector: str = ""
    """Takes the multiples of the parameters for this sector, beside those given here."""
    sme_sector_multiple: Positive | None = None
    listed_sector_multiple: Positive | None = None
    net_financial_debt: Amount | None = None
    """None: debt less cash of the input sheet."""
    working_capital_normalisation: Amount = 0.0
    provisions: NotNegative = 0.0
    surplus_assets: NotNegative = 0.0


class Discounts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lack of control and of marketability, applied in this order and multiplied."""

    lack_of_control: Share = 0.0
    control_premium: Share = 0.0
    marketability_method: Literal["none", "given", "chaffee", "finnerty"] = "none"
    marketability: Share = 0.0
    holding_years: Positive = 1.0
    price_deviation: Positive = 0.3


class DiscountingInputs(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When flows arrive and how the years after the tenth are valued; the defaults are the sheet's."""

    mid_year: bool = False
    gordon_at: Literal["N", "N-0.5"] | None = None
    exit_multiple: Positive | None = None
    exit_metric: Literal["ebit", "ebitda", "revenues"] = "ebitda"
    depreciation_share_of_revenues: Share = 0.0


class Weights(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much each method counts; they are scaled to a sum of 1 over the methods that apply."""

    dcf: NotNegative = 0.5
    ebitda: NotNegative = 0.5
    ebit: NotNegative = 0.0
    revenues: NotNegative = 0.0
    net_income: NotNegative = 0.0
    book_equity: NotNegative = 0.0


class Diligence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a buyer asks about; None means nobody knows yet."""

    owner_yearly_pay: NotNegative | None = None
    owner_market_pay: NotNegative | None = None
    largest_customer_share: Share | None = None
    debtor_days: NotNegative | None = None
    sector_debtor_days: NotNegative = 60.0
    yearly_capital_expenditure: NotNegative | None = None
    years_of_low_expenditure: Annotated[float, Meta(ge=0, le=10)] = 3.0


class Uncertainty(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far one lever may be off: a shift with mean 0, as a fraction (0.01 is one point).

    normal: `spread` is the standard deviation. uniform and triangular: the half width.
    """

    lever: Literal[
        "growth", "margin", "cost_of_capital", "sales_to_capital", "riskfree", "tax", "perpetuity"
    ]
    distribution: Literal["normal", "uniform", "triangular"] = "normal"
    spread: Positive
    reason: str = ""
