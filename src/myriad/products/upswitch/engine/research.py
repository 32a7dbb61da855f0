"""R&D as an investment instead of an expense.

Source: A. Damodaran, fcffsimpleginzu.xlsx, sheet "R& D converter" (rows in brackets).
"""

from __future__ import annotations

from dataclasses import dataclass

from myriad.products.upswitch.engine.worksheets import ResearchConverter


@dataclass(frozen=True, slots=True)
class CapitalizedResearch:
    """What the conversion changes, in the units of the inputs."""

    unamortized: tuple[float, ...]
    """The current year first, then each year of the amortization period."""
    amortized: tuple[float, ...]
    asset: float
    amortization: float
    income_adjustment: float


NO_RESEARCH = CapitalizedResearch((), (), 0.0, 0.0, 0.0)


def capitalize_research(research: ResearchConverter) -> CapitalizedResearch:
    """Return the research asset [D35], its amortization [D37] and the change of income [D39].

    An expense of k years ago still counts for (n - k) / n and is amortized by 1 / n a year; the
    current year counts whole. Years beyond the amortization period do not count.
    """
    life = research.amortization_years
    past = research.past_expenses[:life]
    unamortized = [expense * (life - age) / life for age, expense in enumerate(past, start=1)]
    amortized = [expense / life for expense in past]
    asset = research.current_year_expense + sum(unamortized)
    amortization = sum(amortized)
    adjustment = research.current_year_expense - amortization
    whole = (research.current_year_expense, *unamortized)
    return CapitalizedResearch(whole, tuple(amortized), asset, amortization, adjustment)
