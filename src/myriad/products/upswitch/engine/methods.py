"""Each way to a value: low, middle and high, with the reason where it gives none.

Source: Upswitch specification section 4.8. Enterprise value = multiple x metric, low, middle and
high at p25, median and p75; equity follows by the bridge; discounts come last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from myriad.products.upswitch.engine.discounts import kept_share, sme_discount
from myriad.products.upswitch.engine.document import Inputs
from myriad.products.upswitch.engine.market_inputs import MarketApproach, Metric, SectorMultiple
from myriad.products.upswitch.engine.metrics import WeightedMetric, normalise, weigh
from myriad.products.upswitch.engine.parameters import Multiple, MultipleTable, Parameters

WIDER_PER_MISSING_YEAR = 0.10
"""A missing year widens the range by this share of the middle on each side: judgement."""
_ONE_AVERAGE_SPREAD = 0.15
"""A source that publishes an average only gets this much below and above: judgement."""
_COUNTRY_CODES = {"Belgium": "BE", "Netherlands": "NL"}


@dataclass(frozen=True, slots=True)
class MethodResult:
    """What one method says the equity is worth, in the units of the inputs.

    Without a value (`middle` None) `note` says why: "n/m" with its reason.
    """

    method: str
    label: str
    low: float | None
    middle: float | None
    high: float | None
    source: str
    enterprise_middle: float | None = None
    multiple: float | None = None
    metric: float | None = None
    kept: float = 1.0
    note: str = ""


def market_methods(inputs: Inputs, parameters: Parameters) -> tuple[MethodResult, ...]:
    """Return one result for each multiple given or found in the parameters for the sector."""
    approach = inputs.market_approach
    if approach is None:
        return ()
    years = [normalise(year) for year in approach.history]
    return tuple(
        _market(inputs, approach, multiple, weigh(years, multiple.metric))
        for multiple in applied_multiples(inputs, parameters)
    )


def applied_multiples(inputs: Inputs, parameters: Parameters) -> tuple[SectorMultiple, ...]:
    """Return the multiples given, then those of the parameters for the sector and country."""
    approach = inputs.market_approach
    if approach is None:
        return ()
    country = _COUNTRY_CODES.get(inputs.input_sheet.country_of_incorporation, "")
    return (*approach.multiples, *_published(approach, parameters.multiples, country))


def multiple_notes(inputs: Inputs, parameters: Parameters) -> list[str]:
    """Return why a sector or a country brought no multiples of its own."""
    approach = inputs.market_approach
    if approach is None or not approach.sector:
        return []
    rows = [row for table in parameters.multiples for row in table.rows]
    found = [row for row in rows if row.sector == approach.sector]
    if not found:
        known = ", ".join(sorted({row.sector for row in rows})) or "none"
        return [f"no multiples are published for the sector {approach.sector!r}; known: {known}"]
    country = inputs.input_sheet.country_of_incorporation
    codes = sorted({row.country for row in found})
    if _COUNTRY_CODES.get(country) in codes:
        return []
    named = {code: name for name, code in _COUNTRY_CODES.items()}
    known = ", ".join(named.get(code, code) for code in codes)
    return [
        f"no multiples of {approach.sector!r} are published for {country!r}; those of {known} stand in"
    ]


def _published(
    approach: MarketApproach, tables: Sequence[MultipleTable], country: str
) -> tuple[SectorMultiple, ...]:
    """Return the multiples of the sector that the inputs do not give themselves.

    Those of the company's country, or of every country where it has none.
    """
    given = {multiple.metric for multiple in approach.multiples}
    found = [
        (table, row)
        for table in tables
        for row in table.rows
        if approach.sector and row.sector == approach.sector and row.metric not in given
    ]
    home = [(table, row) for table, row in found if row.country == country]
    return tuple(_as_sector(table, row) for table, row in home or found)


def _as_sector(table: MultipleTable, row: Multiple) -> SectorMultiple:
    return SectorMultiple(
        metric=row.metric,
        low=row.low or row.middle * (1.0 - _ONE_AVERAGE_SPREAD),
        middle=row.middle,
        high=row.high or row.middle * (1.0 + _ONE_AVERAGE_SPREAD),
        source=f"{table.provenance.source} ({row.country}, {row.sector})",
    )


def _market(
    inputs: Inputs,
    approach: MarketApproach,
    multiple: SectorMultiple,
    metric: WeightedMetric | None,
) -> MethodResult:
    label = f"{multiple.metric.replace('_', ' ')} multiple"
    if metric is None or metric.value <= 0:
        why = "no year has this figure" if metric is None else f"it is {metric.value:,.0f}"
        note = f"n/m: a multiple of {multiple.metric} needs a positive figure, and {why}"
        value = None if metric is None else metric.value
        return MethodResult(
            multiple.metric,
            label,
            None,
            None,
            None,
            multiple.source,
            None,
            multiple.middle,
            value,
            1.0,
            note,
        )
    discount = small_company_discount(inputs) if multiple.listed else 0.0
    values = [m * (1.0 - discount) for m in (multiple.low, multiple.middle, multiple.high)]
    enterprise = [m * metric.value for m in values]
    kept = kept_share(
        inputs.discounts,
        inputs.input_sheet.riskfree_rate,
        is_marketable=multiple.listed and discount == 0.0,
    )
    low, middle, high = (
        _equity(inputs, approach, amount, multiple.metric) * kept for amount in enterprise
    )
    found = MethodResult(
        multiple.metric,
        label,
        low,
        middle,
        high,
        multiple.source,
        enterprise[1],
        values[1],
        metric.value,
        kept,
        _note(metric, discount),
    )
    return widened(found, metric.missing)


def small_company_discount(inputs: Inputs) -> float:
    """Return what a listed multiple loses for a small company; 0 when it is not known."""
    approach = inputs.market_approach
    if approach is None or not approach.sme_sector_multiple or not approach.listed_sector_multiple:
        return 0.0
    return sme_discount(approach.sme_sector_multiple, approach.listed_sector_multiple)


def _note(metric: WeightedMetric, discount: float) -> str:
    parts = []
    if discount:
        parts.append(f"listed multiple less {discount:.1%} for a small company")
    if metric.missing:
        parts.append(f"{metric.missing} of three years missing, range widened")
    return "; ".join(parts)


def widened(result: MethodResult, missing: int) -> MethodResult:
    """Return the result with a range that is wider for each missing year."""
    if result.low is None or result.middle is None or result.high is None or not missing:
        return result
    more = abs(result.middle) * WIDER_PER_MISSING_YEAR * missing
    return replace(result, low=result.low - more, high=result.high + more)


def _equity(inputs: Inputs, approach: MarketApproach, enterprise: float, metric: Metric) -> float:
    """Return equity = EV - net financial debt + working capital - provisions after tax + surplus.

    Multiples of net income and of book equity give equity at once.
    """
    if metric in ("net_income", "book_equity"):
        return enterprise + approach.surplus_assets
    sheet = inputs.input_sheet
    debt = approach.net_financial_debt
    if debt is None:
        debt = sheet.book_value_of_debt - sheet.cash_and_marketable_securities
    provisions = approach.provisions * (1.0 - sheet.marginal_tax_rate)
    return (
        enterprise
        - debt
        + approach.working_capital_normalisation
        - provisions
        + approach.surplus_assets
    )
