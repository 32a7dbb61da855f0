"""Operating leases as debt.

Source: A. Damodaran, fcffsimpleginzu.xlsx, sheet "Operating lease converter" (rows in brackets).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from myriad.products.upswitch.engine.arrays import Floats
from myriad.products.upswitch.engine.worksheets import LeaseConverter


@dataclass(frozen=True, slots=True)
class ConvertedLeases:
    """What the conversion changes, in the units of the inputs."""

    years_beyond: int
    yearly_beyond: float
    present_values: tuple[float, ...]
    debt: float
    depreciation: float
    income_adjustment: float


NO_LEASES = ConvertedLeases(0, 0.0, (0.0,) * 6, 0.0, 0.0, 0.0)


def convert_leases(leases: LeaseConverter, pretax_cost_of_debt: float) -> ConvertedLeases:
    """Return lease debt [C28], its depreciation [F31] and what is added to income [F32].

    What is due beyond year 5 is an annuity over round(amount / mean of years 1 to 5) years; halves
    are rounded away from zero, as a spreadsheet rounds. Without such years it is due in year 6.
    """
    cost, first = pretax_cost_of_debt, np.array(leases.commitments_years_1_to_5)
    years = _years_beyond(leases.commitments_beyond_year_5, float(first.mean()))
    yearly = leases.commitments_beyond_year_5 / max(years, 1)
    present: Floats = first / (1.0 + cost) ** np.arange(1.0, 6.0)
    if years:
        beyond = yearly * (1.0 - (1.0 + cost) ** -years) / cost / (1.0 + cost) ** 5
    else:
        beyond = yearly / (1.0 + cost) ** 6
    debt = float(present.sum()) + beyond
    depreciation = debt / (5 + years)
    adjustment = leases.current_year_expense - depreciation
    values = (*present.tolist(), beyond)
    return ConvertedLeases(years, yearly, values, debt, depreciation, adjustment)


def _years_beyond(amount: float, mean: float) -> int:
    return int(np.floor(amount / mean + 0.5)) if amount > 0 and mean > 0 else 0
