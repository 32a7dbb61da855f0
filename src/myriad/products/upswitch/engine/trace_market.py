"""The trace of multiples, discounts and the blend: from the accounts to the range.

Source: Upswitch specification sections 4.7 and 4.8.
"""

from __future__ import annotations

from collections.abc import Sequence

from myriad.products.upswitch.engine.market_inputs import FiscalYear, MarketApproach
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
from myriad.products.upswitch.engine.trace_discounts import trace_bridge, trace_discounts
from myriad.products.upswitch.engine.trace_range import trace_range
from myriad.products.upswitch.engine.valuation import Valuation

_GIVEN = "given with the inputs"
_METHOD = "Upswitch specification section 4.8"


def trace_market(trace: Trace, valuation: Valuation) -> None:
    """Add every method with a value, then the blend."""
    trace_discounts(trace, valuation)
    trace_bridge(trace, valuation)
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


def _years(trace: Trace, approach: MarketApproach) -> list[NormalYear]:
    found = [normalise(year) for year in approach.history]
    for place, (year, normal) in enumerate(zip(approach.history, found, strict=True), start=1):
        name = f"accounts_{place}"
        trace.given(f"{name}_months", f"Months to {year.end}", year.months, _GIVEN)
        trace.given(
            f"{name}_operating_income",
            f"Operating income to {year.end}",
            year.operating_income,
            _GIVEN,
        )
        _adjustments(trace, name, year)
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
        _figures(trace, name, year)
    return found


def _adjustments(trace: Trace, name: str, year: FiscalYear) -> None:
    """Add each adjustment of a year and their sum."""
    keys = [f"{name}_adjustment_{place}" for place, _ in enumerate(year.adjustments, start=1)]
    for key, item in zip(keys, year.adjustments, strict=True):
        trace.given(key, f"Adjustment to {year.end}: {item.label}", item.amount, _GIVEN)
    label, added = f"Adjustments to {year.end}", sum(item.amount for item in year.adjustments)
    if keys:
        trace.made(f"{name}_adjustments", label, added, f"SUM({','.join(keys)})", _METHOD)
    else:
        trace.given(f"{name}_adjustments", label, 0.0, _GIVEN)


def _figures(trace: Trace, name: str, year: FiscalYear) -> None:
    """Add revenues and result of a year, brought to twelve months, and its equity."""
    for metric in ("revenues", "net_income", "book_equity"):
        filed, label = getattr(year, metric), f"{metric.replace('_', ' ')}, {year.end}"
        if filed is None:
            continue
        if metric == "book_equity" or year.months == 12:
            trace.given(f"{name}_{metric}", label, filed, _GIVEN)
            continue
        trace.given(f"{name}_{metric}_filed", f"{label}, as filed", filed, _GIVEN)
        longer = f"{name}_{metric}_filed*12/{name}_months"
        whole = f"{label}, twelve months"
        trace.made(f"{name}_{metric}", whole, filed * 12.0 / year.months, longer, _METHOD)


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
    _small_company(trace, valuation, name, result.label, discount)
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


def _small_company(
    trace: Trace, valuation: Valuation, name: str, label: str, discount: float
) -> None:
    """Add what a listed multiple loses, from the two multiples that say so."""
    approach, said = valuation.inputs.market_approach, f"{label}: for a small company"
    if not discount or approach is None:
        trace.given(f"{name}_discount", said, discount, _METHOD)
        return
    for key in ("sme_sector_multiple", "listed_sector_multiple"):
        if key not in trace:
            trace.given(key, key.replace("_", " "), getattr(approach, key), _GIVEN)
    formula = "1-sme_sector_multiple/listed_sector_multiple"
    trace.made(f"{name}_discount", said, discount, formula, _METHOD)


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
    trace_range(trace, valuation.solved, result.low or 0.0, result.high or 0.0)


def _blend(trace: Trace, valuation: Valuation) -> None:
    names = _names(valuation)
    bars = list(zip(names, valuation.blend.bars, strict=True))
    _weights(trace, valuation, names)
    terms = "+".join(f"{name}_weight*{name}_middle" for name in names)
    ranged = [name for name, bar in bars if bar.in_range]
    lows, highs = (",".join(f"{name}_{end}" for name in ranged) for end in ("low", "high"))
    low_is_negative = min(trace[f"{name}_low"].value for name in ranged) < 0
    floor = (lambda text: f"MAX({text},0)") if low_is_negative else (lambda text: text)
    trace.made("blend_low", "Range: low", valuation.blend.low, floor(f"MIN({lows})"), _METHOD)
    trace.made("blend_middle", "Value", valuation.blend.middle, floor(terms), _METHOD)
    trace.made("blend_high", "Range: high", valuation.blend.high, floor(f"MAX({highs})"), _METHOD)


def _weights(trace: Trace, valuation: Valuation, names: Sequence[str]) -> None:
    """Add what each method counts, scaled to a sum of 1; several of one method share its weight."""
    bars = valuation.blend.bars
    methods = [bar.method for bar in bars]
    given = {method: getattr(valuation.inputs.weights, method) for method in methods}
    source = f"{_GIVEN}, scaled to a sum of 1 over the methods with a value"
    is_scaled = valuation.solved is not None and sum(given.values()) > 0
    for method, weight in given.items() if is_scaled else ():
        trace.given(f"weight_{method}", f"{method.replace('_', ' ')}: weight", weight, _GIVEN)
    total = f"SUM({','.join(f'weight_{method}' for method in given)})"
    for name, bar in zip(names, bars, strict=True):
        label, shared = f"{bar.label}: weight, scaled", f"weight_{bar.method}/{total}"
        if not is_scaled:
            trace.given(f"{name}_weight", label, bar.weight, source)
            continue
        count = methods.count(bar.method)
        formula = shared if count == 1 else f"{shared}/{count}"
        trace.made(f"{name}_weight", label, bar.weight, formula, _METHOD)


def _names(valuation: Valuation) -> list[str]:
    """Return the name of each method with a value, in the order of the bars."""
    market = [result for result in valuation.methods if result.method != "dcf"]
    numbered = [(f"method_{place}", result) for place, result in enumerate(market, start=1)]
    first = [("dcf", valuation.methods[0])] if valuation.solved is not None else []
    return [name for name, result in (*first, *numbered) if result.middle is not None]
