"""From inputs and parameters to the drivers that the cash flows depend on.

Source: A. Damodaran, fcffsimpleginzu.xlsx, the formulas of "Valuation output" that read other tabs.
"""

from __future__ import annotations

from dataclasses import dataclass

from myriad.products.upswitch.engine.capital_cost import (
    DebtCost,
    Worksheet,
    cost_of_capital,
    debt_cost,
)
from myriad.products.upswitch.engine.capital_lines import need
from myriad.products.upswitch.engine.checks import check_growth, check_inputs
from myriad.products.upswitch.engine.document import Inputs
from myriad.products.upswitch.engine.equity import Claims, Discounting
from myriad.products.upswitch.engine.fcff import Drivers
from myriad.products.upswitch.engine.input_sheet import InputSheet
from myriad.products.upswitch.engine.leases import NO_LEASES, ConvertedLeases, convert_leases
from myriad.products.upswitch.engine.options import Warrants, value_per_option
from myriad.products.upswitch.engine.parameters import Parameters
from myriad.products.upswitch.engine.research import (
    NO_RESEARCH,
    CapitalizedResearch,
    capitalize_research,
)
from myriad.products.upswitch.errors import MissingParameterError


@dataclass(frozen=True, slots=True)
class Basis:
    """Everything that one valuation is computed from, each figure looked up or converted once."""

    inputs: Inputs
    parameters: Parameters
    debt: DebtCost | None
    leases: ConvertedLeases
    research: CapitalizedResearch
    mature_premium: float | None
    option_value: float
    drivers: Drivers
    claims: Claims
    how: Discounting


def resolve(inputs: Inputs, parameters: Parameters) -> Basis:
    """Return the drivers, claims and conventions; raises InputsError for what cannot be valued."""
    check_inputs(inputs)
    sheet = inputs.input_sheet
    debt, leases = _debt(inputs, parameters)
    research = NO_RESEARCH
    if sheet.capitalize_rd and inputs.rd_converter is not None:
        research = capitalize_research(inputs.rd_converter)
    premium = _mature_premium(inputs, parameters)
    drivers = _drivers(inputs, parameters, debt, leases, research, premium)
    how = _discounting(inputs)
    if how.exit_multiple is None:
        check_growth(
            sheet,
            float(drivers.growth_in_perpetuity),
            float(drivers.initial_cost_of_capital),
            float(drivers.terminal_cost_of_capital),
        )
    options = _option_value(sheet)
    claims = _claims(sheet, leases, options)
    return Basis(inputs, parameters, debt, leases, research, premium, options, drivers, claims, how)


def worksheet(inputs: Inputs, parameters: Parameters) -> Worksheet:
    """Return what the cost of capital worksheet reads."""
    return Worksheet(
        inputs.input_sheet,
        inputs.cost_of_capital_worksheet,
        inputs.operating_lease_converter,
        parameters,
    )


def _debt(inputs: Inputs, parameters: Parameters) -> tuple[DebtCost | None, ConvertedLeases]:
    """Return the cost of debt where leases or the worksheet need it, and the leases."""
    converter = inputs.operating_lease_converter
    needs_rate = inputs.input_sheet.convert_operating_leases
    if needs_rate and converter is not None and converter.pretax_cost_of_debt is not None:
        return None, convert_leases(converter, converter.pretax_cost_of_debt)
    if not needs_rate:
        return None, NO_LEASES
    found = debt_cost(worksheet(inputs, parameters))
    return found, found.leases


def _mature_premium(inputs: Inputs, parameters: Parameters) -> float | None:
    given = inputs.mature_market_equity_risk_premium
    if given is None and parameters.countries is not None:
        return parameters.countries.mature_market_premium
    return given


def _drivers(
    inputs: Inputs,
    parameters: Parameters,
    debt: DebtCost | None,
    leases: ConvertedLeases,
    research: CapitalizedResearch,
    premium: float | None,
) -> Drivers:
    sheet = inputs.input_sheet
    income = sheet.operating_income + leases.income_adjustment + research.income_adjustment
    margin = _first(sheet.operating_margin_next_year, income / sheet.revenues)
    early = _sales_to_capital(sheet, parameters)
    initial = sheet.initial_cost_of_capital
    if initial is None:
        initial = cost_of_capital(worksheet(inputs, parameters), debt)
    returns = sheet.terminal_return_on_capital
    return Drivers(
        revenues=sheet.revenues,
        operating_income=income,
        invested_capital=_invested(sheet) + leases.debt + research.asset,
        revenue_growth_next_year=sheet.revenue_growth_next_year,
        revenue_growth_years_2_to_5=_first(
            sheet.revenue_growth_years_2_to_5, sheet.revenue_growth_next_year
        ),
        growth_in_perpetuity=growth_in_perpetuity(sheet),
        operating_margin_next_year=margin,
        target_operating_margin=_first(sheet.target_operating_margin, margin),
        margin_convergence_year=sheet.margin_convergence_year,
        effective_tax_rate=sheet.effective_tax_rate,
        terminal_tax_rate=_terminal_tax(sheet),
        net_operating_loss=sheet.net_operating_loss if sheet.override_net_operating_loss else 0.0,
        sales_to_capital_years_1_to_5=early,
        sales_to_capital_years_6_to_10=_first(sheet.sales_to_capital_years_6_to_10, early),
        initial_cost_of_capital=initial,
        terminal_cost_of_capital=terminal_cost_of_capital(sheet, premium),
        terminal_return_on_capital=returns if sheet.override_terminal_return_on_capital else None,
        reinvestment_lag_years=sheet.reinvestment_lag_years
        if sheet.override_reinvestment_lag
        else 1,
    )


