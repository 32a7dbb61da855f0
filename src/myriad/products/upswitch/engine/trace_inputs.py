"""The trace of what is given and of the converters: input sheet, leases, R&D, base year.

Source: A. Damodaran, fcffsimpleginzu.xlsx, sheets "Input sheet", "Operating lease converter" and
"R& D converter".
"""

from __future__ import annotations

from myriad.products.upswitch.engine.basis import warrants
from myriad.products.upswitch.engine.options import value_per_option
from myriad.products.upswitch.engine.solved import Solved
from myriad.products.upswitch.engine.trace import SHEET, Trace

_INPUT = f"{SHEET}, Input sheet"
_LEASES = f"{SHEET}, Operating lease converter"
_RESEARCH = f"{SHEET}, R& D converter"

ROWS = {
    "revenues": 11,
    "operating_income": 12,
    "interest_expense": 13,
    "book_value_of_equity": 14,
    "book_value_of_debt": 15,
    "cash_and_marketable_securities": 18,
    "cross_holdings_and_other_non_operating_assets": 19,
    "minority_interests": 20,
    "number_of_shares_outstanding": 21,
    "current_stock_price": 22,
    "effective_tax_rate": 23,
    "marginal_tax_rate": 24,
    "revenue_growth_next_year": 26,
    "operating_margin_next_year": 27,
    "revenue_growth_years_2_to_5": 28,
    "target_operating_margin": 29,
    "margin_convergence_year": 30,
    "sales_to_capital_years_1_to_5": 31,
    "sales_to_capital_years_6_to_10": 32,
    "riskfree_rate": 34,
    "options_outstanding": 38,
    "options_average_strike_price": 39,
    "options_average_maturity_years": 40,
    "stock_price_standard_deviation": 41,
    "terminal_return_on_capital": 49,
    "distress_proceeds_share": 54,
    "trapped_cash": 71,
    "trapped_cash_foreign_tax_rate": 72,
}
"""The rows of the input sheet that are numbers, by field."""


def trace_inputs(trace: Trace, solved: Solved) -> None:
    """Add everything given, then the converters and the rates of the stable years."""
    sheet = solved.basis.inputs.input_sheet
    for name, row in ROWS.items():
        value = getattr(sheet, name)
        if value is not None:
            label = name.replace("_", " ")
            trace.given(name, label, value, "given with the inputs", f"Input sheet!B{row}")
    _looked_up(trace, solved)
    _leases(trace, solved)
    _research(trace, solved)
    _base(trace, solved)
    _stable(trace, solved)
    _exit(trace, solved)


def _looked_up(trace: Trace, solved: Solved) -> None:
    drivers, parameters = solved.basis.drivers, solved.basis.parameters
    name = "sales_to_capital_years_1_to_5"
    if name not in trace:
        table = parameters.need_industries("global")
        label = "sales to capital, global industry average"
        trace.given(name, label, drivers.sales_to_capital_years_1_to_5, table.provenance.source)


def _leases(trace: Trace, solved: Solved) -> None:
    basis, found = solved.basis, solved.basis.leases
    converter = basis.inputs.operating_lease_converter
    if not basis.inputs.input_sheet.convert_operating_leases or converter is None:
        trace.given("lease_debt", "Lease debt", 0.0, f"{_INPUT}, row 17: not converted")
        trace.given("lease_adjustment", "Lease adjustment of income", 0.0, f"{_INPUT}, row 17")
        return
    cost = converter.pretax_cost_of_debt or (basis.debt.pretax if basis.debt else 0.0)
    trace.given("lease_cost_of_debt", "Pre-tax cost of debt", cost, _LEASES)
    trace.given("lease_expense", "Lease expense", converter.current_year_expense, _LEASES)
    trace.given("lease_years_beyond", "Years beyond year 5", found.years_beyond, _LEASES)
    parts = []
    for year, amount in enumerate(converter.commitments_years_1_to_5, start=1):
        trace.given(f"lease_commitment_{year}", f"Commitment, year {year}", amount, _LEASES)
        key = f"lease_present_value_{year}"
        formula = f"lease_commitment_{year}/(1+lease_cost_of_debt)^{year}"
        trace.made(
            key, f"Present value, year {year}", found.present_values[year - 1], formula, _LEASES
        )
        parts.append(key)
    trace.given("lease_yearly_beyond", "Yearly after year 5", found.yearly_beyond, _LEASES)
    trace.made(
        "lease_present_value_6",
        "Present value beyond",
        found.present_values[5],
        _beyond(found.years_beyond),
        _LEASES,
    )
    trace.made(
        "lease_debt",
        "Lease debt",
        found.debt,
        f"SUM({','.join((*parts, 'lease_present_value_6'))})",
        _LEASES,
    )
    trace.made(
        "lease_depreciation",
        "Depreciation of leases",
        found.depreciation,
        "lease_debt/(5+lease_years_beyond)",
        _LEASES,
    )
    trace.made(
        "lease_adjustment",
        "Lease adjustment of income",
        found.income_adjustment,
        "lease_expense-lease_depreciation",
        _LEASES,
    )


def _beyond(years: int) -> str:
    if not years:
        return "lease_yearly_beyond/(1+lease_cost_of_debt)^6"
    annuity = "lease_yearly_beyond*(1-(1+lease_cost_of_debt)^(-lease_years_beyond))"
    return f"{annuity}/lease_cost_of_debt/(1+lease_cost_of_debt)^5"


