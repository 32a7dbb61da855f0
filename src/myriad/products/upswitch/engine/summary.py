"""A valuation as plain values, for JSON: what screens, reports and the command show."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from myriad.kit.money import Money
from myriad.products.upswitch.engine.proof import prove_all
from myriad.products.upswitch.engine.sensitivity import grid, tornado
from myriad.products.upswitch.engine.solved import Solved
from myriad.products.upswitch.engine.valuation import Valuation


def summarize(valuation: Valuation, *, with_trace: bool = False) -> dict[str, Any]:
    """Return the valuation; money is an object of integer minor units and currency.

    `with_trace` adds every number with its formula, inputs and source.
    """
    found: dict[str, Any] = {
        "engine_version": valuation.engine_version,
        "parameters": valuation.parameters.name,
        "company_name": valuation.inputs.input_sheet.company_name,
        "currency": valuation.inputs.currency,
        "units": valuation.inputs.units,
        "low": _money(valuation.low),
        "middle": _money(valuation.middle),
        "high": _money(valuation.high),
        "value_per_share": valuation.value_per_share,
        "methods": [asdict(method) for method in valuation.methods],
        "football_field": [asdict(bar) for bar in valuation.blend.bars],
        "red_flags": [asdict(flag) for flag in valuation.flags],
        "notes": list(valuation.notes),
    }
    if valuation.solved is not None:
        found |= _cash_flows(valuation.solved)
    if with_trace:
        found["trace"] = prove_all(valuation).as_rows()
    return found


def _cash_flows(solved: Solved) -> dict[str, Any]:
    equity, discounted, projection = solved.equity, solved.discounted, solved.projection
    return {
        "valuation_output": {
            "revenue_growth": projection.growth.tolist(),
            "revenues": projection.revenues.tolist(),
            "operating_margin": projection.margin.tolist(),
            "operating_income": projection.operating_income.tolist(),
            "tax_rate": projection.tax_rate.tolist(),
            "after_tax_income": projection.after_tax_income.tolist(),
            "reinvestment": projection.reinvestment.tolist(),
            "fcff": projection.cash_flow.tolist(),
            "cost_of_capital": projection.cost_of_capital.tolist(),
            "discount_factor": discounted.factor.tolist(),
            "present_value": discounted.present_value.tolist(),
            "terminal_value": float(discounted.terminal_value),
            "present_terminal_value": float(discounted.present_terminal_value),
            "present_flows": float(discounted.present_flows),
            "sum_of_present_values": float(discounted.total),
            "value_of_operating_assets": float(equity.operating_assets),
            "value_of_equity": float(equity.equity),
            "value_of_equity_in_common_stock": float(equity.common_equity),
            "value_per_share": float(equity.per_share),
        },
        "tornado": [asdict(swing) for swing in tornado(solved.basis)],
        "sensitivity": asdict(grid(solved.basis)),
    }


def _money(amount: Money) -> dict[str, Any]:
    return {"minor": amount.minor, "currency": amount.currency}
