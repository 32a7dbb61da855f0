"""What multiples are applied to: normalised years, weighted 3-2-1 with the newest first.

Source: Upswitch specification section 4.8; the weights are the practice of Belgian advisers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from myriad.products.upswitch.engine.market_inputs import FiscalYear, Metric

YEAR_WEIGHTS = (3.0, 2.0, 1.0)


@dataclass(frozen=True, slots=True)
class NormalYear:
    """One year of twelve months after its adjustments, in the units of the inputs."""

    end: str
    factor: float
    """What the year was multiplied by: 12 / its months."""
    reported_ebitda: float
    adjustments: float
    figures: dict[Metric, float | None]


@dataclass(frozen=True, slots=True)
class WeightedMetric:
    """A figure over the years that have it; `missing` is how many of three do not."""

    value: float
    years: tuple[str, ...]
    weights: tuple[float, ...]
    missing: int


def normalise(year: FiscalYear) -> NormalYear:
    """Return a year of twelve months with its adjustments added to income.

    A balance figure (book equity) does not grow with the length of the year.
    """
    factor = 12.0 / year.months
    added = sum(item.amount for item in year.adjustments)
    income = (year.operating_income + added) * factor
    depreciation = year.depreciation_and_amortization * factor
    figures: dict[Metric, float | None] = {
        "ebitda": income + depreciation,
        "ebit": income,
        "revenues": None if year.revenues is None else year.revenues * factor,
        "net_income": None if year.net_income is None else year.net_income * factor,
        "book_equity": year.book_equity,
    }
    reported = (year.operating_income + year.depreciation_and_amortization) * factor
    return NormalYear(year.end, factor, reported, added * factor, figures)


def weigh(years: Sequence[NormalYear], metric: Metric) -> WeightedMetric | None:
    """Return the mean of the last three years by 3-2-1; a missing year leaves its weight out.

    Book equity is that of the newest year. None when no year has the figure.
    """
    newest = sorted(years, key=lambda year: year.end, reverse=True)[: len(YEAR_WEIGHTS)]
    if metric == "book_equity":
        newest = newest[:1]
    found = [
        (year.end, weight, figure)
        for year, weight in zip(newest, YEAR_WEIGHTS, strict=False)
        if (figure := year.figures[metric]) is not None
    ]
    if not found:
        return None
    total = sum(weight for _, weight, _ in found)
    weights = tuple(weight / total for _, weight, _ in found)
    value = sum(w * figure for w, (_, _, figure) in zip(weights, found, strict=True))
    missing = 0 if metric == "book_equity" else len(YEAR_WEIGHTS) - len(found)
    return WeightedMetric(value, tuple(end for end, _, _ in found), weights, missing)
