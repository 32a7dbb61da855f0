"""The trace of the cash flows: rows 2 to 12 and 38 to 40 of "Valuation output" as formulas.

Source: A. Damodaran, fcffsimpleginzu.xlsx, sheet "Valuation output".
"""

from __future__ import annotations

from myriad.products.upswitch.engine import cash_flow_formulas as formulas
from myriad.products.upswitch.engine.cash_flow_formulas import TERMINAL
from myriad.products.upswitch.engine.fcff import YEARS, Projection
from myriad.products.upswitch.engine.solved import Solved
from myriad.products.upswitch.engine.trace import SHEET, Trace

_COLUMNS = "BCDEFGHIJKLM"


def cell(year: int, row: int) -> str:
    """Return the address of a year's column: 0 is the base year, 11 the terminal year."""
    return f"Valuation output!{_COLUMNS[year]}{row}"


def source(row: int) -> str:
    """Return where a row of the sheet is described."""
    return f"{SHEET}, Valuation output, row {row}"


def trace_cash_flows(trace: Trace, solved: Solved) -> None:
    """Add the cash flows to a trace that already holds the inputs."""
    _base_year(trace, solved)
    _income(trace, solved)
    _taxes(trace, solved)
    _ratios(trace, solved)
    _costs(trace, solved)
    _flows(trace, solved)


def _base_year(trace: Trace, solved: Solved) -> None:
    drivers = solved.basis.drivers
    trace.made(
        "revenues_0", "Revenues, base year", drivers.revenues, "revenues", source(3), cell(0, 3)
    )
    trace.made(
        "operating_margin_0",
        "Operating margin, base year",
        drivers.operating_income / drivers.revenues,
        "operating_income_0/revenues_0",
        source(4),
        cell(0, 4),
    )
    sheet = solved.basis.inputs.input_sheet
    for name, value, expression in (
        ("operating_margin_next_year", drivers.operating_margin_next_year, "operating_margin_0"),
        (
            "revenue_growth_years_2_to_5",
            drivers.revenue_growth_years_2_to_5,
            "revenue_growth_next_year",
        ),
        (
            "target_operating_margin",
            drivers.target_operating_margin,
            "operating_margin_next_year",
        ),
        (
            "sales_to_capital_years_6_to_10",
            drivers.sales_to_capital_years_6_to_10,
            "sales_to_capital_years_1_to_5",
        ),
    ):
        if getattr(sheet, name) is None:
            trace.made(name, name.replace("_", " "), value, expression, f"{SHEET}, Input sheet")


def _income(trace: Trace, solved: Solved) -> None:
    p = solved.projection
    for year in range(1, TERMINAL + 1):
        place = year - 1
        trace.made(
            f"revenue_growth_{year}",
            label("Revenue growth", year),
            p.growth[place],
            formulas.growth(year),
            source(2),
            cell(year, 2),
        )
        trace.made(
            f"revenues_{year}",
            label("Revenues", year),
            p.revenues[place],
            f"revenues_{year - 1}*(1+revenue_growth_{year})",
            source(3),
            cell(year, 3),
        )
        trace.made(
            f"operating_margin_{year}",
            label("Operating margin", year),
            p.margin[place],
            formulas.margin(year),
            source(4),
            cell(year, 4),
        )
        trace.made(
            f"operating_income_{year}",
            label("Operating income", year),
            p.operating_income[place],
            f"revenues_{year}*operating_margin_{year}",
            source(5),
            cell(year, 5),
        )
    trace.made(
        "operating_income_gained",
        "Operating income gained by the terminal year",
        p.operating_income[YEARS] - solved.basis.drivers.operating_income,
        f"operating_income_{TERMINAL}-operating_income_0",
        source(5),
        "Valuation output!N5",
    )


def label(what: str, year: int) -> str:
    """Return a row's words with its year."""
    return f"{what}, terminal year" if year == TERMINAL else f"{what}, year {year}"


def _taxes(trace: Trace, solved: Solved) -> None:
    p, drivers = solved.projection, solved.basis.drivers
    trace.made(
        "tax_rate_0",
        "Tax rate, base year",
        drivers.effective_tax_rate,
        "effective_tax_rate",
        source(6),
        cell(0, 6),
    )
    income, rate = float(drivers.operating_income), float(drivers.effective_tax_rate)
    trace.made(
        "after_tax_income_0",
        "Operating income after tax, base year",
        income * (1 - rate) if income > 0 else income,
        "IF(operating_income_0>0,operating_income_0*(1-tax_rate_0),operating_income_0)",
        source(7),
        cell(0, 7),
    )
    trace.given(
        "net_operating_loss_0",
        "Losses carried into year 1",
        drivers.net_operating_loss,
        source(10),
        cell(0, 10),
    )
    for year in range(1, TERMINAL + 1):
        _tax_year(trace, p, year)


