"""Inputs that cannot be right, refused by name before anything is computed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date

from myriad.products.upswitch.engine.document import Inputs
from myriad.products.upswitch.engine.input_sheet import InputSheet
from myriad.products.upswitch.engine.market_inputs import MarketApproach
from myriad.products.upswitch.errors import (
    GrowthAboveCapitalCostError,
    InputsError,
    MixedUnitsError,
)

_FINANCIAL = ("64", "65", "66")
_MOST_INCOME = 20.0
"""Operating income of more than this many times revenues is in other units, not a margin."""

_WHOLE = 1.0
"""A yearly rate of 100 % and more is a percentage that was not divided by a hundred."""
_RATES = (
    "riskfree_rate",
    "riskfree_rate_after_year_10",
    "initial_cost_of_capital",
    "terminal_cost_of_capital",
    "growth_rate_in_perpetuity",
)

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
    """Raise InputsError for what contradicts itself, MixedUnitsError for mixed units."""
    sheet = inputs.input_sheet
    _check_days(inputs)
    _check_rates(sheet)
    if inputs.market_approach is not None:
        _check_approach(inputs.market_approach)
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


def _check_days(inputs: Inputs) -> None:
    for pointer, day in _days(inputs):
        try:
            date.fromisoformat(day)
        except ValueError:
            raise InputsError(f"{pointer}: {day} is no day of the calendar") from None


def _days(inputs: Inputs) -> Iterator[tuple[str, str]]:
    if inputs.input_sheet.date_of_valuation is not None:
        yield "/input_sheet/date_of_valuation", inputs.input_sheet.date_of_valuation
    approach = inputs.market_approach
    for place, year in enumerate(approach.history if approach is not None else ()):
        yield f"/market_approach/history/{place}/end", year.end


def _check_rates(sheet: InputSheet) -> None:
    for name in _RATES:
        rate = getattr(sheet, name)
        if rate is not None and rate >= _WHOLE:
            message = (
                f"{name} is {rate:.0%} a year: write a fraction, {rate / 100:g} for {rate:g} %"
            )
            raise InputsError(message, [(f"/input_sheet/{name}", "a fraction")])


def _check_approach(approach: MarketApproach) -> None:
    ends = [year.end for year in approach.history]
    for place, end in enumerate(ends):
        if end in ends[:place]:
            pointer = f"/market_approach/history/{place}/end"
            message = f"two years of the history end on {end}; leave one out"
            raise InputsError(message, [(pointer, "a day of its own")])
    for place, multiple in enumerate(approach.multiples):
        if not multiple.low <= multiple.middle <= multiple.high:
            message = (
                f"the {multiple.metric} multiple has low {multiple.low:g}, middle "
                f"{multiple.middle:g}, high {multiple.high:g}; write them in that order"
            )
            raise InputsError(message, [(f"/market_approach/multiples/{place}", "low to high")])


def doubts(inputs: Inputs) -> list[str]:
    """Return what is valued as it was written, but is likely not what was meant."""
    sheet = inputs.input_sheet
    growths = {
        "next year": sheet.revenue_growth_next_year,
        "in years 2 to 5": sheet.revenue_growth_years_2_to_5 or 0.0,
    }
    found = [
        f"revenues grow by {growth:.0%} {when}: if {growth:g} % was meant, write {growth / 100:g}"
        for when, growth in growths.items()
        if growth >= _WHOLE
    ]
    if sheet.operating_income > sheet.revenues:
        share = sheet.operating_income / sheet.revenues
        found.append(
            f"operating income is {share:.0%} of revenues: a margin above 100% needs proof"
        )
    growth = sheet.growth_rate_in_perpetuity
    if sheet.override_growth_in_perpetuity and growth is not None and growth > sheet.riskfree_rate:
        found.append(
            f"the growth in perpetuity ({growth:.2%}) is above the riskfree rate "
            f"({sheet.riskfree_rate:.2%}): no company outgrows its economy for ever"
        )
    return found


def _check_units(inputs: Inputs) -> None:
    sheet = inputs.input_sheet
    if abs(sheet.operating_income) > _MOST_INCOME * sheet.revenues:
        raise MixedUnitsError(
            f"operating_income is {abs(sheet.operating_income) / sheet.revenues:,.4g} times "
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
