"""The trace of the mixes of businesses and of places that a cost of capital is weighed over.

Source: A. Damodaran, fcffsimpleginzu.xlsx, sheet "Cost of capital worksheet".
"""

from __future__ import annotations

from myriad.products.upswitch.engine.capital_cost import Worksheet
from myriad.products.upswitch.engine.capital_lines import (
    BusinessLine,
    ExposureLine,
    business_lines,
    exposure_lines,
)
from myriad.products.upswitch.engine.trace import SHEET, Trace

CAPITAL = f"{SHEET}, Cost of capital worksheet"


def trace_businesses(trace: Trace, work: Worksheet) -> None:
    """Add the businesses that were given, of either market, and their mix."""
    if work.tab.businesses_us:
        table = work.parameters.need_industries("us")
        _mix(
            trace, "us", business_lines(work.tab.businesses_us, table), table.provenance.source, 36
        )
    if work.tab.businesses_global:
        table = work.parameters.need_industries("global")
        lines = business_lines(work.tab.businesses_global, table)
        _mix(trace, "global", lines, table.provenance.source, 52)


def _mix(trace: Trace, market: str, lines: tuple[BusinessLine, ...], source: str, row: int) -> None:
    """Add each business with its weight, and the mix (12 rows below the first)."""
    total = row + 12
    for place, line in enumerate(lines, start=1):
        name, at = f"{market}_business_{place}", f"Cost of capital worksheet!{{}}{row + place - 1}"
        trace.given(
            f"{name}_revenues",
            f"{line.industry}: revenues",
            line.revenues,
            "given with the inputs",
            at.format("H"),
        )
        trace.given(
            f"{name}_ev_to_sales",
            f"{line.industry}: EV/Sales",
            line.ev_to_sales,
            source,
            at.format("I"),
        )
        trace.made(
            f"{name}_value",
            f"{line.industry}: estimated value",
            line.value,
            f"{name}_revenues*{name}_ev_to_sales",
            CAPITAL,
            at.format("J"),
        )
        trace.given(
            f"{name}_beta",
            f"{line.industry}: unlevered beta",
            line.unlevered_beta,
            source,
            at.format("K"),
        )
        trace.given(
            f"{name}_cost",
            f"{line.industry}: cost of capital",
            line.cost_of_capital,
            source,
            at.format("L"),
        )
    names = [f"{market}_business_{place}" for place in range(1, len(lines) + 1)]
    value, revenues = sum(x.value for x in lines), sum(x.revenues for x in lines)
    at = f"Cost of capital worksheet!{{}}{total}"
    trace.made(
        f"{market}_revenues",
        "Revenues of the mix",
        revenues,
        f"SUM({','.join(f'{n}_revenues' for n in names)})",
        CAPITAL,
        at.format("H"),
    )
    trace.made(
        f"{market}_value",
        "Value of the mix",
        value,
        f"SUM({','.join(f'{n}_value' for n in names)})",
        CAPITAL,
        at.format("J"),
    )
    betas = [x.unlevered_beta * x.value for x in lines]
    costs = [x.cost_of_capital * x.value for x in lines]
    for what, sums, column in (("beta", betas, "K"), ("cost", costs, "L")):
        weighed = "+".join(f"{n}_{what}*{n}_value" for n in names)
        trace.made(
            f"{market}_mix_{what}",
            f"{what} of the mix",
            sum(sums) / value,
            f"({weighed})/{market}_value",
            CAPITAL,
            at.format(column),
        )


def trace_exposures(trace: Trace, work: Worksheet) -> None:
    """Add the countries and regions that were given, and the premium of their mix."""
    table = work.parameters.need_countries()
    source = table.provenance.source
    if work.tab.operating_countries:
        _places(
            trace,
            "countries",
            exposure_lines(work.tab.operating_countries, table.get_country),
            source,
            "K18",
        )
    if work.tab.operating_regions:
        _places(
            trace,
            "regions",
            exposure_lines(work.tab.operating_regions, table.get_region),
            source,
            "K32",
        )


def _places(trace: Trace, kind: str, lines: tuple[ExposureLine, ...], source: str, at: str) -> None:
    names = [f"{kind}_{place}" for place in range(1, len(lines) + 1)]
    for name, line in zip(names, lines, strict=True):
        trace.given(
            f"{name}_revenues", f"{line.name}: revenues", line.revenues, "given with the inputs"
        )
        trace.given(
            f"{name}_premium",
            f"{line.name}: equity risk premium",
            line.equity_risk_premium,
            "given with the inputs" if line.is_given else source,
        )
    total = ",".join(f"{name}_revenues" for name in names)
    trace.made(
        f"{kind}_revenues",
        "Revenues of all places",
        sum(x.revenues for x in lines),
        f"SUM({total})",
        CAPITAL,
        f"Cost of capital worksheet!H{at[1:]}",
    )
    for name, line in zip(names, lines, strict=True):
        trace.made(
            f"{name}_weight",
            f"{line.name}: weight",
            line.weight,
            f"{name}_revenues/{kind}_revenues",
            CAPITAL,
        )
        trace.made(
            f"{name}_weighted",
            f"{line.name}: weighted premium",
            line.weight * line.equity_risk_premium,
            f"{name}_weight*{name}_premium",
            CAPITAL,
        )
    weighted = ",".join(f"{name}_weighted" for name in names)
    premium = sum(x.weight * x.equity_risk_premium for x in lines)
    trace.made(
        f"{kind}_premium",
        "Equity risk premium of the mix",
        premium,
        f"SUM({weighted})",
        CAPITAL,
        f"Cost of capital worksheet!{at}",
    )
