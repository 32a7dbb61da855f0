"""The whole trace of a valuation, and that of its cash flows alone."""

from __future__ import annotations

from myriad.products.upswitch.engine.basis import Basis
from myriad.products.upswitch.engine.solved import Solved, solve
from myriad.products.upswitch.engine.trace import Trace
from myriad.products.upswitch.engine.trace_capital import trace_capital
from myriad.products.upswitch.engine.trace_cash_flows import trace_cash_flows
from myriad.products.upswitch.engine.trace_feedback import trace_feedback
from myriad.products.upswitch.engine.trace_inputs import trace_inputs
from myriad.products.upswitch.engine.trace_market import trace_market
from myriad.products.upswitch.engine.trace_value import trace_value
from myriad.products.upswitch.engine.valuation import Valuation


def prove(basis: Basis, solved: Solved | None = None) -> Trace:
    """Return every number of the cash flows, from what was given to the value of a share."""
    found = solved or solve(basis)
    trace = Trace()
    trace_inputs(trace, found)
    trace_capital(trace, found)
    trace_cash_flows(trace, found)
    trace_value(trace, found)
    trace_feedback(trace, found)
    return trace


def prove_all(valuation: Valuation) -> Trace:
    """Return every number of a valuation: cash flows, multiples, discounts and blend."""
    solved = valuation.solved
    trace = Trace() if solved is None else prove(solved.basis, solved)
    trace_market(trace, valuation)
    return trace
