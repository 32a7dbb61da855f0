"""The published sheet and every published vector, to the digits they were published with."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from myriad.products.upswitch.engine import capital
from myriad.products.upswitch.engine.basis import Basis, resolve
from myriad.products.upswitch.engine.cells import read_cells
from myriad.products.upswitch.engine.levers import value_drivers
from myriad.products.upswitch.engine.parameters import Parameters
from myriad.products.upswitch.engine.proof import prove
from myriad.products.upswitch.engine.sensitivity import tornado
from myriad.products.upswitch.engine.solved import solve
from myriad.products.upswitch.engine.tabs import calculated_cells

TABS = {
    "Input sheet": "input_sheet_cells",
    "Valuation output": "output_sheet_cells",
    "Cost of capital worksheet": "cost_of_capital_cells",
    "Operating lease converter": "lease_cells",
    "R& D converter": "rd_cells",
    "Synthetic rating": "synthetic_rating_cells",
}
SWITCHED = {
    "failure": ({"B51": "Yes"}, 97.156056),
    "lag-0": ({"B56": "Yes", "B57": 0}, 104.114606),
    "return-15": ({"B48": "Yes"}, 140.268579),
    "shrinking": ({"B67": "Yes"}, 68.872690),
    "losses": ({"B61": "Yes"}, 103.806752),
}
TORNADO = {
    "growth": (97.603031, 110.540596),
    "margin": (84.498392, 123.090720),
    "cost_of_capital": (110.861306, 97.212967),
    "sales_to_capital": (100.196948, 106.545669),
    "riskfree": (109.461099, 98.682976),
    "tax": (106.068226, 101.520887),
}


def test_a_share_of_the_published_company_is_worth_what_was_published(amazon: Basis) -> None:
    assert float(solve(amazon).equity.per_share) == pytest.approx(103.794556, abs=1e-6)


def test_every_calculated_cell_of_the_published_sheet_is_equal(
    amazon: Basis, published: dict[str, Any]
) -> None:
    ours = calculated_cells(solve(amazon))
    theirs = {
        f"{tab}!{cell}": number
        for tab, name in TABS.items()
        for cell, number in published[name].items()
        if isinstance(number, int | float)
    }
    compared = {at: (theirs[at], ours[at]) for at in theirs.keys() & ours.keys()}
    off = {
        at: pair
        for at, pair in compared.items()
        if pair[1] != pytest.approx(pair[0], rel=1e-6, abs=1e-6)
    }
    assert off == {}
    assert len(compared) > 500


@pytest.mark.parametrize("name", SWITCHED)
def test_each_switch_gives_its_regression_value(
    name: str, published: dict[str, Any], vintages: dict[str, Parameters]
) -> None:
    cells, expected = SWITCHED[name]
    changed = {**published, "input_sheet_cells": published["input_sheet_cells"] | cells}
    basis = resolve(read_cells(changed), vintages["amzn"])
    assert float(solve(basis).equity.per_share) == pytest.approx(expected, abs=1e-6)


def test_the_tornado_swings_as_published(amazon: Basis) -> None:
    found = {swing.lever: (swing.low, swing.high) for swing in tornado(amazon)}
    assert found == {name: pytest.approx(ends, abs=1e-6) for name, ends in TORNADO.items()}


def test_every_formula_of_the_proof_comes_to_its_number(amazon: Basis) -> None:
    trace = prove(amazon)
    assert len(trace) > 350
    assert trace.largest_error() < 1e-12


@pytest.mark.parametrize("vintage", ["amzn", "ko"])
@pytest.mark.parametrize("market", ["us", "global"])
def test_the_cost_of_capital_of_every_industry_is_exact(
    vintage: str, market: str, vintages: dict[str, Parameters]
) -> None:
    table = getattr(vintages[vintage], f"industries_{market}")
    assert len(table.rows) == 96
    for row in table.rows.values():
        equity = capital.cost_of_equity(
            table.riskfree_rate, row.levered_beta, table.equity_risk_premium
        )
        whole = capital.industry_cost(
            equity, row.pretax_cost_of_debt, table.tax_rate, row.debt_to_capital
        )
        assert equity == pytest.approx(row.cost_of_equity, abs=1e-12)
        assert whole == pytest.approx(row.cost_of_capital, abs=1e-12)


def test_96_betas_unlever_and_lose_their_cash_exactly(shared_data: Path) -> None:
    path = shared_data / "upswitch" / "damodaran_2020_us" / "betas.csv"
    with path.open() as file:
        rows = list(csv.DictReader(file))
    beta, debt, cash, unlevered, corrected = (
        np.array([float(row[name]) for row in rows])
        for name in (
            "Beta",
            "D/E Ratio",
            "Cash/Firm value",
            "Unlevered beta",
            "Unlevered beta corrected for cash",
        )
    )
    ours = np.asarray(capital.unlever(beta, 0.25, debt))
    assert len(rows) == 96
    assert np.abs(ours - unlevered).max() < 1e-12
    assert np.abs(np.asarray(capital.correct_for_cash(ours, cash)) - corrected).max() < 1e-12


def test_the_detailed_cost_of_capital_is_the_published_one(
    published: dict[str, Any], vintages: dict[str, Parameters]
) -> None:
    cells = published["cost_of_capital_cells"] | {
        "B11": "Detailed",
        "B33": "Direct input",
        "B34": 0.05,
    }
    basis = resolve(read_cells({**published, "cost_of_capital_cells": cells}), vintages["amzn"])
    assert float(basis.drivers.initial_cost_of_capital) == pytest.approx(0.1019948499, abs=1e-9)


def test_a_sheet_with_leases_and_synthetic_rating_settles(
    published: dict[str, Any], vintages: dict[str, Parameters]
) -> None:
    sheet = published["input_sheet_cells"] | {"B17": "Yes"}
    cells = published["cost_of_capital_cells"] | {"B11": "Detailed", "B33": "Synthetic rating"}
    document = {**published, "input_sheet_cells": sheet, "cost_of_capital_cells": cells}
    basis = resolve(read_cells(document), vintages["amzn"])
    assert basis.debt is not None
    assert basis.debt.rating is not None
    assert basis.debt.pretax == pytest.approx(0.0408 + basis.debt.rating.company_spread)
    assert float(value_drivers(basis, basis.drivers).per_share) > 0
    assert prove(basis).largest_error() < 1e-12


def test_a_premium_that_was_typed_into_the_sheet_is_not_said_to_be_published(
    amazon: Basis,
) -> None:
    trace = prove(amazon)
    sources = {step.label: step.source for step in trace if step.key.endswith("_premium")}
    assert sources["Rest of the World: equity risk premium"] == "given with the inputs"
    assert "country_erp" in sources["Asia: equity risk premium"]


SECOND_COMPANY = {
    "B3": "Sun Sep 01 2024",
    "B4": "Coca Cola",
    "B7": "United States",
    "B8": "Beverage (Soft)",
    "B9": "Beverage (Soft)",
    "B11": 46465,
    "B12": 10316,
    "B13": 1581,
    "B14": 25853,
    "B15": 41878,
    "B16": "No",
    "B17": "No",
    "B18": 15302,
    "B19": 18940,
    "B20": 1558,
    "B21": 4315,
    "B22": 72.28,
    "B23": 0.175,
    "B24": 0.25,
    "B26": 0.05,
    "B30": 5,
    "B34": 0.0458,
    "B57": 1,
}
SECOND_CAPITAL = {
    "B11": "Detailed",
    "B21": "Single Business(US)",
    "B25": "Operating regions",
    "B32": 3,
    "B33": "Actual rating",
    "B35": "A1/A+",
    "B36": 2,
    "G22": "Asia",
    "H22": 5455,
    "G25": "Central and South America",
    "H25": 5830,
    "G28": "North America",
    "H28": 16774,
    "G30": "EMEA",
    "H30": 8078,
    "I30": 0.0587,
    "G31": "Rest of the World",
    "H31": 10924,
    "I31": 0.055,
}


def test_a_second_company_is_worth_what_the_formulas_of_its_sheet_come_to(
    vintages: dict[str, Parameters],
) -> None:
    """Coca-Cola, September 2024: detailed cost of capital, regions, an actual rating.

    The inputs are those of the published sheet; the figures are its formulas, computed apart from
    this engine. Its sales to capital is the industry's, margins are those of the base year.
    """
    cells = {"input_sheet_cells": SECOND_COMPANY, "cost_of_capital_cells": SECOND_CAPITAL}
    basis = resolve(read_cells(cells), vintages["ko"])
    assert float(basis.drivers.initial_cost_of_capital) == pytest.approx(
        0.07326453385542689, rel=1e-12
    )
    solved = solve(basis)
    assert float(solved.equity.per_share) == pytest.approx(28.15034451619188, abs=1e-9)
    assert prove(basis, solved).largest_error() < 1e-12
