"""The trace of multiples, discounts and the blend: from the accounts to the range.

Source: Upswitch specification sections 4.7 and 4.8.
"""

from __future__ import annotations

from collections.abc import Sequence

from myriad.products.upswitch.engine.discounts import marketability
from myriad.products.upswitch.engine.market_inputs import MarketApproach
from myriad.products.upswitch.engine.methods import (
    WIDER_PER_MISSING_YEAR,
    MethodResult,
    applied_multiples,
    small_company_discount,
)
from myriad.products.upswitch.engine.metrics import (
    YEAR_WEIGHTS,
    NormalYear,
    WeightedMetric,
    normalise,
    weigh,
)
from myriad.products.upswitch.engine.trace import Trace
from myriad.products.upswitch.engine.valuation import Valuation

_GIVEN = "given with the inputs"
_METHOD = "Upswitch specification section 4.8"


def trace_market(trace: Trace, valuation: Valuation) -> None:
    """Add every method with a value, then the blend."""
    _shared(trace, valuation)
    approach = valuation.inputs.market_approach
    market = [result for result in valuation.methods if result.method != "dcf"]
    if approach is not None:
        years = _years(trace, approach)
        chosen = applied_multiples(valuation.inputs, valuation.parameters)
        wanted = [item for item in chosen if valuation.solved or item.metric == "book_equity"]
        for place, (result, multiple) in enumerate(zip(market, wanted, strict=True), start=1):
            metric = weigh(years, multiple.metric)
            if result.middle is not None and metric is not None:
                _metric(trace, result.method, metric, years)
                given = (multiple.low, multiple.middle, multiple.high)
                is_listed = multiple.listed
                _method(trace, valuation, f"method_{place}", result, metric, given, is_listed)
    _dcf(trace, valuation)
    _blend(trace, valuation)


def _shared(trace: Trace, valuation: Valuation) -> None:
    """Add the discounts and the bridge."""
    given, approach = valuation.inputs.discounts, valuation.inputs.market_approach
    sheet = valuation.inputs.input_sheet
    trace.given("control_premium", "Premium for control", given.control_premium, _GIVEN)
    trace.given("lack_of_control", "Discount for lack of control", given.lack_of_control, _GIVEN)
    discount = marketability(given, sheet.riskfree_rate)
    source = f"method {given.marketability_method}: specification section 4.7"
    trace.given("lack_of_marketability", "Discount for lack of marketability", discount, source)
    control = "(1+control_premium)*(1-lack_of_control)"
    kept = (1 + given.control_premium) * (1 - given.lack_of_control)
    trace.made("kept_illiquid", "Kept after control", kept, control, _METHOD)
    whole = "kept_illiquid*(1-lack_of_marketability)"
    trace.made("kept_liquid", "Kept after all discounts", kept * (1 - discount), whole, _METHOD)
    if approach is None:
        return
    debt = approach.net_financial_debt
    if debt is None:
        debt = sheet.book_value_of_debt - sheet.cash_and_marketable_securities
    for name, amount in (
        ("bridge_net_debt", debt),
        ("bridge_working_capital", approach.working_capital_normalisation),
        ("bridge_provisions", approach.provisions),
        ("bridge_surplus", approach.surplus_assets),
        ("bridge_tax_rate", sheet.marginal_tax_rate),
    ):
        trace.given(name, name.replace("_", " "), amount, _GIVEN)


def _years(trace: Trace, approach: MarketApproach) -> list[NormalYear]:
    found = [normalise(year) for year in approach.history]
    for place, (year, normal) in enumerate(zip(approach.history, found, strict=True), start=1):
        name = f"accounts_{place}"
        added = sum(item.amount for item in year.adjustments)
        labels = "; ".join(item.label for item in year.adjustments) or "none"
        trace.given(f"{name}_months", f"Months to {year.end}", year.months, _GIVEN)
        trace.given(
            f"{name}_operating_income",
            f"Operating income to {year.end}",
            year.operating_income,
            _GIVEN,
        )
        trace.given(f"{name}_adjustments", f"Adjustments to {year.end}: {labels}", added, _GIVEN)
        trace.given(
            f"{name}_depreciation",
            f"Depreciation to {year.end}",
            year.depreciation_and_amortization,
            _GIVEN,
        )
        income = f"({name}_operating_income+{name}_adjustments)"
        longer = f"*12/{name}_months"
        ebit, ebitda = normal.figures["ebit"] or 0.0, normal.figures["ebitda"] or 0.0
        trace.made(
            f"{name}_ebit", f"EBIT, normalised, {year.end}", ebit, f"{income}{longer}", _METHOD
        )
        trace.made(
            f"{name}_ebitda",
            f"EBITDA, normalised, {year.end}",
            ebitda,
            f"({income}+{name}_depreciation){longer}",
            _METHOD,
        )
        for metric in ("revenues", "net_income", "book_equity"):
            figure = normal.figures[metric]
            if figure is not None:
                trace.given(
                    f"{name}_{metric}",
                    f"{metric.replace('_', ' ')}, {year.end}",
                    figure,
                    f"{_GIVEN}, twelve months",
                )
    return found


