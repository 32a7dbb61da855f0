"""The rows of the published input sheet, under names that follow them.

Source: A. Damodaran, fcffsimpleginzu.xlsx (NYU Stern, February 2024), sheet "Input sheet". The
row stands in each comment; a switch that the sheet answers with Yes or No is true or false here,
and its value may stay filled in while the switch is off. Where None is allowed, the sheet's usual
formula for that row is taken.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from myriad.products.upswitch.engine.fields import (
    Amount,
    Day,
    Margin,
    NotNegative,
    Positive,
    Rate,
    Share,
)


class PriorYear(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Column "Last 10K before LTM": what the year before reported."""

    revenues: Amount  # 11
    operating_income: Amount = 0.0  # 12
    book_value_of_equity: Amount = 0.0  # 14
    book_value_of_debt: Amount = 0.0  # 15
    cash_and_marketable_securities: Amount = 0.0  # 18
    years_since_last_10k: Positive = 1.0  # 11, column D


class InputSheet(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The input sheet, row by row."""

    company_name: str = ""  # 4
    date_of_valuation: Day | None = None  # 3
    country_of_incorporation: str = ""  # 7
    industry_us: str = ""  # 8
    industry_global: str = ""  # 9

    revenues: Positive  # 11
    operating_income: Amount  # 12, as reported
    interest_expense: NotNegative = 0.0  # 13
    book_value_of_equity: Amount = 0.0  # 14
    book_value_of_debt: NotNegative = 0.0  # 15
    capitalize_rd: bool = False  # 16
    convert_operating_leases: bool = False  # 17
    cash_and_marketable_securities: NotNegative = 0.0  # 18
    cross_holdings_and_other_non_operating_assets: Amount = 0.0  # 19
    minority_interests: Amount = 0.0  # 20
    number_of_shares_outstanding: Positive = 1.0  # 21
    current_stock_price: NotNegative | None = None  # 22
    effective_tax_rate: Share  # 23
    marginal_tax_rate: Share  # 24
    prior_year: PriorYear | None = None  # 11 to 18, columns C and D

    revenue_growth_next_year: Rate  # 26
    operating_margin_next_year: Margin | None = None  # 27; None: margin of the base year
    revenue_growth_years_2_to_5: Rate | None = None  # 28; None: growth of next year
    target_operating_margin: Margin | None = None  # 29; None: margin of next year
    margin_convergence_year: Annotated[float, Meta(ge=1, le=10)] = 5.0  # 30
    sales_to_capital_years_1_to_5: Positive | None = None  # 31; None: global industry average
    sales_to_capital_years_6_to_10: Positive | None = None  # 32; None: that of years 1 to 5
    riskfree_rate: Rate  # 34
    initial_cost_of_capital: Rate | None = None  # 35; None: from the cost of capital worksheet

    has_employee_options: bool = False  # 37
    options_outstanding: NotNegative = 0.0  # 38
    options_average_strike_price: Positive = 1.0  # 39
    options_average_maturity_years: Positive = 1.0  # 40
    stock_price_standard_deviation: Positive = 0.4  # 41

    override_terminal_cost_of_capital: bool = False  # 45
    terminal_cost_of_capital: Rate | None = None  # 46
    override_terminal_return_on_capital: bool = False  # 48
    terminal_return_on_capital: Positive | None = None  # 49
    override_failure: bool = False  # 51
    probability_of_failure: Share = 0.0  # 52
    distress_proceeds_tied_to: Literal["B", "V"] = "V"  # 53: book value, or estimated fair value
    distress_proceeds_share: Share = 0.5  # 54
    override_reinvestment_lag: bool = False  # 56
    reinvestment_lag_years: Annotated[int, Meta(ge=0, le=3)] = 1  # 57
    override_tax_rate_convergence: bool = False  # 59; true: the effective rate stays
    override_net_operating_loss: bool = False  # 61
    net_operating_loss: NotNegative = 0.0  # 62
    override_riskfree_rate_after_year_10: bool = False  # 64
    riskfree_rate_after_year_10: Rate | None = None  # 65
    override_growth_in_perpetuity: bool = False  # 67
    growth_rate_in_perpetuity: Rate | None = None  # 68
    override_trapped_cash: bool = False  # 70
    trapped_cash: NotNegative = 0.0  # 71
    trapped_cash_foreign_tax_rate: Share = 0.0  # 72
