"""The trace from cash flows to a share: rows 13 to 35 of "Valuation output" as formulas.

Source: A. Damodaran, fcffsimpleginzu.xlsx, sheet "Valuation output"; the mid-year convention and
the exit multiple are the engine's own and say so.
"""

from __future__ import annotations

from myriad.products.upswitch.engine.cash_flow_formulas import TERMINAL
from myriad.products.upswitch.engine.fcff import YEARS
from myriad.products.upswitch.engine.solved import Solved
from myriad.products.upswitch.engine.trace import Trace
from myriad.products.upswitch.engine.trace_cash_flows import cell, label, source

_OWN = "Upswitch: mid-year convention, specification section 4.6"


def trace_value(trace: Trace, solved: Solved) -> None:
    """Add present values, terminal value, bridge and value per share."""
    _present(trace, solved)
    _terminal(trace, solved)
    _bridge(trace, solved)
    _per_share(trace, solved)


def _present(trace: Trace, solved: Solved) -> None:
    mid, factors = solved.basis.how.mid_year, solved.discounted.factor
    ends = 1.0
    for year in range(1, YEARS + 1):
        ends /= 1.0 + float(solved.projection.cost_of_capital[year - 1])
        before = "1" if year == 1 else f"end_of_year_factor_{year - 1}"
        trace.made(
            f"end_of_year_factor_{year}",
            label("Cumulated discount factor", year),
            ends,
            f"{before}/(1+cost_of_capital_{year})",
            source(13),
            cell(year, 13),
        )
        factor = f"end_of_year_factor_{year}"
        if mid:
            trace.made(
                f"mid_year_factor_{year}",
                label("Discount factor, middle of the year", year),
                factors[year - 1],
                f"{factor}*SQRT(1+cost_of_capital_{year})",
                _OWN,
            )
            factor = f"mid_year_factor_{year}"
        trace.made(
            f"present_value_{year}",
            label("Present value", year),
            solved.discounted.present_value[year - 1],
            f"fcff_{year}*{factor}",
            source(14),
            cell(year, 14),
        )


def _terminal(trace: Trace, solved: Solved) -> None:
    found, how = solved.discounted, solved.basis.how
    _exit_or_gordon(trace, solved)
    factor = f"end_of_year_factor_{YEARS}"
    if how.exit_multiple is None and how.mid_year and how.gordon_at != "N":
        factor = f"{factor}*SQRT(1+cost_of_capital_{YEARS})"
    trace.made(
        "present_terminal_value",
        "Present value of the terminal value",
        found.present_terminal_value,
        f"terminal_value*{factor}",
        source(19),
        "Valuation output!B19",
    )
    every = ",".join(f"present_value_{year}" for year in range(1, YEARS + 1))
    trace.made(
        "present_flows",
        "Present value of ten years",
        found.present_flows,
        f"SUM({every})",
        source(20),
        "Valuation output!B20",
    )
    trace.made(
        "sum_of_present_values",
        "Sum of present values",
        found.total,
        "present_terminal_value+present_flows",
        source(21),
        "Valuation output!B21",
    )


def _exit_or_gordon(trace: Trace, solved: Solved) -> None:
    found, how = solved.discounted, solved.basis.how
    if how.exit_multiple is not None:
        income = f"operating_income_{YEARS}"
        metric = {
            "ebit": income,
            "revenues": f"revenues_{YEARS}",
            "ebitda": f"({income}+revenues_{YEARS}*depreciation_share_of_revenues)",
        }[how.exit_metric]
        trace.made(
            "terminal_value",
            "Value at the end of year 10, by exit multiple",
            found.terminal_value,
            f"exit_multiple*{metric}",
            "Upswitch: exit multiple, discounted at N",
        )
        return
    trace.made(
        "terminal_cash_flow",
        "Terminal cash flow",
        solved.projection.cash_flow[YEARS],
        f"fcff_{TERMINAL}",
        source(16),
        "Valuation output!B16",
    )
    trace.made(
        "terminal_cost",
        "Terminal cost of capital",
        solved.projection.cost_of_capital[YEARS],
        f"cost_of_capital_{TERMINAL}",
        source(17),
        "Valuation output!B17",
    )
    trace.made(
        "terminal_value",
        "Terminal value",
        found.terminal_value,
        f"terminal_cash_flow/(terminal_cost-revenue_growth_{TERMINAL})",
        source(18),
        "Valuation output!B18",
    )


def _bridge(trace: Trace, solved: Solved) -> None:
    claims, found = solved.basis.claims, solved.equity
    trace.given(
        "failure",
        "Probability of failure",
        claims.probability_of_failure,
        source(22),
        "Valuation output!B22",
    )
    tied = (
        "sum_of_present_values"
        if claims.proceeds_on_book is None
        else "(book_value_of_equity+book_value_of_debt)"
    )
    trace.made(
        "failure_proceeds",
        "Proceeds if the firm fails",
        found.proceeds,
        f"{tied}*distress_proceeds_share",
        source(23),
        "Valuation output!B23",
    )
    trace.made(
        "operating_assets",
        "Value of operating assets",
        found.operating_assets,
        "sum_of_present_values*(1-failure)+failure_proceeds*failure",
        source(24),
        "Valuation output!B24",
    )
    trace.made(
        "debt",
        "Debt with leases",
        claims.debt,
        "book_value_of_debt+lease_debt",
        source(25),
        "Valuation output!B25",
    )
    trace.made(
        "minorities",
        "Minority interests",
        claims.minority_interests,
        "minority_interests",
        source(26),
        "Valuation output!B26",
    )
    trapped = "-trapped_cash*(marginal_tax_rate-trapped_cash_foreign_tax_rate)"
    is_trapped = solved.basis.inputs.input_sheet.override_trapped_cash
    trace.made(
        "cash",
        "Cash",
        claims.cash,
        f"cash_and_marketable_securities{trapped if is_trapped else ''}",
        source(27),
        "Valuation output!B27",
    )
    trace.made(
        "non_operating_assets",
        "Non-operating assets",
        claims.non_operating_assets,
        "cross_holdings_and_other_non_operating_assets",
        source(28),
        "Valuation output!B28",
    )
    trace.made(
        "value_of_equity",
        "Value of equity",
        found.equity,
        "operating_assets-debt-minorities+cash+non_operating_assets",
        source(29),
        "Valuation output!B29",
    )


def _per_share(trace: Trace, solved: Solved) -> None:
    claims, found = solved.basis.claims, solved.equity
    options = "options_outstanding*value_per_option" if claims.value_of_options else "0"
    trace.made(
        "value_of_options",
        "Value of employee options",
        claims.value_of_options,
        options,
        source(30),
        "Valuation output!B30",
    )
    trace.made(
        "value_of_common_equity",
        "Value of equity in common stock",
        found.common_equity,
        "value_of_equity-value_of_options",
        source(31),
        "Valuation output!B31",
    )
    trace.made(
        "number_of_shares",
        "Number of shares",
        claims.shares,
        "number_of_shares_outstanding",
        source(32),
        "Valuation output!B32",
    )
    trace.made(
        "value_per_share",
        "Value per share",
        found.per_share,
        "value_of_common_equity/number_of_shares",
        source(33),
        "Valuation output!B33",
    )
    price = solved.basis.inputs.input_sheet.current_stock_price
    if price:
        trace.made(
            "price", "Price", price, "current_stock_price", source(34), "Valuation output!B34"
        )
        trace.made(
            "price_to_value",
            "Price as % of value",
            price / float(found.per_share),
            "price/value_per_share",
            source(35),
            "Valuation output!B35",
        )
