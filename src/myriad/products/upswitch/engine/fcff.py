"""Free cash flow to the firm over ten years and a terminal year, as the published sheet has it.

Source: A. Damodaran, fcffsimpleginzu.xlsx (NYU Stern, February 2024), sheet "Valuation output";
the row stands in each docstring. Vectorised: a driver is a float or an array with one element a
company or path, and a series has its years along the first axis.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from myriad.products.upswitch.engine.arrays import Floats, Number, common_shape

YEARS = 10
_FADE = np.array([0, 0, 0, 0, 0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.0])
_YEAR = np.arange(1.0, YEARS + 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drivers:
    """Everything the cash flows depend on; amounts in the units of the inputs, rates as fractions.

    `operating_income` is adjusted for leases and R&D. `terminal_return_on_capital` None means the
    cost of capital of year 10. `reinvestment_lag_years` is the same for a whole
    batch.
    """

    revenues: Number
    operating_income: Number
    invested_capital: Number
    revenue_growth_next_year: Number
    revenue_growth_years_2_to_5: Number
    growth_in_perpetuity: Number
    operating_margin_next_year: Number
    target_operating_margin: Number
    margin_convergence_year: Number
    effective_tax_rate: Number
    terminal_tax_rate: Number
    net_operating_loss: Number
    sales_to_capital_years_1_to_5: Number
    sales_to_capital_years_6_to_10: Number
    initial_cost_of_capital: Number
    terminal_cost_of_capital: Number
    terminal_return_on_capital: Number | None = None
    reinvestment_lag_years: int = 1


@dataclass(frozen=True, slots=True)
class Projection:
    """The rows of the sheet. Series hold years 1 to 10 and the terminal year (11, ...)."""

    growth: Floats
    revenues: Floats
    margin: Floats
    operating_income: Floats
    tax_rate: Floats
    after_tax_income: Floats
    reinvestment: Floats
    cash_flow: Floats
    net_operating_loss: Floats
    cost_of_capital: Floats
    return_on_terminal_capital: Floats
    sales_to_capital: Floats


def project(drivers: Drivers) -> Projection:
    """Return rows 2 to 12 and 38 for one company or a batch."""
    shape = common_shape(*(getattr(drivers, name) for name in _BATCHED))
    growth = _growth(drivers, shape)
    grown = np.cumprod(1.0 + growth, axis=0)
    revenues: Floats = np.multiply(grown, drivers.revenues, dtype=np.float64)
    margin = _margin(drivers, shape)
    income = revenues * margin
    tax = _faded(drivers.effective_tax_rate, drivers.terminal_tax_rate, shape)
    losses = _losses(drivers.net_operating_loss, income)
    after_tax = _after_tax(income, tax, losses)
    capital_cost = _faded(drivers.initial_cost_of_capital, drivers.terminal_cost_of_capital, shape)
    terminal_return = drivers.terminal_return_on_capital
    returns = np.asarray(capital_cost[YEARS - 1] if terminal_return is None else terminal_return)
    ratio = _sales_to_capital(drivers, shape)
    reinvested = _reinvestment(drivers, growth, revenues, ratio)
    reinvested[YEARS] = _terminal_reinvestment(growth[YEARS], returns, after_tax[YEARS])
    return Projection(
        growth,
        revenues,
        margin,
        income,
        tax,
        after_tax,
        reinvested,
        after_tax - reinvested,
        losses,
        capital_cost,
        returns,
        ratio,
    )


_BATCHED = tuple(
    name
    for name in Drivers.__dataclass_fields__
    if name not in ("reinvestment_lag_years", "terminal_return_on_capital")
)


def _yearly(values: Floats, shape: tuple[int, ...]) -> Floats:
    """Return one value a year, ready to meet a batch of that shape."""
    return values.reshape((-1, *(1 for _ in shape))) if shape else values


def _faded(first: Number, last: Number, shape: tuple[int, ...]) -> Floats:
    """Rows 6 and 12: the first value to year 5, then in five equal steps to the last."""
    series = np.empty((YEARS + 1, *shape))
    series[:] = _yearly(_FADE, shape) * np.subtract(last, first) + first
    return series


def _growth(drivers: Drivers, shape: tuple[int, ...]) -> Floats:
    """Row 2: next year, years 2 to 5, then in equal steps to the growth in perpetuity."""
    series = _faded(drivers.revenue_growth_years_2_to_5, drivers.growth_in_perpetuity, shape)
    series[0] = drivers.revenue_growth_next_year
    return series


def _margin(drivers: Drivers, shape: tuple[int, ...]) -> Floats:
    """Row 4: from next year's margin in equal steps to the target in the year of convergence.

    Year t >= 2 has target - (target - next) / convergence * (convergence - t), and the target
    after convergence.
    """
    until, target = drivers.margin_convergence_year, drivers.target_operating_margin
    first = drivers.operating_margin_next_year
    left = np.maximum(0.0, until - _yearly(_YEAR, shape))
    series = np.empty((YEARS + 1, *shape))
    series[:] = target - np.subtract(target, first) / until * left
    series[0] = first
    series[YEARS] = series[YEARS - 1]
    return series


def _losses(carried: Number, income: Floats) -> Floats:
    """Row 10: losses carried forward at the end of each year; a loss adds, a profit uses up."""
    if np.ndim(carried) == 0 and carried == 0 and income.min() >= 0:
        return np.zeros((YEARS + 2, *income.shape[1:]))
    series = np.empty((YEARS + 2, *income.shape[1:]))
    series[0] = carried
    for year in range(YEARS + 1):
        series[year + 1] = np.maximum(series[year] - income[year], 0.0)
    return series


def _after_tax(income: Floats, tax: Floats, losses: Floats) -> Floats:
    """Row 7: tax on what exceeds the losses carried; the terminal year has no losses."""
    after_tax: Floats = income - tax * np.maximum(income - losses[:-1], 0.0)
    after_tax[YEARS] = income[YEARS] * (1.0 - tax[YEARS])
    return after_tax


def _sales_to_capital(drivers: Drivers, shape: tuple[int, ...]) -> Floats:
    """Row 38: revenue gained for each unit reinvested, in two stages."""
    ratio = np.empty((YEARS, *shape))
    ratio[:5] = drivers.sales_to_capital_years_1_to_5
    ratio[5:] = drivers.sales_to_capital_years_6_to_10
    return ratio


def _reinvestment(drivers: Drivers, growth: Floats, revenues: Floats, ratio: Floats) -> Floats:
    """Row 8: the revenue gained `lag` years later over sales to capital.

    Beyond the terminal year the sheet continues with the growth in perpetuity: with a lag of 2
    years 9 and 10 take revenues x growth of years 10 and 11; with a lag of 3 year 9 takes that of
    year 11, and year 10 takes year 9's reinvestment times 1 + g.
    """
    lag = drivers.reinvestment_lag_years
    gained = np.empty((YEARS, *growth.shape[1:]))
    change = np.empty_like(revenues)
    change[0] = revenues[0] - drivers.revenues
    np.subtract(revenues[1:], revenues[:-1], out=change[1:])
    exact = YEARS if lag < 2 else YEARS - 2
    gained[:exact] = change[lag : lag + exact]
    if lag == 2:
        gained[8:] = revenues[9:] * growth[9:]
    if lag == 3:
        gained[8:] = revenues[YEARS] * growth[YEARS]
    reinvested = np.empty_like(revenues)
    np.divide(gained, ratio, out=reinvested[:YEARS])
    if lag == 3:
        reinvested[9] = reinvested[8] * (1.0 + growth[YEARS])
    return reinvested


def _terminal_reinvestment(growth: Floats, returns: Floats, income: Floats) -> Floats:
    """Row 8, terminal year: growth over return on capital of the income; none when it shrinks."""
    needed: Floats = np.where(growth > 0, growth / returns * income, 0.0)
    return needed
