"""The trace of the cost of capital worksheet and of the synthetic rating.

Source: A. Damodaran, fcffsimpleginzu.xlsx, sheets "Cost of capital worksheet", "Synthetic rating".
What the chosen approach does not need is added where its figures are there, for comparing.
"""

from __future__ import annotations

from collections.abc import Callable

from myriad.products.upswitch.engine.basis import worksheet
from myriad.products.upswitch.engine.capital_cost import (
    DetailedCost,
    Worksheet,
    detailed,
    distribution,
    industry_average,
    synthetic_rating,
)
from myriad.products.upswitch.engine.capital_lines import (
    BusinessLine,
    ExposureLine,
    business_lines,
    exposure_lines,
)
from myriad.products.upswitch.engine.leases import NO_LEASES, convert_leases
from myriad.products.upswitch.engine.solved import Solved
from myriad.products.upswitch.engine.trace import SHEET, Trace
from myriad.products.upswitch.errors import InputsError

_SOURCE = f"{SHEET}, Cost of capital worksheet"
_RATING = f"{SHEET}, Synthetic rating"


def trace_capital(trace: Trace, solved: Solved) -> None:
    """Add the initial cost of capital and everything it can be compared with."""
    work = worksheet(solved.basis.inputs, solved.basis.parameters)
    for add in (_businesses, _exposures, _rating, _detailed, _industry, _distribution):
        _tried(add, trace, work)
    _chosen(trace, solved, work)


def _tried(add: Callable[[Trace, Worksheet], None], trace: Trace, work: Worksheet) -> None:
    """Add what can be computed; the approach that was chosen has already raised if it could not."""
    try:
        add(trace, work)
    except InputsError:
        return


def _businesses(trace: Trace, work: Worksheet) -> None:
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
            _SOURCE,
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
        _SOURCE,
        at.format("H"),
    )
    trace.made(
        f"{market}_value",
        "Value of the mix",
        value,
        f"SUM({','.join(f'{n}_value' for n in names)})",
        _SOURCE,
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
            _SOURCE,
            at.format(column),
        )


def _exposures(trace: Trace, work: Worksheet) -> None:
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
            f"{name}_premium", f"{line.name}: equity risk premium", line.equity_risk_premium, source
        )
    total = ",".join(f"{name}_revenues" for name in names)
    trace.made(
        f"{kind}_revenues",
        "Revenues of all places",
        sum(x.revenues for x in lines),
        f"SUM({total})",
        _SOURCE,
        f"Cost of capital worksheet!H{at[1:]}",
    )
    for name, line in zip(names, lines, strict=True):
        trace.made(
            f"{name}_weight",
            f"{line.name}: weight",
            line.weight,
            f"{name}_revenues/{kind}_revenues",
            _SOURCE,
        )
        trace.made(
            f"{name}_weighted",
            f"{line.name}: weighted premium",
            line.weight * line.equity_risk_premium,
            f"{name}_weight*{name}_premium",
            _SOURCE,
        )
    weighted = ",".join(f"{name}_weighted" for name in names)
    premium = sum(x.weight * x.equity_risk_premium for x in lines)
    trace.made(
        f"{kind}_premium",
        "Equity risk premium of the mix",
        premium,
        f"SUM({weighted})",
        _SOURCE,
        f"Cost of capital worksheet!{at}",
    )


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


def _detailed(trace: Trace, work: Worksheet) -> None:
    found = detailed(work)
    _beta_and_premium(trace, work, found)
    _debt(trace, work, found)
    _weights(trace, work, found)


def _at(cell: str) -> str:
    return f"Cost of capital worksheet!{cell}"


def _beta_and_premium(trace: Trace, work: Worksheet, found: DetailedCost) -> None:
    approach = work.tab.beta_approach
    if found.unlevered_beta is not None:
        mix = "us_mix_beta" if approach == "multibusiness_us" else "global_mix_beta"
        if approach.startswith("multi"):
            trace.made(
                "unlevered_beta", "Unlevered beta", found.unlevered_beta, mix, _SOURCE, _at("B23")
            )
        else:
            table = work.parameters.need_industries("us" if approach.endswith("us") else "global")
            trace.given(
                "unlevered_beta",
                "Unlevered beta",
                found.unlevered_beta,
                table.provenance.source,
                _at("B23"),
            )
    kind = {"operating_regions": "regions_premium", "operating_countries": "countries_premium"}
    mixed = kind.get(work.tab.equity_risk_premium_approach)
    if mixed:
        trace.made(
            "equity_risk_premium",
            "Equity risk premium",
            found.equity_risk_premium,
            mixed,
            _SOURCE,
            _at("B27"),
        )
    else:
        trace.given(
            "equity_risk_premium",
            "Equity risk premium",
            found.equity_risk_premium,
            _SOURCE,
            _at("B27"),
        )


