"""The published sheet's cash flow valuation in plain Python, one company at a time.

Written from the sheet's own formulas, row by row, without the engine: the peer of its speed, and
the second opinion on its figures.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

Figures = Mapping[str, float]


def figures(basis: Any) -> dict[str, float]:
    """Return what the engine was given, under the short names used here."""
    d, c = basis.drivers, basis.claims
    return {
        "revenues": d.revenues,
        "g1": d.revenue_growth_next_year,
        "g25": d.revenue_growth_years_2_to_5,
        "gt": d.growth_in_perpetuity,
        "m1": d.operating_margin_next_year,
        "mt": d.target_operating_margin,
        "conv": d.margin_convergence_year,
        "tax": d.effective_tax_rate,
        "tax_t": d.terminal_tax_rate,
        "nol": d.net_operating_loss,
        "sc1": d.sales_to_capital_years_1_to_5,
        "sc6": d.sales_to_capital_years_6_to_10,
        "wacc": d.initial_cost_of_capital,
        "wacc_t": d.terminal_cost_of_capital,
        "roc_t": d.terminal_return_on_capital or 0.0,
        "lag": d.reinvestment_lag_years,
        "failure": c.probability_of_failure,
        "proceeds": c.proceeds_share,
        "book": c.proceeds_on_book or 0.0,
        "debt": c.debt,
        "minority": c.minority_interests,
        "cash": c.cash,
        "other": c.non_operating_assets,
        "shares": c.shares,
    }


def rows(d: Figures) -> dict[str, list[float]]:
    """Return revenues (years 0 to 11), reinvestment and after-tax income (0 to 11), costs."""
    growth = [0.0, d["g1"]] + [d["g25"]] * 4
    growth += [d["g25"] - (d["g25"] - d["gt"]) / 5 * k for k in range(1, 6)] + [d["gt"]]
    revenues = [d["revenues"]]
    for year in range(1, 12):
        revenues.append(revenues[-1] * (1 + growth[year]))
    cost = [0.0] + [d["wacc"]] * 5
    cost += [d["wacc"] - (d["wacc"] - d["wacc_t"]) / 5 * k for k in range(1, 6)] + [d["wacc_t"]]
    income = taxed(d, revenues)
    spent = reinvested(d, growth, revenues)
    returns = d["roc_t"] if d.get("roc_t") else cost[10]
    spent.append(d["gt"] / returns * income[11] if d["gt"] > 0 else 0.0)
    return {"revenues": revenues, "income": income, "spent": spent, "cost": cost}


def taxed(d: Figures, revenues: list[float]) -> list[float]:
    """Return operating income after tax and losses carried forward, years 0 to 11."""
    after, loss = [0.0], d["nol"]
    for year in range(1, 11):
        ebit = revenues[year] * margin(d, year)
        step = max(0, year - 5) / 5
        rate = d["tax"] + (d["tax_t"] - d["tax"]) * step
        if ebit <= 0 or ebit < loss:
            after.append(ebit)
        else:
            after.append(ebit - (ebit - loss) * rate)
        loss = loss - ebit if ebit < 0 or loss > ebit else 0.0
    after.append(revenues[11] * margin(d, 10) * (1 - d["tax_t"]))
    return after


def margin(d: Figures, year: int) -> float:
    """Return the operating margin of a year."""
    if year == 1:
        return d["m1"]
    if year > d["conv"]:
        return d["mt"]
    return d["mt"] - (d["mt"] - d["m1"]) / d["conv"] * (d["conv"] - year)


def reinvested(d: Figures, growth: list[float], revenues: list[float]) -> list[float]:
    """Return reinvestment, years 0 to 10, with the sheet's own ends for lags of 2 and 3."""
    spent, lag = [0.0], int(d["lag"])
    for year in range(1, 11):
        ratio = d["sc1"] if year <= 5 else d["sc6"]
        if lag == 3 and year == 10:
            spent.append(spent[9] * (1 + growth[11]))
        elif lag == 2 and year >= 9:
            spent.append(revenues[year + 1] * growth[year + 1] / ratio)
        elif lag == 3 and year == 9:
            spent.append(revenues[11] * growth[11] / ratio)
        else:
            spent.append((revenues[year + lag] - revenues[year + lag - 1]) / ratio)
    if lag == 2:
        spent[9] = revenues[10] * growth[10] / d["sc6"]
        spent[10] = revenues[11] * growth[11] / d["sc6"]
    return spent


def value(d: Figures) -> float:
    """Return the value of a share."""
    found = rows(d)
    factor, total = 1.0, 0.0
    for year in range(1, 11):
        factor /= 1 + found["cost"][year]
        total += (found["income"][year] - found["spent"][year]) * factor
    last = found["income"][11] - found["spent"][11]
    total += last / (d["wacc_t"] - d["gt"]) * factor
    proceeds = (d["book"] if d.get("book") else total) * d["proceeds"]
    assets = total * (1 - d["failure"]) + proceeds * d["failure"]
    return (assets - d["debt"] - d["minority"] + d["cash"] + d["other"]) / d["shares"]


def quick(d: Figures, g25: float, target: float, wacc: float, ratio: float) -> float:
    """Return the value of a share with a lag of one year and no losses, in one pass.

    What a good plain script does: no lists, nothing computed that the default switches leave out.
    """
    gt, tax, tax_t, wacc_t, conv = d["gt"], d["tax"], d["tax_t"], d["wacc_t"], d["conv"]
    first = d["m1"]
    revenues = d["revenues"] * (1 + d["g1"])
    factor, total = 1.0, 0.0
    for year in range(1, 11):
        step = (year - 5) / 5 if year > 5 else 0.0
        cost = wacc + (wacc_t - wacc) * step
        after = year + 1
        growth = g25 if after <= 5 else g25 - (g25 - gt) / 5 * min(after - 5, 5)
        following = revenues * (1 + growth)
        rate = first if year == 1 else target
        if 1 < year <= conv:
            rate = target - (target - first) / conv * (conv - year)
        income = revenues * rate
        if income > 0:
            income *= 1 - (tax + (tax_t - tax) * step)
        factor /= 1 + cost
        spent = (following - revenues) / (ratio if year <= 5 else d["sc6"])
        total += (income - spent) * factor
        revenues = following
    income = revenues * target * (1 - tax_t)
    spent = gt / (d["roc_t"] or wacc_t) * income if gt > 0 else 0.0
    total += (income - spent) / (wacc_t - gt) * factor
    proceeds = (d["book"] or total) * d["proceeds"]
    assets = total * (1 - d["failure"]) + proceeds * d["failure"]
    return (assets - d["debt"] - d["minority"] + d["cash"] + d["other"]) / d["shares"]


def simulate(d: Figures, paths: int, seed: int) -> list[float]:
    """Return the values of paths with the default uncertainties, sorted."""
    draw = random.Random(seed)
    gauss, triangular = draw.gauss, draw.triangular
    return sorted(
        quick(
            d,
            d["g25"] + gauss(0, 0.02),
            d["mt"] + gauss(0, 0.02),
            d["wacc"] + gauss(0, 0.01),
            d["sc1"] + triangular(-0.2, 0.2, 0.0),
        )
        for _ in range(paths)
    )
