"""The trace of the cash flow method's range: the same flows at one point more and less of capital.

Source: Upswitch specification section 4.8. The flows, the terminal value and what stands between
them and a share do not depend on the initial cost of capital, only the discounting does.
"""

from __future__ import annotations

from myriad.products.upswitch.engine.fcff import YEARS
from myriad.products.upswitch.engine.formula import evaluate
from myriad.products.upswitch.engine.solved import Solved
from myriad.products.upswitch.engine.trace import Trace
from myriad.products.upswitch.engine.valuation import RANGE_STEP

_SOURCE = "the engine with the initial cost of capital one point higher and lower"
_SIGNS = {"dearer": "+", "cheaper": "-"}


def trace_range(trace: Trace, solved: Solved, low: float, high: float) -> None:
    """Add dcf_low and dcf_high, in the units of the inputs, with all that they come from."""
    room = "(initial_cost_of_capital-growth_in_perpetuity)/2"
    _made(trace, "range_step", "Range: step", f"MIN({RANGE_STEP},MAX({room},0))")
    for side, sign in _SIGNS.items():
        _side(trace, solved, side, f"initial_cost_of_capital{sign}range_step")
    ends = "dcf_middle,dcf_dearer,dcf_cheaper"
    trace.made("dcf_low", "Cash flows: low", low, f"MIN({ends})", _SOURCE)
    trace.made("dcf_high", "Cash flows: high", high, f"MAX({ends})", _SOURCE)


def _made(trace: Trace, key: str, label: str, expression: str) -> None:
    """Add a number that the engine computes for three companies at once and does not keep."""
    trace.made(key, label, evaluate(expression, trace.values()), expression, _SOURCE)


def _side(trace: Trace, solved: Solved, side: str, initial: str) -> None:
    how, worth = solved.basis.how, []
    for year in range(1, YEARS + 1):
        cost, factor = f"{side}_cost_{year}", f"{side}_factor_{year}"
        first = f"{side}_cost_1"
        faded = f"{first}+(terminal_cost_of_capital-{first})/5*{year - 5}"
        rate = initial if year == 1 else first if year <= 5 else faded
        _made(trace, cost, f"Range, {side}: cost of capital, year {year}", rate)
        before = "1" if year == 1 else f"{side}_factor_{year - 1}"
        name = f"Range, {side}: discount factor, year {year}"
        _made(trace, factor, name, f"{before}/(1+{cost})")
        half = f"*SQRT(1+{cost})" if how.mid_year else ""
        worth.append(f"fcff_{year}*{factor}{half}")
    is_earlier = how.exit_multiple is None and how.mid_year and how.gordon_at != "N"
    half = f"*SQRT(1+{side}_cost_{YEARS})" if is_earlier else ""
    later = f"terminal_value*{side}_factor_{YEARS}{half}"
    total = f"{side}_total"
    _made(trace, total, f"Range, {side}: sum of present values", f"SUM({','.join(worth)},{later})")
    is_on_book = solved.basis.claims.proceeds_on_book is not None
    proceeds = "failure_proceeds" if is_on_book else f"{total}*distress_proceeds_share"
    assets = f"{total}*(1-failure)+{proceeds}*failure"
    bridge = "-debt-minorities+cash+non_operating_assets-value_of_options"
    equity = f"({assets}{bridge})*kept_liquid"
    _made(trace, f"dcf_{side}", f"Cash flows: capital {side} by the step", equity)
