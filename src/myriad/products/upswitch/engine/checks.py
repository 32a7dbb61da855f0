"""Inputs that cannot be right, refused by name before anything is computed."""

from __future__ import annotations

import math

from myriad.products.upswitch.engine.document import Inputs
from myriad.products.upswitch.engine.input_sheet import InputSheet
from myriad.products.upswitch.errors import (
    GrowthAboveCapitalCostError,
    InputsError,
    MixedUnitsError,
)

_FINANCIAL = ("64", "65", "66")
_MOST_INCOME = 20.0
"""Operating income of more than this many times revenues is in other units, not a margin."""

_VALUES_OF_SWITCHES = {
    "override_terminal_cost_of_capital": "terminal_cost_of_capital",
    "override_terminal_return_on_capital": "terminal_return_on_capital",
    "override_riskfree_rate_after_year_10": "riskfree_rate_after_year_10",
    "override_growth_in_perpetuity": "growth_rate_in_perpetuity",
}


def is_financial(inputs: Inputs) -> bool:
    """Whether a NACE code (64, 65, 66) makes this a bank or an insurer."""
    return any(code.strip().startswith(_FINANCIAL) for code in inputs.nace_codes)


def check_inputs(inputs: Inputs) -> None:
    """Raise InputsError for a switch without its value, MixedUnitsError for mixed units."""
    sheet = inputs.input_sheet
    for switch, value in _VALUES_OF_SWITCHES.items():
        if getattr(sheet, switch) and getattr(sheet, value) is None:
            message = f"{switch} is on: give {value}, or turn the switch off"
            raise InputsError(message, [(f"/input_sheet/{value}", "a number")])
    if sheet.has_employee_options and not sheet.current_stock_price:
        message = "has_employee_options is on: options are valued from current_stock_price; give it"
        raise InputsError(message, [("/input_sheet/current_stock_price", "a price above 0")])
    if sheet.capitalize_rd and inputs.rd_converter is None:
        message = "capitalize_rd is on: give rd_converter, or turn the switch off"
        raise InputsError(message, [("/rd_converter", "an object")])
    _check_units(inputs)


def _check_units(inputs: Inputs) -> None:
    sheet = inputs.input_sheet
    if abs(sheet.operating_income) > _MOST_INCOME * sheet.revenues:
        raise MixedUnitsError(
            f"operating_income is {abs(sheet.operating_income) / sheet.revenues:,.0f} times "
            f"revenues; are they in the same units? Write all amounts in {_unit(inputs)}"
        )
    for name, amount in _repeats_of_revenue(inputs):
        if _is_other_unit(amount, sheet.revenues):
            raise MixedUnitsError(
                f"{name} ({amount:,.0f}) and revenues ({sheet.revenues:,.0f}) look as if one were "
                f"in units and the other in thousands or millions; write both in {_unit(inputs)}"
            )


def _repeats_of_revenue(inputs: Inputs) -> list[tuple[str, float]]:
    found = []
    if inputs.input_sheet.prior_year is not None:
        found.append(("prior_year.revenues", inputs.input_sheet.prior_year.revenues))
    if inputs.market_approach is not None:
        years = inputs.market_approach.history
        found += [(f"revenues of {year.end}", year.revenues or 0.0) for year in years]
    return found


def _is_other_unit(left: float, right: float) -> bool:
    """Whether two amounts that should be alike differ by about a thousand or a million."""
    if left <= 0 or right <= 0:
        return False
    power = abs(math.log10(left / right))
    return min(abs(power - 3), abs(power - 6)) < 0.5


def _unit(inputs: Inputs) -> str:
    words = {1: "", 1000: "thousand ", 1_000_000: "million "}
    return f"{words[inputs.units]}{inputs.currency}"


def check_growth(sheet: InputSheet, growth: float, initial: float, terminal: float) -> None:
    """Raise GrowthAboveCapitalCostError when a perpetuity would have no finite value."""
    for name, cost in (("cost of capital after year 10", terminal), ("initial cost", initial)):
        if cost <= growth:
            raise GrowthAboveCapitalCostError(
                f"the growth in perpetuity ({growth:.2%}) must stay below the cost of capital, "
                f"but the {name} is {cost:.2%}; lower growth_rate_in_perpetuity "
                f"(now {'overridden' if sheet.override_growth_in_perpetuity else 'the riskfree rate'}) "
                f"or raise the cost of capital",
                growth=growth,
                cost_of_capital=cost,
            )
