"""The trace of the input sheet's own feedback: the company beside its industry.

Source: A. Damodaran, fcffsimpleginzu.xlsx, sheet "Input sheet", rows 25 to 36, columns I to K.
"""

from __future__ import annotations

from myriad.products.upswitch.engine.parameters import Industry, IndustryTable
from myriad.products.upswitch.engine.solved import Solved
from myriad.products.upswitch.engine.trace import SHEET, Trace

_SOURCE = f"{SHEET}, Input sheet, feedback"
_FIGURES = {
    "revenue_growth": 25,
    "operating_margin": 26,
    "sales_to_capital": 27,
    "return_on_capital": 29,
    "stock_price_deviation": 30,
    "cost_of_capital": 31,
}


def trace_feedback(trace: Trace, solved: Solved) -> None:
    """Add what the company's figures look like beside the averages of its industry."""
    _company(trace, solved)
    sheet, parameters = solved.basis.inputs.input_sheet, solved.basis.parameters
    _industry(trace, parameters.industries_us, "us", sheet.industry_us, "J")
    _industry(trace, parameters.industries_global, "global", sheet.industry_global, "K")
    last = {34: "revenues_11", 35: "operating_income_11", 36: "return_on_capital_10"}
    for row, key in last.items():
        trace.made(
            f"feedback_{row}",
            trace[key].label,
            trace[key].value,
            key,
            _SOURCE,
            f"Input sheet!J{row}",
        )


def _company(trace: Trace, solved: Solved) -> None:
    sheet, prior = solved.basis.inputs.input_sheet, solved.basis.inputs.input_sheet.prior_year
    if prior is not None and prior.revenues > 0:
        trace.given(
            "prior_revenues",
            "Revenues of the year before",
            prior.revenues,
            _SOURCE,
            "Input sheet!C11",
        )
        trace.given(
            "prior_years", "Years since", prior.years_since_last_10k, _SOURCE, "Input sheet!D11"
        )
        growth = (sheet.revenues / prior.revenues) ** (1 / prior.years_since_last_10k) - 1
        trace.made(
            "recent_growth",
            "Revenue growth in the most recent year",
            growth,
            "(revenues/prior_revenues)^(1/prior_years)-1",
            _SOURCE,
            "Input sheet!I25",
        )
        _marginal(trace, solved)
    margin, invested = trace["operating_margin_0"].value, trace["invested_capital_0"].value
    trace.made(
        "recent_margin",
        "Operating margin in the most recent year",
        margin,
        "operating_margin_0",
        _SOURCE,
        "Input sheet!I26",
    )
    if invested:
        trace.made(
            "recent_sales_to_capital",
            "Sales to capital in the most recent year",
            sheet.revenues / invested,
            "revenues/invested_capital_0",
            _SOURCE,
            "Input sheet!I27",
        )
        trace.made(
            "recent_return",
            "Return on capital in the most recent year",
            trace["return_on_capital_0"].value,
            "return_on_capital_0",
            _SOURCE,
            "Input sheet!I29",
        )
    trace.made(
        "recent_cost",
        "Cost of capital",
        trace["initial_cost_of_capital"].value,
        "initial_cost_of_capital",
        _SOURCE,
        "Input sheet!I31",
    )


def _marginal(trace: Trace, solved: Solved) -> None:
    """Row 28: revenue gained over capital invested since the year before, where both grew."""
    sheet, prior = solved.basis.inputs.input_sheet, solved.basis.inputs.input_sheet.prior_year
    if prior is None:
        return
    book = sheet.book_value_of_equity + sheet.book_value_of_debt
    before = prior.book_value_of_equity + prior.book_value_of_debt
    invested = book - sheet.cash_and_marketable_securities
    invested -= before - prior.cash_and_marketable_securities
    if invested and (sheet.revenues - prior.revenues) / invested > 0:
        trace.given(
            "marginal_sales_to_capital",
            "Marginal sales to capital",
            (sheet.revenues - prior.revenues) / invested,
            _SOURCE,
            "Input sheet!I28",
        )


def _industry(
    trace: Trace, table: IndustryTable | None, market: str, name: str, column: str
) -> None:
    if table is None or name not in table.rows:
        return
    row: Industry = table.rows[name]
    for figure, line in _FIGURES.items():
        value = getattr(row, figure)
        if value is not None:
            label = f"{figure.replace('_', ' ')}, {name} ({market})"
            trace.given(
                f"{market}_{figure}",
                label,
                value,
                table.provenance.source,
                f"Input sheet!{column}{line}",
            )
