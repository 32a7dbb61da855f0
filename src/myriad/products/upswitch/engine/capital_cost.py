"""The cost of capital worksheet: four approaches to one rate.

Source: A. Damodaran, fcffsimpleginzu.xlsx, sheet "Cost of capital worksheet" (rows in brackets).
Beyond the sheet: without a share price, as for a private company, the industry's debt share of
capital weighs debt and equity; and a size premium may be added to the cost of equity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from myriad.products.upswitch.engine import capital
from myriad.products.upswitch.engine.capital import CapitalMix
from myriad.products.upswitch.engine.capital_lines import (
    business_lines,
    exposure_lines,
    need,
    value_weighted,
    weighted_premium,
)
from myriad.products.upswitch.engine.input_sheet import InputSheet
from myriad.products.upswitch.engine.leases import NO_LEASES, ConvertedLeases, convert_leases
from myriad.products.upswitch.engine.parameters import Industry, IndustryTable, Parameters
from myriad.products.upswitch.engine.rating import SyntheticRating, interest_coverage, rate
from myriad.products.upswitch.engine.worksheets import CapitalCostWorksheet, LeaseConverter
from myriad.products.upswitch.errors import InputsError, MissingParameterError

_MOST_STEPS = 60


@dataclass(frozen=True, slots=True)
class Worksheet:
    """What the worksheet reads: two input tabs, the leases and the parameters."""

    sheet: InputSheet
    tab: CapitalCostWorksheet
    leases: LeaseConverter | None
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class DebtCost:
    """What debt costs before tax [B37], with the rating and leases that go with it."""

    pretax: float
    rating: SyntheticRating | None
    leases: ConvertedLeases


@dataclass(frozen=True, slots=True)
class DetailedCost:
    """Approach 1 [B18 to E62]. Amounts in the units of the inputs."""

    unlevered_beta: float | None
    equity_risk_premium: float
    debt: DebtCost
    straight_debt: float
    convertible_debt: float
    convertible_equity: float
    levered_beta: float
    mix: CapitalMix
    cost_of_equity: float
    cost_of_debt: float
    cost_of_preferred: float
    cost_of_capital: float


def cost_of_capital(work: Worksheet, debt: DebtCost | None = None) -> float:
    """Return the rate of the chosen approach [B13]; raises InputsError when a figure is missing."""
    if work.tab.approach == "direct_input":
        return _given(work.tab.direct_cost_of_capital, "direct_cost_of_capital")
    if work.tab.approach == "detailed":
        return detailed(work, debt).cost_of_capital
    return industry_average(work) if work.tab.approach == "industry_average" else distribution(work)


def detailed(work: Worksheet, debt: DebtCost | None = None) -> DetailedCost:
    """Return approach 1: CAPM with a bottom-up beta, debt at market value, market weights."""
    sheet, tab = work.sheet, work.tab
    owed = debt or debt_cost(work)
    straight, convertible = _debts(work, owed.pretax)
    mix = _mix(work, straight + convertible + owed.leases.debt)
    unlevered = None if tab.beta_approach == "direct_input" else unlevered_beta(work)
    ratio = float(mix.debt / mix.equity)
    levered = (
        _given(tab.direct_levered_beta, "direct_levered_beta")
        if unlevered is None
        else float(capital.lever(unlevered, sheet.marginal_tax_rate, ratio))
    )
    premium = equity_risk_premium(work)
    equity = capital.cost_of_equity(sheet.riskfree_rate, levered, premium, tab.size_premium)
    after_tax = capital.after_tax(owed.pretax, sheet.marginal_tax_rate)
    preferred = _preferred_cost(tab)
    return DetailedCost(
        unlevered,
        premium,
        owed,
        straight,
        convertible,
        tab.convertible_market_value - convertible,
        levered,
        mix,
        float(equity),
        float(after_tax),
        preferred,
        float(capital.weighted_cost(mix, equity, after_tax, preferred)),
    )


def unlevered_beta(work: Worksheet) -> float:
    """Return the beta of the businesses [B23]."""
    approach = work.tab.beta_approach
    market = _market(approach)
    table = work.parameters.need_industries(market)
    if approach.startswith("single"):
        return need(_industry(work, table).unlevered_beta, "unlevered beta", "this industry")
    mix = work.tab.businesses_us if market == "us" else work.tab.businesses_global
    return value_weighted(business_lines(mix, table), lambda line: line.unlevered_beta)


def equity_risk_premium(work: Worksheet) -> float:
    """Return the premium of where the company sells or is incorporated [B27]."""
    tab = work.tab
    if tab.equity_risk_premium_approach == "direct_input":
        return _given(tab.direct_equity_risk_premium, "direct_equity_risk_premium")
    table = work.parameters.need_countries()
    if tab.equity_risk_premium_approach == "country_of_incorporation":
        return table.get_country(work.sheet.country_of_incorporation).equity_risk_premium
    if tab.equity_risk_premium_approach == "operating_regions":
        return weighted_premium(exposure_lines(tab.operating_regions, table.get_region))
    return weighted_premium(exposure_lines(tab.operating_countries, table.get_country))


def debt_cost(work: Worksheet) -> DebtCost:
    """Return the pre-tax cost of debt [B37] with the leases that it discounts."""
    tab = work.tab
    if tab.debt_cost_approach == "synthetic_rating":
        return _synthetic(work)
    if tab.debt_cost_approach == "direct_input":
        cost = _given(tab.direct_pretax_cost_of_debt, "direct_pretax_cost_of_debt")
    else:
        spread = work.parameters.need_ratings().spread_of(tab.actual_rating)
        cost = work.sheet.riskfree_rate + spread
    return DebtCost(cost, None, _leases(work, cost))


def _synthetic(work: Worksheet) -> DebtCost:
    """Return the synthetic rating; with leases it depends on itself and is repeated until it stays.

    Leases change income and interest, so the rating, so the rate that discounts them. Where two
    ratings lead to each other, the one that came last stands, as in an iterating spreadsheet.
    """
    leases = NO_LEASES if not work.sheet.convert_operating_leases else _leases(work, 0.05)
    cost = 0.05
    for _ in range(_MOST_STEPS):
        found = synthetic_rating(work, leases, cost)
        leases = _leases(work, found.pretax_cost_of_debt)
        if found.pretax_cost_of_debt == cost or not work.sheet.convert_operating_leases:
            break
        cost = found.pretax_cost_of_debt
    return DebtCost(found.pretax_cost_of_debt, found, leases)


def synthetic_rating(
    work: Worksheet, leases: ConvertedLeases, pretax_cost_of_debt: float
) -> SyntheticRating:
    """Return the rating by interest coverage [sheet "Synthetic rating"]."""
    table = work.parameters.need_ratings()
    income = work.sheet.operating_income + leases.income_adjustment
    interest = work.sheet.interest_expense + leases.debt * pretax_cost_of_debt
    bands = table.large if work.tab.company_type == 1 else table.small
    spread = _country_spread(work)
    return rate(interest_coverage(income, interest), bands, work.sheet.riskfree_rate, spread)


def _country_spread(work: Worksheet) -> float:
    if not work.sheet.country_of_incorporation:
        return 0.0
    countries = work.parameters.need_countries()
    return countries.get_country(work.sheet.country_of_incorporation).default_spread


def industry_average(work: Worksheet) -> float:
    """Return approach 2 [B67]: the industry's rate, moved by the change of the riskfree rate."""
    approach = work.tab.industry_approach
    market = _market(approach)
    table = work.parameters.need_industries(market)
    if table.riskfree_rate is None:
        raise MissingParameterError("the industry averages do not say their riskfree rate")
    moved = work.sheet.riskfree_rate - table.riskfree_rate
    if approach.startswith("single"):
        # The sheet looks the US name up in both tables.
        found = table.get(work.sheet.industry_us or work.sheet.industry_global)
        return need(found.cost_of_capital, "cost of capital", found.name) + moved
    mix = work.tab.businesses_us if market == "us" else work.tab.businesses_global
    return value_weighted(business_lines(mix, table), lambda line: line.cost_of_capital) + moved