def _first(given: float | None, otherwise: float) -> float:
    return otherwise if given is None else given


def _sales_to_capital(sheet: InputSheet, parameters: Parameters) -> float:
    if sheet.sales_to_capital_years_1_to_5 is not None:
        return sheet.sales_to_capital_years_1_to_5
    industry = parameters.need_industries("global").get(sheet.industry_global)
    return need(industry.sales_to_capital, "sales to capital", industry.name)


def _invested(sheet: InputSheet) -> float:
    """Row 39 before conversions: book equity and debt less cash."""
    book = sheet.book_value_of_equity + sheet.book_value_of_debt
    return book - sheet.cash_and_marketable_securities


def _terminal_tax(sheet: InputSheet) -> float:
    """M6: the marginal rate, unless the effective one is kept."""
    is_kept = sheet.override_tax_rate_convergence
    return sheet.effective_tax_rate if is_kept else sheet.marginal_tax_rate


def _terminal_riskfree(sheet: InputSheet) -> float:
    if sheet.override_riskfree_rate_after_year_10 and sheet.riskfree_rate_after_year_10 is not None:
        return sheet.riskfree_rate_after_year_10
    return sheet.riskfree_rate


def growth_in_perpetuity(sheet: InputSheet) -> float:
    """M2: as overridden, else the riskfree rate after year 10, else today's."""
    if sheet.override_growth_in_perpetuity and sheet.growth_rate_in_perpetuity is not None:
        return sheet.growth_rate_in_perpetuity
    return _terminal_riskfree(sheet)


def terminal_cost_of_capital(sheet: InputSheet, mature_premium: float | None) -> float:
    """M12: as overridden, else the riskfree rate (after year 10) + a mature market's premium."""
    if sheet.override_terminal_cost_of_capital and sheet.terminal_cost_of_capital is not None:
        return sheet.terminal_cost_of_capital
    if mature_premium is None:
        raise MissingParameterError(
            "the equity risk premium of a mature market is missing: import parameters, give "
            "mature_market_equity_risk_premium, or override the terminal cost of capital"
        )
    return _terminal_riskfree(sheet) + mature_premium


def _discounting(inputs: Inputs) -> Discounting:
    given = inputs.discounting
    return Discounting(
        mid_year=given.mid_year,
        gordon_at=given.gordon_at,
        exit_multiple=given.exit_multiple,
        exit_metric=given.exit_metric,
        depreciation_share=given.depreciation_share_of_revenues,
    )


def _option_value(sheet: InputSheet) -> float:
    """B30: all employee options at their diluted Black-Scholes value."""
    if not sheet.has_employee_options or not sheet.options_outstanding:
        return 0.0
    return sheet.options_outstanding * value_per_option(warrants(sheet))


def warrants(sheet: InputSheet) -> Warrants:
    """Return the options of the input sheet as the option tab takes them."""
    return Warrants(
        price=sheet.current_stock_price or 0.0,
        strike=sheet.options_average_strike_price,
        years=sheet.options_average_maturity_years,
        deviation=sheet.stock_price_standard_deviation,
        riskfree=sheet.riskfree_rate,
        count=sheet.options_outstanding,
        shares=sheet.number_of_shares_outstanding,
    )


def _claims(sheet: InputSheet, leases: ConvertedLeases, options: float) -> Claims:
    is_on_book = sheet.distress_proceeds_tied_to == "B"
    book = sheet.book_value_of_equity + sheet.book_value_of_debt
    return Claims(
        debt=sheet.book_value_of_debt + leases.debt,
        minority_interests=sheet.minority_interests,
        cash=cash(sheet),
        non_operating_assets=sheet.cross_holdings_and_other_non_operating_assets,
        value_of_options=options,
        shares=sheet.number_of_shares_outstanding,
        probability_of_failure=sheet.probability_of_failure if sheet.override_failure else 0.0,
        proceeds_share=sheet.distress_proceeds_share,
        proceeds_on_book=book if is_on_book else None,
    )


def cash(sheet: InputSheet) -> float:
    """B27: cash, less the tax that is still due on what is trapped abroad."""
    if not sheet.override_trapped_cash:
        return sheet.cash_and_marketable_securities
    rate = sheet.marginal_tax_rate - sheet.trapped_cash_foreign_tax_rate
    return sheet.cash_and_marketable_securities - sheet.trapped_cash * rate
