"""From cash flows to the value of a share: discounting, terminal value, failure, the bridge.

Source: A. Damodaran, fcffsimpleginzu.xlsx, sheet "Valuation output", rows 12 to 35; the mid-year
convention beside it, which the sheet does not have, after the published vectors of specification
section 4.6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from myriad.products.upswitch.engine.arrays import Floats, Number
from myriad.products.upswitch.engine.fcff import YEARS, Projection

ExitMetric = Literal["ebit", "ebitda", "revenues"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Discounting:
    """When flows arrive and how the years after the tenth are valued.

    `mid_year`: flows arrive in the middle of each year. `gordon_at`: when the growing perpetuity is
    discounted under that convention; None is N - 0.5 with it and N without it. `exit_multiple`
    replaces the perpetuity and is always discounted at N. `depreciation_share` of revenues makes
    EBITDA from operating income.
    """

    mid_year: bool = False
    gordon_at: Literal["N", "N-0.5"] | None = None
    exit_multiple: Number | None = None
    exit_metric: ExitMetric = "ebitda"
    depreciation_share: Number = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What stands between the operating assets and a share, in the units of the inputs.

    `proceeds_on_book` is the book value of capital that failure proceeds are a share of; None ties
    them to the fair value.
    """

    debt: Number = 0.0
    minority_interests: Number = 0.0
    cash: Number = 0.0
    non_operating_assets: Number = 0.0
    value_of_options: Number = 0.0
    shares: Number = 1.0
    probability_of_failure: Number = 0.0
    proceeds_share: Number = 0.5
    proceeds_on_book: Number | None = None


@dataclass(frozen=True, slots=True)
class Discounted:
    """Rows 13 to 21: discount factors and present values; series hold years 1 to 10."""

    factor: Floats
    present_value: Floats
    terminal_value: Number
    terminal_factor: Number
    present_terminal_value: Number
    present_flows: Number
    total: Number


@dataclass(frozen=True, slots=True)
class Equity:
    """Rows 22 to 33."""

    proceeds: Number
    operating_assets: Number
    equity: Number
    common_equity: Number
    per_share: Number


def discount(projection: Projection, how: Discounting) -> Discounted:
    """Return the present values of the flows and of what comes after year 10.

    Factor_t = 1 / ((1 + w_1) ... (1 + w_t)); under the mid-year convention times (1 + w_t)^0.5.
    """
    cost = projection.cost_of_capital[:YEARS]
    end_of_year: Floats = np.divide(1.0, np.cumprod(1.0 + cost, axis=0), dtype=np.float64)
    factor: Floats = end_of_year * np.sqrt(1.0 + cost) if how.mid_year else end_of_year
    present: Floats = projection.cash_flow[:YEARS] * factor
    terminal, at_half = _terminal_value(projection, how)
    terminal_factor = end_of_year[YEARS - 1]
    if at_half:
        terminal_factor = terminal_factor * np.sqrt(1.0 + cost[YEARS - 1])
    flows = np.sum(present, axis=0)
    later = terminal * terminal_factor
    return Discounted(factor, present, terminal, terminal_factor, later, flows, flows + later)


def _terminal_value(projection: Projection, how: Discounting) -> tuple[Number, bool]:
    """Return the value at the end of year 10, and whether it is discounted half a year less."""
    if how.exit_multiple is not None:
        return how.exit_multiple * _metric(projection, how), False
    cost, growth = projection.cost_of_capital[YEARS], projection.growth[YEARS]
    at_half = how.mid_year and how.gordon_at != "N"
    return projection.cash_flow[YEARS] / (cost - growth), at_half


def _metric(projection: Projection, how: Discounting) -> Floats:
    revenues: Floats = projection.revenues[YEARS - 1]
    income: Floats = projection.operating_income[YEARS - 1]
    if how.exit_metric == "revenues":
        return revenues
    depreciation = 0.0 if how.exit_metric == "ebit" else how.depreciation_share
    metric: Floats = income + revenues * depreciation
    return metric


def bridge(total: Number, claims: Claims) -> Equity:
    """Return the equity: expected over failure, less debt and minorities, plus cash and assets."""
    failure, book = claims.probability_of_failure, claims.proceeds_on_book
    proceeds = (total if book is None else book) * claims.proceeds_share
    assets = total * (1.0 - failure) + proceeds * failure
    equity = assets - claims.debt - claims.minority_interests + claims.cash
    equity = equity + claims.non_operating_assets
    common = equity - claims.value_of_options
    return Equity(proceeds, assets, equity, common, common / claims.shares)


def present_value(flows: Floats, rate: Number, *, mid_year: bool = False) -> Number:
    """Return the value of yearly flows (years first) at one rate; mid-year is x (1 + rate)^0.5."""
    years = np.arange(1.0, len(flows) + 1) - (0.5 if mid_year else 0.0)
    factor = np.power.outer(1.0 + np.asarray(rate, dtype=float), -years)
    value: Floats = factor @ np.asarray(flows, dtype=float)
    return value


def gordon(last_flow: Number, rate: Number, growth: Number) -> Number:
    """Return the value at the end of the last year of flows that grow for ever."""
    return last_flow * (1.0 + growth) / (rate - growth)


def enterprise_value(
    flows: Floats, rate: float, growth: float, *, mid_year: bool = False, gordon_at: str = "N-0.5"
) -> float:
    """Return flows plus a Gordon terminal value; specification section 4.6.

    `gordon_at` counts only under the mid-year convention: at N - 0.5 the whole value is that of
    the year-end convention times (1 + rate)^0.5.
    """
    half = 0.5 if mid_year and gordon_at == "N-0.5" else 0.0
    later = gordon(float(flows[-1]), rate, growth) * (1.0 + rate) ** (half - len(flows))
    return float(present_value(flows, rate, mid_year=mid_year)) + float(later)
