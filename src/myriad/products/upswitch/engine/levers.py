"""What moves a value: each lever is one or more drivers that shift together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from myriad.products.upswitch.engine.arrays import Number
from myriad.products.upswitch.engine.basis import Basis
from myriad.products.upswitch.engine.equity import Equity, bridge, discount
from myriad.products.upswitch.engine.fcff import Drivers, project
from myriad.products.upswitch.engine.input_sheet import InputSheet

LABELS = {
    "growth": "revenue growth, years 2 to 5",
    "margin": "target operating margin",
    "cost_of_capital": "initial cost of capital",
    "sales_to_capital": "sales to capital, years 1 to 5",
    "riskfree": "riskfree rate after year 10",
    "tax": "effective tax rate",
    "perpetuity": "growth in perpetuity",
    "all_cost_of_capital": "cost of capital of every year",
}
_FIELDS: dict[str, tuple[str, ...]] = {
    "growth": ("revenue_growth_years_2_to_5",),
    "margin": ("target_operating_margin",),
    "cost_of_capital": ("initial_cost_of_capital",),
    "sales_to_capital": ("sales_to_capital_years_1_to_5",),
    "perpetuity": ("growth_in_perpetuity",),
    "all_cost_of_capital": ("initial_cost_of_capital", "terminal_cost_of_capital"),
}


def fields_of(lever: str, sheet: InputSheet) -> tuple[str, ...]:
    """Return the drivers of a lever; a driver that the inputs override does not follow."""
    if lever == "riskfree":
        return _riskfree(sheet)
    if lever == "tax":
        kept = ("terminal_tax_rate",) if sheet.override_tax_rate_convergence else ()
        return ("effective_tax_rate", *kept)
    return _FIELDS[lever]


def _riskfree(sheet: InputSheet) -> tuple[str, ...]:
    if sheet.override_riskfree_rate_after_year_10:
        return ()
    growth = () if sheet.override_growth_in_perpetuity else ("growth_in_perpetuity",)
    cost = () if sheet.override_terminal_cost_of_capital else ("terminal_cost_of_capital",)
    return (*growth, *cost)


def shift(basis: Basis, shifts: Mapping[str, Number]) -> Drivers:
    """Return the drivers with each lever moved by a fraction, or by an array of them."""
    changed: dict[str, Number] = {}
    for lever, amount in shifts.items():
        for field in fields_of(lever, basis.inputs.input_sheet):
            changed[field] = changed.get(field, getattr(basis.drivers, field)) + amount
    return replace(basis.drivers, **changed)  # type: ignore[arg-type]


def value_drivers(basis: Basis, drivers: Drivers) -> Equity:
    """Return the equity for one or many sets of drivers, all else as in the basis."""
    return bridge(discount(project(drivers), basis.how).total, basis.claims)
