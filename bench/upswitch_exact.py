"""The valuation engine beside the published sheet: every cell, every published vector.

    ./myriad bench upswitch-exact

Reads the cells of A. Damodaran's fcffsimpleginzu sheet (Amazon, February 2024) and the industry
tables of two editions. A cell counts as off when it differs by more than 1e-6, absolute or, above
one, relative: the sheet was saved with ten digits. Cells that are inputs, headings or bounds of the
rating table are not compared; nor are the twelve quartiles of the input sheet's feedback, which
come from a table that is not in the data. amzn_error is absolute, in dollars a share; wacc_error
and beta_error are the largest absolute differences over all rows.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import upswitch_plain
from peers import REPOSITORY
from rich.console import Console
from rich.table import Table

from myriad.products.upswitch.engine import capital
from myriad.products.upswitch.engine.basis import Basis, resolve
from myriad.products.upswitch.engine.cells import read_cells
from myriad.products.upswitch.engine.discounts import chaffe, finnerty
from myriad.products.upswitch.engine.equity import enterprise_value, present_value
from myriad.products.upswitch.engine.leases import convert_leases
from myriad.products.upswitch.engine.parameters import Parameters
from myriad.products.upswitch.engine.proof import prove
from myriad.products.upswitch.engine.rating import interest_coverage, rate
from myriad.products.upswitch.engine.research import capitalize_research
from myriad.products.upswitch.engine.sensitivity import tornado
from myriad.products.upswitch.engine.solved import solve
from myriad.products.upswitch.engine.tabs import calculated_cells
from myriad.products.upswitch.parameters.folder import read_folder

PUBLISHED = 103.794556
TABS = {
    "Input sheet": "input_sheet_cells",
    "Valuation output": "output_sheet_cells",
    "Cost of capital worksheet": "cost_of_capital_cells",
    "Operating lease converter": "lease_cells",
    "R& D converter": "rd_cells",
    "Synthetic rating": "synthetic_rating_cells",
}
SWITCHED = [
    ("failure 12 % at half of value", {"B51": "Yes"}, 97.156056),
    ("no lag", {"B56": "Yes", "B57": 0}, 104.114606),
    ("return on capital 15 %", {"B48": "Yes"}, 140.268579),
    ("growth -5 %", {"B67": "Yes"}, 68.872690),
    ("losses of 731.4", {"B61": "Yes"}, 103.806752),
]
TORNADO = {
    "growth": (97.603031, 110.540596),
    "margin": (84.498392, 123.090720),
    "cost_of_capital": (110.861306, 97.212967),
    "sales_to_capital": (100.196948, 106.545669),
    "riskfree": (109.461099, 98.682976),
    "tax": (106.068226, 101.520887),
}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="the same: all of it is the default")
    parser.parse_args(argv)
    data = _data()
    sets = {item.name: item for item in read_folder(data)}
    document = json.loads((data / "ginzu_golden" / "amzn.json").read_text())
    basis = resolve(read_cells(document), sets["amzn"])
    table = Table("what", "compared", "largest error", "off")
    cells, cells_off = _cells(table, basis, document)
    vectors_off = _vectors(table, basis, document, sets)
    wacc, beta = _wacc(table, sets), _betas(table, data)
    amazon = abs(float(solve(basis).equity.per_share) - PUBLISHED)
    plain = abs(upswitch_plain.value(upswitch_plain.figures(basis)) - PUBLISHED)
    table.add_row("value of a share, engine", "1", f"{amazon:.1e}", str(int(amazon > 1e-6)))
    table.add_row("value of a share, plain Python", "1", f"{plain:.1e}", str(int(plain > 1e-6)))
    proof = prove(basis).largest_error()
    table.add_row("formulas of the proof, recomputed", str(len(prove(basis))), f"{proof:.1e}", "0")
    Console(width=100).print(table)
    print(
        f"RESULT upswitch-exact amzn_error={amazon:.3e} wacc_error={wacc:.3e} "
        f"beta_error={beta:.3e} cells_off={cells_off} cells_compared={cells} "
        f"vectors_off={vectors_off} proof_error={proof:.3e} plain_error={plain:.3e}"
    )
    return 0


def _data() -> Path:
    for parent in REPOSITORY.parents:
        if (parent / "shared" / "data" / "upswitch").is_dir():
            return parent / "shared" / "data" / "upswitch"
    sys.exit("REAL DATA MISSING: no ../shared/data/upswitch beside the repository.")


def _cells(table: Table, basis: Basis, document: dict[str, Any]) -> tuple[int, int]:
    ours, whole, off = calculated_cells(solve(basis)), 0, 0
    for tab, name in TABS.items():
        pairs = [
            (ours[f"{tab}!{cell}"], number)
            for cell, number in document[name].items()
            if isinstance(number, int | float) and f"{tab}!{cell}" in ours
        ]
        errors = [abs(mine - theirs) / max(1.0, abs(theirs)) for mine, theirs in pairs]
        wrong = sum(error > 1e-6 for error in errors)
        table.add_row(f"cells of {tab!r}", str(len(pairs)), f"{max(errors):.1e}", str(wrong))
        whole, off = whole + len(pairs), off + wrong
    return whole, off


def _vectors(
    table: Table, basis: Basis, document: dict[str, Any], sets: dict[str, Parameters]
) -> int:
    groups = {
        "switches": _switched(document, sets),
        "tornado": _tornado(basis),
        "cost of capital chain": _chain(),
        "leases, R&D, rating": _converters(document, sets),
        "mid-year": _mid_year(),
        "marketability discounts": _marketability(),
    }
    off = 0
    for name, pairs in groups.items():
        # A vector holds to half a unit of its last published digit.
        errors = [abs(mine - theirs) / digit for mine, theirs, digit in pairs]
        wrong = sum(error > 0.51 for error in errors)
        table.add_row(
            f"vectors: {name}", str(len(pairs)), f"{max(errors):.2f} of a digit", str(wrong)
        )
        off += wrong
    return off


Pairs = list[tuple[float, float, float]]


def _switched(document: dict[str, Any], sets: dict[str, Parameters]) -> Pairs:
    found = []
    for _, cells, expected in SWITCHED:
        changed = {**document, "input_sheet_cells": document["input_sheet_cells"] | cells}
        solved = solve(resolve(read_cells(changed), sets["amzn"]))
        found.append((float(solved.equity.per_share), expected, 1e-6))
    return found


def _tornado(basis: Basis) -> Pairs:
    ends = {swing.lever: (swing.low, swing.high) for swing in tornado(basis)}
    return [(ends[name][side], TORNADO[name][side], 1e-6) for name in TORNADO for side in (0, 1)]


def _chain() -> Pairs:
    debt = capital.market_value_of_debt(3_182.0, 161_574.0, 0.05, 3.0)
    beta = capital.lever(1.278331, 0.25, debt / 1_773_148.0)
    equity = capital.cost_of_equity(0.0408, beta, 0.04901547956)
    mix = capital.CapitalMix(1_773_148.0, debt)
    whole = capital.weighted_cost(mix, equity, capital.after_tax(0.05, 0.25))
    return [
        (float(debt), 148_239.0714, 1e-4),
        (float(beta), 1.358484, 1e-6),
        (float(equity), 0.107387, 1e-6),
        (float(whole), 0.101995, 1e-6),
    ]


def _converters(document: dict[str, Any], sets: dict[str, Parameters]) -> Pairs:
    inputs = read_cells(document)
    assert inputs.operating_lease_converter is not None
    assert inputs.rd_converter is not None
    leases = convert_leases(inputs.operating_lease_converter, 0.05)
    research = capitalize_research(inputs.rd_converter)
    rating = rate(interest_coverage(36_852, 3_182), sets["amzn"].need_ratings().small, 0.0408)
    return [
        (leases.debt, 1_285.386837, 1e-6),
        (leases.depreciation, 160.673355, 1e-6),
        (leases.income_adjustment, 134.326645, 1e-6),
        (float(leases.years_beyond), 3.0, 1e-6),
        (research.asset, 153_114.6667, 1e-4),
        (research.amortization, 57_335.0, 1e-6),
        (research.income_adjustment, 28_287.0, 1e-6),
        (rating.coverage, 11.581, 1e-3),
        (rating.company_spread, 0.007, 1e-6),
        (rating.pretax_cost_of_debt, 0.0478, 1e-6),
    ]


def _mid_year() -> Pairs:
    even, rising = np.full(5, 100.0), 100.0 * np.float64(1.1) ** np.arange(5.0)
    return [
        (float(present_value(even, 0.1)), 379.078677, 1e-6),
        (float(present_value(even, 0.1, mid_year=True)), 397.581071, 1e-6),
        (enterprise_value(rising, 0.1, 0.02), 1_613.636364, 1e-6),
        (enterprise_value(rising, 0.1, 0.02, mid_year=True), 1_692.396096, 1e-6),
    ]


def _marketability() -> Pairs:
    puts = [(0.3, 1, 10.3279), (0.5, 1, 18.0061), (0.3, 3, 15.5999), (0.5, 3, 27.9167)]
    means = [(0.3, 1, 6.8495), (0.5, 1, 11.2381), (0.3, 3, 11.6560), (0.5, 3, 18.5196)]
    found = [(100 * chaffe(sigma, years, 0.03), percent, 1e-4) for sigma, years, percent in puts]
    return found + [
        (100 * finnerty(sigma, years), percent, 1e-4) for sigma, years, percent in means
    ]


def _stated(figure: float | None) -> float:
    """Return a figure that the published table must state."""
    if figure is None:
        sys.exit("upswitch-exact: the published table lacks a figure of an industry")
    return figure


def _wacc(table: Table, sets: dict[str, Parameters]) -> float:
    errors: list[float] = []
    for edition in ("amzn", "ko"):
        for market in ("us", "global"):
            rows = sets[edition].need_industries(market)
            for row in rows.rows.values():
                equity = capital.cost_of_equity(
                    _stated(rows.riskfree_rate),
                    _stated(row.levered_beta),
                    _stated(rows.equity_risk_premium),
                )
                whole = capital.industry_cost(
                    equity,
                    _stated(row.pretax_cost_of_debt),
                    _stated(rows.tax_rate),
                    _stated(row.debt_to_capital),
                )
                errors += [
                    float(np.abs(equity - _stated(row.cost_of_equity))),
                    float(np.abs(whole - _stated(row.cost_of_capital))),
                ]
    table.add_row(
        "industries: cost of equity and capital",
        str(len(errors) // 2),
        f"{max(errors):.1e}",
        str(sum(e > 1e-12 for e in errors)),
    )
    return float(max(errors))


def _betas(table: Table, data: Path) -> float:
    with (data / "damodaran_2020_us" / "betas.csv").open() as file:
        rows = list(csv.DictReader(file))
    errors: list[float] = []
    for row in rows:
        beta = capital.unlever(float(row["Beta"]), 0.25, float(row["D/E Ratio"]))
        clean = capital.correct_for_cash(beta, float(row["Cash/Firm value"]))
        errors.append(abs(float(beta) - float(row["Unlevered beta"])))
        errors.append(abs(float(clean) - float(row["Unlevered beta corrected for cash"])))
    table.add_row(
        "betas: unlevered, corrected for cash",
        str(len(rows)),
        f"{max(errors):.1e}",
        str(sum(e > 1e-12 for e in errors)),
    )
    return max(errors)


if __name__ == "__main__":
    sys.exit(main())