def _debt(trace: Trace, work: Worksheet, found: DetailedCost) -> None:
    tab = work.tab
    trace.given(
        "pretax_cost_of_debt", "Pre-tax cost of debt", found.debt.pretax, _SOURCE, _at("B37")
    )
    trace.given(
        "debt_average_maturity_years",
        "Average maturity of debt",
        tab.debt_average_maturity_years,
        _SOURCE,
        _at("B32"),
    )
    bond = (
        "{i}*(1-(1+pretax_cost_of_debt)^(-{n}))/pretax_cost_of_debt+{b}/(1+pretax_cost_of_debt)^{n}"
    )
    straight = bond.format(
        i="interest_expense", n="debt_average_maturity_years", b="book_value_of_debt"
    )
    trace.made(
        "straight_debt",
        "Market value of straight debt",
        found.straight_debt,
        straight,
        _SOURCE,
        _at("C53"),
    )
    for name in (
        "convertible_interest_expense",
        "convertible_book_value",
        "convertible_maturity_years",
        "convertible_market_value",
        "preferred_shares",
        "preferred_price_per_share",
        "preferred_dividend_per_share",
        "size_premium",
    ):
        trace.given(name, name.replace("_", " "), getattr(tab, name), _SOURCE)
    convertible = bond.format(
        i="convertible_interest_expense", n="convertible_maturity_years", b="convertible_book_value"
    )
    trace.made(
        "convertible_debt",
        "Straight debt in convertibles",
        found.convertible_debt,
        convertible,
        _SOURCE,
        _at("C54"),
    )
    trace.made(
        "leases_in_capital",
        "Debt value of leases",
        found.debt.leases.debt,
        "lease_debt",
        _SOURCE,
        _at("C55"),
    )
    trace.made(
        "convertible_equity",
        "Equity in convertibles",
        found.convertible_equity,
        "convertible_market_value-convertible_debt",
        _SOURCE,
        _at("C56"),
    )


def _weights(trace: Trace, work: Worksheet, found: DetailedCost) -> None:
    mix = found.mix
    if work.sheet.current_stock_price:
        trace.made(
            "market_equity",
            "Market value of equity",
            mix.equity,
            "number_of_shares_outstanding*current_stock_price",
            _SOURCE,
            _at("B60"),
        )
        trace.made(
            "market_debt",
            "Market value of debt",
            mix.debt,
            "straight_debt+convertible_debt+leases_in_capital",
            _SOURCE,
            _at("C60"),
        )
        trace.made(
            "market_preferred",
            "Market value of preferred stock",
            mix.preferred,
            "preferred_shares*preferred_price_per_share",
            _SOURCE,
            _at("D60"),
        )
    else:
        for name, value in (
            ("equity", mix.equity),
            ("debt", mix.debt),
            ("preferred", mix.preferred),
        ):
            trace.given(f"market_{name}", f"Share of {name}, industry average", value, "parameters")
    trace.made(
        "market_capital",
        "Capital",
        mix.total,
        "market_equity+market_debt+market_preferred",
        _SOURCE,
        _at("E60"),
    )
    relevered = "unlevered_beta*(1+(1-marginal_tax_rate)*(market_debt/market_equity))"
    if found.unlevered_beta is None:
        trace.given(
            "levered_beta", "Levered beta", found.levered_beta, "given with the inputs", _at("C57")
        )
    else:
        trace.made(
            "levered_beta",
            "Levered beta (Hamada)",
            found.levered_beta,
            relevered,
            _SOURCE,
            _at("C57"),
        )
    trace.made(
        "cost_of_equity",
        "Cost of equity",
        found.cost_of_equity,
        "riskfree_rate+levered_beta*equity_risk_premium+size_premium",
        _SOURCE,
        _at("B62"),
    )
    trace.made(
        "cost_of_debt",
        "Cost of debt after tax",
        found.cost_of_debt,
        "pretax_cost_of_debt*(1-marginal_tax_rate)",
        _SOURCE,
        _at("C62"),
    )
    preferred = (
        "IF(preferred_price_per_share>0,preferred_dividend_per_share/preferred_price_per_share,0)"
    )
    trace.made(
        "cost_of_preferred",
        "Cost of preferred stock",
        found.cost_of_preferred,
        preferred,
        _SOURCE,
        _at("D62"),
    )
    for column, name in (("B", "equity"), ("C", "debt"), ("D", "preferred")):
        weight = getattr(mix, name) / mix.total
        trace.made(
            f"weight_of_{name}",
            f"Weight of {name}",
            weight,
            f"market_{name}/market_capital",
            _SOURCE,
            _at(f"{column}61"),
        )
    weighed = "+".join(f"weight_of_{n}*cost_of_{n}" for n in ("equity", "debt", "preferred"))
    trace.made(
        "detailed_cost_of_capital",
        "Cost of capital, detailed",
        found.cost_of_capital,
        weighed,
        _SOURCE,
        _at("E62"),
    )


def _industry(trace: Trace, work: Worksheet) -> None:
    trace.given(
        "industry_cost_of_capital",
        "Cost of capital, industry average",
        industry_average(work),
        _SOURCE,
        _at("B67"),
    )


def _distribution(trace: Trace, work: Worksheet) -> None:
    trace.given(
        "distribution_cost_of_capital",
        "Cost of capital, distribution",
        distribution(work),
        _SOURCE,
        _at("B72"),
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
                _SOURCE,
                _at(f"{column}{row}"),
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
        trace.made(name, label, value, key, _SOURCE, "Input sheet!B35")