def _research(trace: Trace, solved: Solved) -> None:
    found, given = solved.basis.research, solved.basis.inputs.rd_converter
    if not found.unamortized or given is None:
        trace.given("research_asset", "Research asset", 0.0, f"{_INPUT}, row 16: not capitalised")
        trace.given("research_adjustment", "R&D adjustment of income", 0.0, f"{_INPUT}, row 16")
        return
    life = given.amortization_years
    trace.given("research_years", "Amortization period", life, _RESEARCH)
    trace.given(
        "research_expense_0", "R&D expense, this year", given.current_year_expense, _RESEARCH
    )
    kept, written = ["research_expense_0"], []
    for age, amortized in enumerate(found.amortized, start=1):
        label = f"{age} years ago"
        trace.given(
            f"research_expense_{age}",
            f"R&D expense, {label}",
            given.past_expenses[age - 1],
            _RESEARCH,
        )
        share = f"(research_years-{age})/research_years"
        trace.made(
            f"research_kept_{age}",
            f"Unamortized, {label}",
            found.unamortized[age],
            f"research_expense_{age}*{share}",
            _RESEARCH,
        )
        trace.made(
            f"research_amortized_{age}",
            f"Amortized, {label}",
            amortized,
            f"research_expense_{age}/research_years",
            _RESEARCH,
        )
        kept.append(f"research_kept_{age}")
        written.append(f"research_amortized_{age}")
    trace.made("research_asset", "Research asset", found.asset, f"SUM({','.join(kept)})", _RESEARCH)
    amortization = f"SUM({','.join(written)})" if written else "0"
    trace.made("research_amortization", "Amortization", found.amortization, amortization, _RESEARCH)
    trace.made(
        "research_adjustment",
        "R&D adjustment of income",
        found.income_adjustment,
        "research_expense_0-research_amortization",
        _RESEARCH,
    )


def _base(trace: Trace, solved: Solved) -> None:
    drivers = solved.basis.drivers
    output = f"{SHEET}, Valuation output"
    trace.made(
        "operating_income_0",
        "Operating income, base year, adjusted",
        drivers.operating_income,
        "operating_income+lease_adjustment+research_adjustment",
        f"{output}, row 5",
        "Valuation output!B5",
    )
    book = "book_value_of_equity+book_value_of_debt-cash_and_marketable_securities"
    trace.made(
        "invested_capital_0",
        "Invested capital, base year",
        drivers.invested_capital,
        f"{book}+lease_debt+research_asset",
        f"{output}, row 39",
        "Valuation output!B39",
    )


def _stable(trace: Trace, solved: Solved) -> None:
    """Add the rates after year 10 as the switches have them."""
    basis = solved.basis
    sheet, drivers = basis.inputs.input_sheet, basis.drivers
    riskfree = "riskfree_rate"
    if sheet.override_riskfree_rate_after_year_10:
        riskfree = "riskfree_rate_after_year_10"
        trace.given(
            riskfree,
            "Riskfree rate after year 10",
            sheet.riskfree_rate_after_year_10 or 0.0,
            _INPUT,
            "Input sheet!B65",
        )
    if sheet.override_growth_in_perpetuity:
        trace.given(
            "growth_in_perpetuity",
            "Growth in perpetuity",
            drivers.growth_in_perpetuity,
            _INPUT,
            "Input sheet!B68",
        )
    else:
        trace.made(
            "growth_in_perpetuity",
            "Growth in perpetuity",
            drivers.growth_in_perpetuity,
            riskfree,
            _INPUT,
        )
    if sheet.override_terminal_cost_of_capital:
        trace.given(
            "terminal_cost_of_capital",
            "Cost of capital after year 10",
            drivers.terminal_cost_of_capital,
            _INPUT,
            "Input sheet!B46",
        )
    else:
        premium = basis.mature_premium or 0.0
        trace.given(
            "mature_premium",
            "Equity risk premium of a mature market",
            premium,
            _premium_source(solved),
        )
        trace.made(
            "terminal_cost_of_capital",
            "Cost of capital after year 10",
            drivers.terminal_cost_of_capital,
            f"{riskfree}+mature_premium",
            _INPUT,
        )
    kept = sheet.override_tax_rate_convergence
    trace.made(
        "terminal_tax_rate",
        "Tax rate after year 10",
        drivers.terminal_tax_rate,
        "effective_tax_rate" if kept else "marginal_tax_rate",
        _INPUT,
    )
    if basis.claims.value_of_options:
        source = f"{SHEET}, Option value: diluted Black-Scholes"
        trace.given(
            "value_per_option", "Value of one option", value_per_option(warrants(sheet)), source
        )


def _premium_source(solved: Solved) -> str:
    countries = solved.basis.parameters.countries
    given = solved.basis.inputs.mature_market_equity_risk_premium
    return countries.provenance.source if given is None and countries else "given with the inputs"


def _exit(trace: Trace, solved: Solved) -> None:
    how = solved.basis.how
    if how.exit_multiple is not None:
        trace.given("exit_multiple", "Exit multiple", how.exit_multiple, "given with the inputs")
        trace.given(
            "depreciation_share_of_revenues",
            "Depreciation over revenues",
            how.depreciation_share,
            "given with the inputs",
        )