def _metric(trace: Trace, name: str, metric: WeightedMetric, years: Sequence[NormalYear]) -> None:
    """Add the weighted figure once, however many multiples of it there are."""
    if f"weighted_{name}" in trace:
        return
    places = {year.end: place for place, year in enumerate(years, start=1)}
    newest = sorted(places, reverse=True)
    weights = {end: YEAR_WEIGHTS[newest.index(end)] for end in metric.years}
    total = sum(weights.values())
    terms = "+".join(f"{weights[end]:g}*accounts_{places[end]}_{name}" for end in metric.years)
    label = f"{name.replace('_', ' ')}, weighted 3-2-1"
    trace.made(f"weighted_{name}", label, metric.value, f"({terms})/{total:g}", _METHOD)


def _method(
    trace: Trace,
    valuation: Valuation,
    name: str,
    result: MethodResult,
    metric: WeightedMetric,
    given: tuple[float, float, float],
    is_listed: bool,
) -> None:
    discount = small_company_discount(valuation.inputs) if is_listed else 0.0
    trace.given(f"{name}_discount", f"{result.label}: for a small company", discount, _METHOD)
    kept = "kept_liquid" if is_listed and not discount else "kept_illiquid"
    wider = metric.missing * WIDER_PER_MISSING_YEAR
    ends = ("middle", "low", "high")
    for end, multiple in zip(ends, (given[1], given[0], given[2]), strict=True):
        label = f"{result.label}: {end}"
        trace.given(f"{name}_multiple_{end}", f"{label} multiple", multiple, result.source)
        enterprise = f"{name}_multiple_{end}*(1-{name}_discount)*weighted_{result.method}"
        formula = f"({enterprise}{_bridge(result.method)})*{kept}"
        if wider and end != "middle":
            formula += f"{'-' if end == 'low' else '+'}MAX({name}_middle,-{name}_middle)*{wider:g}"
        trace.made(f"{name}_{end}", f"{label} equity", getattr(result, end), formula, _METHOD)


def _bridge(method: str) -> str:
    if method in ("net_income", "book_equity"):
        return "+bridge_surplus"
    provisions = "-bridge_provisions*(1-bridge_tax_rate)"
    return f"-bridge_net_debt+bridge_working_capital{provisions}+bridge_surplus"


def _dcf(trace: Trace, valuation: Valuation) -> None:
    result = valuation.methods[0]
    if valuation.solved is None or result.middle is None:
        return
    trace.made(
        "dcf_middle",
        "Cash flows: middle",
        result.middle,
        "value_of_common_equity*kept_liquid",
        _METHOD,
    )
    source = "the engine with the initial cost of capital one point higher and lower"
    trace.given("dcf_low", "Cash flows: low", result.low or 0.0, source)
    trace.given("dcf_high", "Cash flows: high", result.high or 0.0, source)


def _blend(trace: Trace, valuation: Valuation) -> None:
    names = _names(valuation)
    bars = list(zip(names, valuation.blend.bars, strict=True))
    for name, bar in bars:
        source = f"{_GIVEN}, scaled to a sum of 1 over the methods with a value"
        trace.given(f"{name}_weight", f"{bar.label}: weight", bar.weight, source)
    terms = "+".join(f"{name}_weight*{name}_middle" for name in names)
    ranged = [name for name, bar in bars if bar.in_range]
    lows, highs = (",".join(f"{name}_{end}" for name in ranged) for end in ("low", "high"))
    low_is_negative = min(trace[f"{name}_low"].value for name in ranged) < 0
    floor = (lambda text: f"MAX({text},0)") if low_is_negative else (lambda text: text)
    trace.made("blend_low", "Range: low", valuation.blend.low, floor(f"MIN({lows})"), _METHOD)
    trace.made("blend_middle", "Value", valuation.blend.middle, floor(terms), _METHOD)
    trace.made("blend_high", "Range: high", valuation.blend.high, floor(f"MAX({highs})"), _METHOD)


def _names(valuation: Valuation) -> list[str]:
    """Return the name of each method with a value, in the order of the bars."""
    market = [result for result in valuation.methods if result.method != "dcf"]
    numbered = [(f"method_{place}", result) for place, result in enumerate(market, start=1)]
    first = [("dcf", valuation.methods[0])] if valuation.solved is not None else []
    return [name for name, result in (*first, *numbered) if result.middle is not None]
