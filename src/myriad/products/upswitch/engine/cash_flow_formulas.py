"""The formulas of a year's cash flow, over the names of the steps of a trace. Pure.

Source: A. Damodaran, fcffsimpleginzu.xlsx, sheet "Valuation output", rows 2 to 12.
"""

from __future__ import annotations

from myriad.products.upswitch.engine.fcff import YEARS

TERMINAL = YEARS + 1


def growth(year: int) -> str:
    """Return how revenues grow in a year."""
    if year == 1:
        return "revenue_growth_next_year"
    if year <= 5:
        return "revenue_growth_years_2_to_5"
    if year == TERMINAL:
        return "growth_in_perpetuity"
    return f"revenue_growth_5-(revenue_growth_5-growth_in_perpetuity)/5*{year - 5}"


def margin(year: int) -> str:
    """Return the operating margin of a year, on its way to the target."""
    if year == 1:
        return "operating_margin_next_year"
    if year == TERMINAL:
        return f"operating_margin_{YEARS}"
    left = f"(margin_convergence_year-{year})"
    gap = "(target_operating_margin-operating_margin_1)/margin_convergence_year"
    after = f"IF({year}>margin_convergence_year,target_operating_margin,"
    return f"{after}target_operating_margin-{gap}*{left})"


def faded(name: str, first: str, last: str, year: int) -> str:
    """Return a rate that holds for five years and moves in five more to its last value."""
    if year == TERMINAL:
        return last
    return first if year <= 5 else f"{name}_5+({last}-{name}_5)/5*{year - 5}"


def reinvested(year: int, lag: int) -> str:
    """Return what a year puts into growth that comes `lag` years later."""
    if year == TERMINAL:
        rate = f"revenue_growth_{TERMINAL}/return_on_capital_{TERMINAL}"
        return f"IF(revenue_growth_{TERMINAL}>0,{rate}*after_tax_income_{TERMINAL},0)"
    ratio = f"sales_to_capital_{year}"
    if lag == 3 and year == YEARS:
        return f"reinvestment_{YEARS - 1}*(1+revenue_growth_{TERMINAL})"
    if lag >= 2 and year >= YEARS - 1:
        later = TERMINAL if lag == 3 else year + 1
        return f"revenues_{later}*revenue_growth_{later}/{ratio}"
    return f"(revenues_{year + lag}-revenues_{year + lag - 1})/{ratio}"
