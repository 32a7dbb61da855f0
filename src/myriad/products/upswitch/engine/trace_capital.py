"""The trace of the cost of capital worksheet and of the synthetic rating.

Source: A. Damodaran, fcffsimpleginzu.xlsx, sheets "Cost of capital worksheet", "Synthetic rating".
What the chosen approach does not need is added where its figures are there, for comparing.
"""

from __future__ import annotations

from collections.abc import Callable

from myriad.products.upswitch.engine.basis import worksheet
from myriad.products.upswitch.engine.capital_cost import (
    Worksheet,
    distribution,
    industry_average,
    synthetic_rating,
)
from myriad.products.upswitch.engine.leases import NO_LEASES, convert_leases
from myriad.products.upswitch.engine.solved import Solved
from myriad.products.upswitch.engine.trace import SHEET, Trace
from myriad.products.upswitch.engine.trace_capital_detailed import capital_cell, trace_detailed
from myriad.products.upswitch.engine.trace_capital_mix import (
    CAPITAL,
    trace_businesses,
    trace_exposures,
)
from myriad.products.upswitch.errors import InputsError

_RATING = f"{SHEET}, Synthetic rating"


def trace_capital(trace: Trace, solved: Solved) -> None:
    """Add the initial cost of capital and everything it can be compared with."""
    work = worksheet(solved.basis.inputs, solved.basis.parameters)
    steps = (
        trace_businesses,
        trace_exposures,
        _rating,
        trace_detailed,
        _industry,
        _distribution,
    )
    for add in steps:
        _tried(add, trace, work)
    _chosen(trace, solved, work)


def _tried(add: Callable[[Trace, Worksheet], None], trace: Trace, work: Worksheet) -> None:
    """Add what can be computed; the approach that was chosen has already raised if it could not."""
    try:
        add(trace, work)
    except InputsError:
        return


def _rating(trace: Trace, work: Worksheet) -> None:
    leases, cost, interest = NO_LEASES, 0.0, "interest_expense"
    if "lease_cost_of_debt" in trace and work.leases is not None:
        cost = trace["lease_cost_of_debt"].value
        leases = convert_leases(work.leases, cost)
        interest = "(interest_expense+lease_debt*lease_cost_of_debt)"
    found = synthetic_rating(work, leases, cost)
    income = "(operating_income+lease_adjustment)"
    coverage = f"IF({interest}=0,1000000,IF({income}<0,-100000,{income}/{interest}))"
    trace.made(
        "interest_coverage",
        "Interest coverage",
        found.coverage,
        coverage,
        _RATING,
        "Synthetic rating!D12",
    )
    source = work.parameters.need_ratings().provenance.source
    trace.given(
        "company_spread",
        f"Default spread of {found.rating}",
        found.company_spread,
        source,
        "Synthetic rating!D14",
    )
    trace.given(
        "country_spread",
        "Default spread of the country",
        found.country_spread,
        _RATING,
        "Synthetic rating!D15",
    )
    trace.made(
        "synthetic_cost_of_debt",
        "Cost of debt by synthetic rating",
        found.pretax_cost_of_debt,
        "riskfree_rate+company_spread+country_spread",
        _RATING,
        "Synthetic rating!D16",
    )


def _industry(trace: Trace, work: Worksheet) -> None:
    trace.given(
        "industry_cost_of_capital",
        "Cost of capital, industry average",
        industry_average(work),
        CAPITAL,
        capital_cell("B67"),
    )


def _distribution(trace: Trace, work: Worksheet) -> None:
    trace.given(
        "distribution_cost_of_capital",
        "Cost of capital, distribution",
        distribution(work),
        CAPITAL,
        capital_cell("B72"),
    )
    for row, region in enumerate(
        work.parameters.need_capital_costs().over_riskfree.items(), start=75
    ):
        for column, (group, over) in zip("BCDEF", region[1].items(), strict=False):
            key = f"distribution_{region[0]}_{group}".lower().replace(" ", "_")
            trace.given(
                key,
                f"Cost of capital, {region[0]}, {group}",
                work.sheet.riskfree_rate + over,
                CAPITAL,
                capital_cell(f"{column}{row}"),
            )


def _chosen(trace: Trace, solved: Solved, work: Worksheet) -> None:
    value, given = solved.basis.drivers.initial_cost_of_capital, work.sheet.initial_cost_of_capital
    key = {
        "detailed": "detailed_cost_of_capital",
        "industry_average": "industry_cost_of_capital",
        "distribution": "distribution_cost_of_capital",
    }.get(work.tab.approach)
    name, label = "initial_cost_of_capital", "Initial cost of capital"
    if given is not None or key is None or key not in trace:
        trace.given(name, label, value, "given with the inputs", "Input sheet!B35")
    else:
        trace.made(name, label, value, key, CAPITAL, "Input sheet!B35")
