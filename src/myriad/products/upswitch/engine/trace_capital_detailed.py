"""The trace of the detailed cost of capital: beta and premium, debt, weights.

Source: A. Damodaran, fcffsimpleginzu.xlsx, sheet "Cost of capital worksheet".
"""

from __future__ import annotations

from myriad.products.upswitch.engine.capital_cost import DetailedCost, Worksheet, detailed
from myriad.products.upswitch.engine.trace import Trace
from myriad.products.upswitch.engine.trace_capital_mix import CAPITAL


def trace_detailed(trace: Trace, work: Worksheet) -> None:
    """Add the detailed cost of capital; it reads the mixes, which stand in the trace already."""
    found = detailed(work)
    _beta_and_premium(trace, work, found)
    _debt(trace, work, found)
    _weights(trace, work, found)


def capital_cell(cell: str) -> str:
    """Return the address of a cell of the worksheet."""
    return f"Cost of capital worksheet!{cell}"


def _beta_and_premium(trace: Trace, work: Worksheet, found: DetailedCost) -> None:
    approach = work.tab.beta_approach
    if found.unlevered_beta is not None:
        mix = "us_mix_beta" if approach == "multibusiness_us" else "global_mix_beta"
        if approach.startswith("multi"):
            trace.made(
                "unlevered_beta",
                "Unlevered beta",
                found.unlevered_beta,
                mix,
                CAPITAL,
                capital_cell("B23"),
            )
        else:
            table = work.parameters.need_industries("us" if approach.endswith("us") else "global")
            trace.given(
                "unlevered_beta",
                "Unlevered beta",
                found.unlevered_beta,
                table.provenance.source,
                capital_cell("B23"),
            )
    kind = {"operating_regions": "regions_premium", "operating_countries": "countries_premium"}
    mixed = kind.get(work.tab.equity_risk_premium_approach)
    if mixed:
        trace.made(
            "equity_risk_premium",
            "Equity risk premium",
            found.equity_risk_premium,
            mixed,
            CAPITAL,
            capital_cell("B27"),
        )
    else:
        trace.given(
            "equity_risk_premium",
            "Equity risk premium",
            found.equity_risk_premium,
            CAPITAL,
            capital_cell("B27"),
        )


def _debt(trace: Trace, work: Worksheet, found: DetailedCost) -> None:
    tab = work.tab
    trace.given(
        "pretax_cost_of_debt",
        "Pre-tax cost of debt",
        found.debt.pretax,
        CAPITAL,
        capital_cell("B37"),
    )
    trace.given(
        "debt_average_maturity_years",
        "Average maturity of debt",
        tab.debt_average_maturity_years,
        CAPITAL,
        capital_cell("B32"),
    )
    bond = (
        "{i}*(1-(1+pretax_cost_of_debt)^(-{n}))/pretax_cost_of_debt+{b}/(1+pretax_cost_of_debt)^{n}"
    )
    straight = bond.format(
        i="interest_expense", n="debt_average_maturity_years", b="book_value_of_debt"
    )
    trace.made(
        "straight_debt",
        "Market value of straight debt",
        found.straight_debt,
        straight,
        CAPITAL,
        capital_cell("C53"),
    )
    for name in (
        "convertible_interest_expense",
        "convertible_book_value",
        "convertible_maturity_years",
        "convertible_market_value",
        "preferred_shares",
        "preferred_price_per_share",
        "preferred_dividend_per_share",
        "size_premium",
    ):
        trace.given(name, name.replace("_", " "), getattr(tab, name), CAPITAL)
    convertible = bond.format(
        i="convertible_interest_expense", n="convertible_maturity_years", b="convertible_book_value"
    )
    trace.made(
        "convertible_debt",
        "Straight debt in convertibles",
        found.convertible_debt,
        convertible,
        CAPITAL,
        capital_cell("C54"),
    )
    trace.made(
        "leases_in_capital",
        "Debt value of leases",
        found.debt.leases.debt,
        "lease_debt",
        CAPITAL,
        capital_cell("C55"),
    )
    trace.made(
        "convertible_equity",
        "Equity in convertibles",
        found.convertible_equity,
        "convertible_market_value-convertible_debt",
        CAPITAL,
        capital_cell("C56"),
    )


def _weights(trace: Trace, work: Worksheet, found: DetailedCost) -> None:
    mix = found.mix
    if work.sheet.current_stock_price:
        trace.made(
            "market_equity",
            "Market value of equity",
            mix.equity,
            "number_of_shares_outstanding*current_stock_price",
            CAPITAL,
            capital_cell("B60"),
        )
        trace.made(
            "market_debt",
            "Market value of debt",
            mix.debt,
            "straight_debt+convertible_debt+leases_in_capital",
            CAPITAL,
            capital_cell("C60"),
        )
        trace.made(
            "market_preferred",
            "Market value of preferred stock",
            mix.preferred,
            "preferred_shares*preferred_price_per_share",
            CAPITAL,
            capital_cell("D60"),
        )
    else:
        for name, value in (
            ("equity", mix.equity),
            ("debt", mix.debt),
            ("preferred", mix.preferred),
        ):
            trace.given(f"market_{name}", f"Share of {name}, industry average", value, "parameters")
    trace.made(
        "market_capital",
        "Capital",
        mix.total,
        "market_equity+market_debt+market_preferred",
        CAPITAL,
        capital_cell("E60"),
    )
    relevered = "unlevered_beta*(1+(1-marginal_tax_rate)*(market_debt/market_equity))"
    if found.unlevered_beta is None:
        trace.given(
            "levered_beta",
            "Levered beta",
            found.levered_beta,
            "given with the inputs",
            capital_cell("C57"),
        )
    else:
        trace.made(
            "levered_beta",
            "Levered beta (Hamada)",
            found.levered_beta,
            relevered,
            CAPITAL,
            capital_cell("C57"),
        )
    trace.made(
        "cost_of_equity",
        "Cost of equity",
        found.cost_of_equity,
        "riskfree_rate+levered_beta*equity_risk_premium+size_premium",
        CAPITAL,
        capital_cell("B62"),
    )
    trace.made(
        "cost_of_debt",
        "Cost of debt after tax",
        found.cost_of_debt,
        "pretax_cost_of_debt*(1-marginal_tax_rate)",
        CAPITAL,
        capital_cell("C62"),
    )
    preferred = (
        "IF(preferred_price_per_share>0,preferred_dividend_per_share/preferred_price_per_share,0)"
    )
    trace.made(
        "cost_of_preferred",
        "Cost of preferred stock",
        found.cost_of_preferred,
        preferred,
        CAPITAL,
        capital_cell("D62"),
    )
    for column, name in (("B", "equity"), ("C", "debt"), ("D", "preferred")):
        weight = getattr(mix, name) / mix.total
        trace.made(
            f"weight_of_{name}",
            f"Weight of {name}",
            weight,
            f"market_{name}/market_capital",
            CAPITAL,
            capital_cell(f"{column}61"),
        )
    weighed = "+".join(f"weight_of_{n}*cost_of_{n}" for n in ("equity", "debt", "preferred"))
    trace.made(
        "detailed_cost_of_capital",
        "Cost of capital, detailed",
        found.cost_of_capital,
        weighed,
        CAPITAL,
        capital_cell("E62"),
    )
