"""What is asked of a stored valuation: what if, how sensitive, how certain, why different."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import msgspec

from myriad.kit.money import Money
from myriad.products.upswitch.drafting import assumption_of
from myriad.products.upswitch.engine.document import Inputs, convert_inputs
from myriad.products.upswitch.engine.montecarlo import simulate
from myriad.products.upswitch.engine.sensitivity import grid
from myriad.products.upswitch.engine.solved import Solved
from myriad.products.upswitch.engine.valuation import Valuation
from myriad.products.upswitch.errors import FinancialFirmError, InputsError
from myriad.products.upswitch.views.valuations import Assumption

Change = float | int | str | bool | None
Lever = Literal["wacc", "g", "growth", "margin", "sales_to_capital", "riskfree", "tax"]

LEVERS: Mapping[str, str] = {
    "wacc": "all_cost_of_capital",
    "g": "perpetuity",
    "growth": "growth",
    "margin": "margin",
    "sales_to_capital": "sales_to_capital",
    "riskfree": "riskfree",
    "tax": "tax",
}
_STEPS: Mapping[str, tuple[float, ...]] = {
    "wacc": (-0.02, -0.01, 0.0, 0.01, 0.02),
    "g": (-0.01, -0.005, 0.0, 0.005, 0.01),
    "growth": (-0.04, -0.02, 0.0, 0.02, 0.04),
    "margin": (-0.04, -0.02, 0.0, 0.02, 0.04),
    "sales_to_capital": (-0.4, -0.2, 0.0, 0.2, 0.4),
    "riskfree": (-0.01, -0.005, 0.0, 0.005, 0.01),
    "tax": (-0.08, -0.04, 0.0, 0.04, 0.08),
}
_SWITCHES = {
    "terminal_cost_of_capital": "override_terminal_cost_of_capital",
    "terminal_return_on_capital": "override_terminal_return_on_capital",
    "probability_of_failure": "override_failure",
    "reinvestment_lag_years": "override_reinvestment_lag",
    "net_operating_loss": "override_net_operating_loss",
    "riskfree_rate_after_year_10": "override_riskfree_rate_after_year_10",
    "growth_rate_in_perpetuity": "override_growth_in_perpetuity",
    "trapped_cash": "override_trapped_cash",
}


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Equity by free cash flow, after discounts, over two levers.

    `x` and `y` are what the levers are at in each column and row, as fractions. A cell is None
    where growth reaches the cost of capital.
    """

    x_lever: str
    x: tuple[float, ...]
    y_lever: str
    y: tuple[float, ...]
    values: tuple[tuple[Money | None, ...], ...]


def changed(inputs: Inputs, changes: Mapping[str, Change]) -> Inputs:
    """Return inputs with some fields changed; raises InputsError for one that there is not.

    A value that only counts with its switch turns the switch on.
    """
    document: dict[str, Any] = msgspec.to_builtins(inputs)
    for path, value in changes.items():
        place, name = _place(document, path)
        place[name] = value
        if path.startswith("input_sheet.") and name in _SWITCHES:
            place[_SWITCHES[name]] = value is not None
    return convert_inputs(document)


def _place(document: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    *folders, name = path.split(".")
    place: Any = document
    for folder in folders:
        place = place.get(folder) if isinstance(place, dict) else None
    if not isinstance(place, dict) or name not in place:
        raise InputsError(
            f"the inputs have no field {path!r}; write its path, such as "
            "input_sheet.target_operating_margin",
            [(f"/changes/{path}", "the path of a field of the inputs")],
        )
    return place, name


def changed_assumptions(
    before: Sequence[Assumption], changes: Mapping[str, Change]
) -> tuple[Assumption, ...]:
    """Return the assumptions with those of a scenario marked as said by a person."""
    known = {each.path: each for each in before}
    for path, value in changes.items():
        old = known.get(path) or assumption_of(path, None, "default", "", "")
        plain = value if isinstance(value, float | str | None) else float(value)
        known[path] = replace(
            old, value=plain, origin="user", source="this scenario", default=old.value
        )
    return tuple(known.values())


def sensitivity(valuation: Valuation, x: str = "wacc", y: str = "g") -> Sensitivity:
    """Return the equity over two levers; raises InputsError for the same or an unknown lever."""
    solved = solved_of(valuation)
    unknown = [name for name in (x, y) if name not in LEVERS]
    if unknown or x == y:
        raise InputsError(
            f"choose two different levers of: {', '.join(LEVERS)}",
            [("/query/x", "a lever"), ("/query/y", "another lever")],
        )
    found = grid(solved.basis, _STEPS[x], _STEPS[y], x_lever=LEVERS[x], y_lever=LEVERS[y])
    rows = tuple(
        tuple(None if cell is None else equity_of(valuation, cell) for cell in row)
        for row in found.values
    )
    return Sensitivity(
        x,
        tuple(_base(solved, x) + step for step in _STEPS[x]),
        y,
        tuple(_base(solved, y) + step for step in _STEPS[y]),
        rows,
    )


def solved_of(valuation: Valuation) -> Solved:
    """Return the solved cash flows; raises FinancialFirmError where there are none."""
    if valuation.solved is None:
        raise FinancialFirmError(
            "a bank or insurer is valued on its book; it has no free cash flows to move"
        )
    return valuation.solved


def equity_of(valuation: Valuation, per_share: float) -> Money:
    """Return a value per share as equity after discounts, never below zero."""
    kept = next(each.kept for each in valuation.methods if each.method == "dcf")
    shares = valuation.inputs.input_sheet.number_of_shares_outstanding
    return valuation.as_money(max(per_share * shares * kept, 0.0))


def _base(solved: Solved, lever: str) -> float:
    drivers = solved.basis.drivers
    return float(
        {
            "wacc": drivers.initial_cost_of_capital,
            "g": drivers.growth_in_perpetuity,
            "growth": drivers.revenue_growth_years_2_to_5,
            "margin": drivers.target_operating_margin,
            "sales_to_capital": drivers.sales_to_capital_years_1_to_5,
            "riskfree": drivers.growth_in_perpetuity,
            "tax": drivers.effective_tax_rate,
        }[lever]
    )


def simulated(valuation: Valuation, paths: int, seed: int) -> dict[str, Any]:
    """Return the distribution of the equity by cash flows, in minor units after discounts."""
    found = simulate(solved_of(valuation).basis, paths=paths, seed=seed)
    plain = asdict(found)
    for name in ("mean", "deviation"):
        plain[name] = equity_of(valuation, plain[name]).minor
    plain["percentiles"] = {
        str(percent): equity_of(valuation, amount).minor
        for percent, amount in found.percentiles.items()
    }
    plain["histogram"] = [
        [equity_of(valuation, edge).minor, count] for edge, count in found.histogram
    ]
    return plain | {"currency": valuation.inputs.currency}