def _tax_year(trace: Trace, p: Projection, year: int) -> None:
    income, before = f"operating_income_{year}", f"net_operating_loss_{year - 1}"
    trace.made(
        f"tax_rate_{year}",
        label("Tax rate", year),
        p.tax_rate[year - 1],
        formulas.faded("tax_rate", "effective_tax_rate", "terminal_tax_rate", year),
        source(6),
        cell(year, 6),
    )
    taxed = f"{income}-({income}-{before})*tax_rate_{year}"
    shielded = f"IF({income}>0,IF({income}<{before},{income},{taxed}),{income})"
    trace.made(
        f"after_tax_income_{year}",
        label("Operating income after tax", year),
        p.after_tax_income[year - 1],
        f"{income}*(1-tax_rate_{year})" if year == TERMINAL else shielded,
        source(7),
        cell(year, 7),
    )
    trace.made(
        f"net_operating_loss_{year}",
        label("Losses carried forward", year),
        p.net_operating_loss[year],
        f"IF({income}<0,{before}-{income},IF({before}>{income},{before}-{income},0))",
        source(10),
        cell(year, 10),
    )


def _ratios(trace: Trace, solved: Solved) -> None:
    for year in range(1, YEARS + 1):
        stage = "1_to_5" if year <= 5 else "6_to_10"
        trace.made(
            f"sales_to_capital_{year}",
            label("Sales to capital", year),
            solved.projection.sales_to_capital[year - 1],
            f"sales_to_capital_years_{stage}",
            source(38),
            cell(year, 38),
        )


def _costs(trace: Trace, solved: Solved) -> None:
    cost = solved.projection.cost_of_capital
    for year in range(1, TERMINAL + 1):
        trace.made(
            f"cost_of_capital_{year}",
            label("Cost of capital", year),
            cost[year - 1],
            formulas.faded(
                "cost_of_capital", "initial_cost_of_capital", "terminal_cost_of_capital", year
            ),
            source(12),
            cell(year, 12),
        )
    returns = solved.projection.return_on_terminal_capital
    overridden = solved.basis.drivers.terminal_return_on_capital is not None
    trace.made(
        f"return_on_capital_{TERMINAL}",
        "Return on capital after year 10",
        returns,
        "terminal_return_on_capital" if overridden else f"cost_of_capital_{YEARS}",
        source(40),
        cell(TERMINAL, 40),
    )


def _flows(trace: Trace, solved: Solved) -> None:
    p, invested = solved.projection, float(solved.basis.drivers.invested_capital)
    trace.made(
        "return_on_capital_0",
        "Return on capital, base year",
        trace["after_tax_income_0"].value / invested if invested else float("nan"),
        "after_tax_income_0/invested_capital_0",
        source(40),
        cell(0, 40),
    )
    for year in range(1, TERMINAL + 1):
        trace.made(
            f"reinvestment_{year}",
            label("Reinvestment", year),
            p.reinvestment[year - 1],
            formulas.reinvested(year, solved.basis.drivers.reinvestment_lag_years),
            source(8),
            cell(year, 8),
        )
        trace.made(
            f"fcff_{year}",
            label("Free cash flow to the firm", year),
            p.cash_flow[year - 1],
            f"after_tax_income_{year}-reinvestment_{year}",
            source(9),
            cell(year, 9),
        )
        if year < TERMINAL:
            invested = _invested(trace, p, year, invested)
    every = ",".join(f"reinvestment_{year}" for year in range(1, TERMINAL + 1))
    total = float(p.reinvestment.sum())
    trace.made(
        "reinvestment_total",
        "Reinvestment, all years",
        total,
        f"SUM({every})",
        source(8),
        "Valuation output!N8",
    )


def _invested(trace: Trace, p: Projection, year: int, before: float) -> float:
    after = before + float(p.reinvestment[year - 1])
    trace.made(
        f"invested_capital_{year}",
        label("Invested capital", year),
        after,
        f"invested_capital_{year - 1}+reinvestment_{year}",
        source(39),
        cell(year, 39),
    )
    trace.made(
        f"return_on_capital_{year}",
        label("Return on capital", year),
        float(p.after_tax_income[year - 1]) / before if before else float("nan"),
        f"after_tax_income_{year}/invested_capital_{year - 1}",
        source(40),
        cell(year, 40),
    )
    return after
