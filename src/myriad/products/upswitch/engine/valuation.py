"""One whole valuation: cash flows, multiples, blend, flags, in one call.

The engine's own number is `ENGINE_VERSION`: it changes when a formula changes, so that two
valuations of the same inputs and parameters can be told apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np

from myriad.kit.money import Money
from myriad.products.upswitch.engine.amounts import money
from myriad.products.upswitch.engine.basis import Basis, resolve
from myriad.products.upswitch.engine.blend import Blend, blend
from myriad.products.upswitch.engine.checks import check_inputs, doubts, is_financial
from myriad.products.upswitch.engine.discounts import kept_share
from myriad.products.upswitch.engine.document import Inputs
from myriad.products.upswitch.engine.levers import shift
from myriad.products.upswitch.engine.methods import (
    MethodResult,
    market_methods,
    multiple_notes,
)
from myriad.products.upswitch.engine.parameters import Parameters
from myriad.products.upswitch.engine.redflags import RedFlag, red_flags
from myriad.products.upswitch.engine.solved import Solved, solve_first
from myriad.products.upswitch.errors import FinancialFirmError

ENGINE_VERSION = "1.1"
RANGE_STEP = 0.01
"""The range of the cash flow method: its initial cost of capital one point up and down."""


@dataclass(frozen=True, slots=True)
class Valuation:
    """What a company is worth. `solved` is None where cash flows do not value it."""

    inputs: Inputs
    parameters: Parameters
    solved: Solved | None
    methods: tuple[MethodResult, ...]
    blend: Blend
    flags: tuple[RedFlag, ...]
    notes: tuple[str, ...]
    engine_version: str = ENGINE_VERSION

    @property
    def value_per_share(self) -> float | None:
        """The sheet's own result, before discounts and other methods; None without cash flows."""
        return None if self.solved is None else float(self.solved.equity.per_share)

    def as_money(self, amount: float) -> Money:
        """Return an amount of this valuation as money."""
        return money(amount, self.inputs.currency, self.inputs.units)

    @property
    def low(self) -> Money:
        """The lower end of the range."""
        return self.as_money(self.blend.low)

    @property
    def middle(self) -> Money:
        """The value: the weighted middle of all methods."""
        return self.as_money(self.blend.middle)

    @property
    def high(self) -> Money:
        """The upper end of the range."""
        return self.as_money(self.blend.high)


def value(inputs: Inputs, parameters: Parameters) -> Valuation:
    """Return the valuation; raises an InputsError that names what cannot be valued and why."""
    if is_financial(inputs):
        check_inputs(inputs)
        return _on_book(inputs, parameters, market_methods(inputs, parameters))
    solved, cash_flows = _cash_flow_method(resolve(inputs, parameters))
    results = (cash_flows, *market_methods(inputs, parameters))
    found = blend(results, _weights(inputs))
    notes = (*found.notes, *_notes(inputs, solved, results))
    return Valuation(
        inputs, parameters, solved, results, found, red_flags(inputs, parameters), notes
    )


def _weights(inputs: Inputs) -> Mapping[str, float]:
    return msgspec.structs.asdict(inputs.weights)


def _cash_flow_method(basis: Basis) -> tuple[Solved, MethodResult]:
    """Return the common equity, with the range of one point of the cost of capital each way."""
    kept = kept_share(basis.inputs.discounts, basis.inputs.input_sheet.riskfree_rate)
    # A rate may not come down to the growth in perpetuity, and the range is then narrower.
    room = float(basis.drivers.initial_cost_of_capital) - float(basis.drivers.growth_in_perpetuity)
    step = min(RANGE_STEP, max(room / 2, 0.0))
    shifts = {"cost_of_capital": np.array([0.0, step, -step])}
    solved, all_three = solve_first(basis, shift(basis, shifts))
    amounts = np.asarray(all_three.common_equity) * kept
    found = MethodResult(
        "dcf",
        "free cash flow to the firm",
        float(amounts.min()),
        float(amounts[0]),
        float(amounts.max()),
        "A. Damodaran, fcffsimpleginzu.xlsx, with these inputs",
        float(solved.equity.operating_assets),
        kept=kept,
    )
    return solved, found


def _on_book(inputs: Inputs, parameters: Parameters, market: tuple[MethodResult, ...]) -> Valuation:
    """Value a bank or insurer on its book equity alone."""
    results = tuple(result for result in market if result.method == "book_equity")
    if not any(result.middle is not None for result in results):
        raise FinancialFirmError(
            "this company is a bank or insurer (NACE 64 to 66): debt is its raw material, so it "
            "has no free cash flow to the firm. Give market_approach with book_equity in its "
            "history and a multiple of book_equity (price to book)",
            [("/market_approach", "a multiple of book_equity")],
        )
    found = blend(results, {"book_equity": 1.0})
    notes = (*found.notes, "Valued on price to book only, as a bank or insurer (NACE 64 to 66).")
    return Valuation(inputs, parameters, None, results, found, red_flags(inputs, parameters), notes)


def _notes(inputs: Inputs, solved: Solved, results: tuple[MethodResult, ...]) -> tuple[str, ...]:
    found = [f"{result.label}: {result.note}" for result in results if result.note]
    equity = float(solved.equity.common_equity)
    if equity < 0:
        found.append(
            f"free cash flow to the firm: debt and other claims exceed the value of the assets by "
            f"{-equity:,.0f}; it counts as that in the value, which is never below 0 because "
            f"shareholders are not liable"
        )
    found += _period_notes(inputs)
    found += doubts(inputs)
    found += multiple_notes(inputs, solved.basis.parameters)
    if solved.basis.inputs.input_sheet.operating_income < 0:
        found.append("operating income is negative: losses are carried forward against later tax")
    return tuple(found)


def _period_notes(inputs: Inputs) -> list[str]:
    if inputs.market_approach is None:
        return []
    return [
        f"the year to {year.end} had {year.months} months and was brought to twelve"
        for year in inputs.market_approach.history
        if year.months != 12
    ]