def distribution(work: Worksheet) -> float:
    """Return approach 3 [B72]: a place in the distribution of all listed companies' rates."""
    table = work.parameters.need_capital_costs()
    region = table.over_riskfree.get(work.tab.distribution_region)
    if region is None:
        known = ", ".join(table.over_riskfree)
        raise InputsError(f"no region {work.tab.distribution_region!r}; it is one of {known}")
    return work.sheet.riskfree_rate + region[work.tab.distribution_group]


def _market(approach: str) -> Literal["us", "global"]:
    return "us" if approach.endswith("us") else "global"


def _industry(work: Worksheet, table: IndustryTable) -> Industry:
    is_us = work.tab.beta_approach.endswith("us")
    return table.get(work.sheet.industry_us if is_us else work.sheet.industry_global)


def _leases(work: Worksheet, cost: float) -> ConvertedLeases:
    if not work.sheet.convert_operating_leases:
        return NO_LEASES
    if work.leases is None:
        raise InputsError("convert_operating_leases is on: give operating_lease_converter")
    return convert_leases(work.leases, work.leases.pretax_cost_of_debt or cost)


def _debts(work: Worksheet, cost: float) -> tuple[float, float]:
    """Return straight and convertible debt at market value [C53, C54]."""
    sheet, tab = work.sheet, work.tab
    straight = capital.market_value_of_debt(
        sheet.interest_expense, sheet.book_value_of_debt, cost, tab.debt_average_maturity_years
    )
    convertible = capital.market_value_of_debt(
        tab.convertible_interest_expense,
        tab.convertible_book_value,
        cost,
        tab.convertible_maturity_years,
    )
    return float(straight), float(convertible)


def _mix(work: Worksheet, debt: float) -> CapitalMix:
    sheet, tab = work.sheet, work.tab
    preferred = tab.preferred_shares * tab.preferred_price_per_share
    if sheet.current_stock_price:
        return CapitalMix(
            sheet.number_of_shares_outstanding * sheet.current_stock_price, debt, preferred
        )
    share = need(_target(work).debt_to_capital, "debt share of capital", "this industry")
    return CapitalMix(1.0 - share, share)


def _target(work: Worksheet) -> Industry:
    table = work.parameters.industries_global or work.parameters.need_industries("us")
    is_global = table is work.parameters.industries_global
    return table.get(work.sheet.industry_global if is_global else work.sheet.industry_us)


def _preferred_cost(tab: CapitalCostWorksheet) -> float:
    price = tab.preferred_price_per_share
    return tab.preferred_dividend_per_share / price if price else 0.0


def _given(value: float | None, name: str) -> float:
    if value is None:
        raise InputsError(f"the chosen approach needs {name}", [(f"/{name}", "a number")])
    return value
