"""A published sheet, carried over cell by cell.

Takes the cells of fcffsimpleginzu.xlsx (A. Damodaran, NYU Stern, editions of 2024) by address, one
mapping for each tab, and returns them as inputs. Blank cells are simply absent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from myriad.products.upswitch.engine.document import Inputs, convert_inputs
from myriad.products.upswitch.engine.trace_inputs import ROWS
from myriad.products.upswitch.errors import InputsError

Cells = Mapping[str, Any]

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SWITCHES = {
    "capitalize_rd": 16,
    "convert_operating_leases": 17,
    "has_employee_options": 37,
    "override_terminal_cost_of_capital": 45,
    "override_terminal_return_on_capital": 48,
    "override_failure": 51,
    "override_reinvestment_lag": 56,
    "override_tax_rate_convergence": 59,
    "override_net_operating_loss": 61,
    "override_riskfree_rate_after_year_10": 64,
    "override_growth_in_perpetuity": 67,
    "override_trapped_cash": 70,
}
_TEXTS = {
    "company_name": 4,
    "country_of_incorporation": 7,
    "industry_us": 8,
    "industry_global": 9,
    "distress_proceeds_tied_to": 53,
}
_MORE_ROWS = {
    "terminal_cost_of_capital": 46,
    "probability_of_failure": 52,
    "net_operating_loss": 62,
    "riskfree_rate_after_year_10": 65,
    "growth_rate_in_perpetuity": 68,
}
_PRIOR = {
    "revenues": "C11",
    "operating_income": "C12",
    "book_value_of_equity": "C14",
    "book_value_of_debt": "C15",
    "cash_and_marketable_securities": "C18",
    "years_since_last_10k": "D11",
}
_CHOICES = {
    "i will input": "direct_input",
    "will input": "direct_input",
    "direct input": "direct_input",
}
_CAPITAL_TEXTS = {
    "approach": "B11",
    "beta_approach": "B21",
    "equity_risk_premium_approach": "B25",
    "debt_cost_approach": "B33",
    "industry_approach": "B66",
}
_CAPITAL_NUMBERS = {
    "direct_cost_of_capital": "B12",
    "direct_levered_beta": "B22",
    "direct_equity_risk_premium": "B26",
    "debt_average_maturity_years": "B32",
    "direct_pretax_cost_of_debt": "B34",
    "convertible_book_value": "B40",
    "convertible_interest_expense": "B41",
    "convertible_maturity_years": "B42",
    "convertible_market_value": "B43",
    "preferred_shares": "B48",
    "preferred_price_per_share": "B49",
    "preferred_dividend_per_share": "B50",
}
INPUT_CELLS = {
    "date_of_valuation": "B3",
    "initial_cost_of_capital": "B35",
    "reinvestment_lag_years": "B57",
    **{name: f"B{row}" for name, row in (_TEXTS | ROWS | _SWITCHES | _MORE_ROWS).items()},
}
"""Where each field stands in the input sheet."""
CAPITAL_CELLS = _CAPITAL_TEXTS | _CAPITAL_NUMBERS
"""Where each field stands in the cost of capital worksheet."""


def is_sheet(document: object) -> bool:
    """Whether a JSON document holds a published sheet's cells instead of inputs."""
    return isinstance(document, Mapping) and "input_sheet_cells" in document


def read_cells(document: Mapping[str, Cells], **more: Any) -> Inputs:
    """Return a sheet as inputs; raises InputsError.

    `document` has the keys input_sheet_cells, cost_of_capital_cells, lease_cells and rd_cells, of
    which the first is needed. `more` are further fields of the inputs. The initial cost of capital
    is recomputed from its worksheet where that is there.
    """
    sheet = document["input_sheet_cells"]
    capital = document.get("cost_of_capital_cells")
    tabs: dict[str, Any] = {"input_sheet": _input_sheet(sheet, keep_rate=not capital)}
    if capital:
        tabs["cost_of_capital_worksheet"] = _capital(capital)
    if document.get("lease_cells"):
        tabs["operating_lease_converter"] = _leases(document["lease_cells"])
    if document.get("rd_cells"):
        tabs["rd_converter"] = _research(document["rd_cells"])
    return convert_inputs({**tabs, **more})


def _input_sheet(cells: Cells, *, keep_rate: bool) -> dict[str, Any]:
    found: dict[str, Any] = _numbers(cells, {**ROWS, **_MORE_ROWS})
    found |= {name: _is_yes(cells.get(f"B{row}")) for name, row in _SWITCHES.items()}
    texts = {name: cells.get(f"B{row}") for name, row in _TEXTS.items()}
    found |= {name: str(text) for name, text in texts.items() if text is not None}
    if "B57" in cells:
        found["reinvestment_lag_years"] = _lag(cells["B57"])
    if keep_rate and "B35" in cells:
        found["initial_cost_of_capital"] = cells["B35"]
    day = str(cells.get("B3", ""))[:10]
    if _DAY.fullmatch(day):
        found["date_of_valuation"] = day
    prior = {name: cells[at] for name, at in _PRIOR.items() if at in cells}
    if "revenues" in prior:
        found["prior_year"] = prior
    return found


def _numbers(cells: Cells, rows: Mapping[str, int]) -> dict[str, Any]:
    return {name: cells[f"B{row}"] for name, row in rows.items() if f"B{row}" in cells}


def _is_yes(value: object) -> bool:
    return str(value).strip().lower() == "yes"


def _lag(value: object) -> int:
    """The sheet takes any lag but 0, 2 and 3 as one year."""
    number = float(str(value))
    return int(number) if number in (0, 2, 3) else 1


def _capital(cells: Cells) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: _choice(cells[at]) for name, at in _CAPITAL_TEXTS.items() if at in cells
    }
    found |= {name: cells[at] for name, at in _CAPITAL_NUMBERS.items() if at in cells}
    found["operating_countries"] = _places(cells, range(5, 18), given_from=16)
    found["operating_regions"] = _places(cells, range(21, 32), given_from=30)
    found["businesses_us"] = _businesses(cells, range(36, 48))
    found["businesses_global"] = _businesses(cells, range(52, 64))
    if "B35" in cells:
        found["actual_rating"] = str(cells["B35"])
    if "B36" in cells:
        found["company_type"] = int(cells["B36"])
    if "B70" in cells and "B71" in cells:
        found |= {"distribution_region": cells["B70"], "distribution_group": cells["B71"]}
    return found


def _choice(value: object) -> str:
    """Return a choice of the sheet as a word: "Single Business(US)" is single_business_us."""
    text = str(value).strip().lower()
    word = text.replace("(", " ").replace(")", "").replace("synethetic", "synthetic")
    return _CHOICES.get(text, "_".join(word.split()))


def _places(cells: Cells, rows: range, given_from: int) -> list[dict[str, Any]]:
    """Return places with revenues; from `given_from` on the premium was typed in."""
    found = []
    for row in rows:
        if not cells.get(f"H{row}"):
            continue
        place = {"name": str(cells.get(f"G{row}", f"row {row}")), "revenues": cells[f"H{row}"]}
        if row >= given_from:
            place["equity_risk_premium"] = cells.get(f"I{row}", 0.0)
        found.append(place)
    return found


def _businesses(cells: Cells, rows: range) -> list[dict[str, Any]]:
    return [
        {"industry": str(cells[f"G{row}"]), "revenues": cells[f"H{row}"]}
        for row in rows
        if cells.get(f"G{row}") and cells.get(f"H{row}")
    ]


def _leases(cells: Cells) -> dict[str, Any]:
    return {
        "current_year_expense": cells.get("E4", 0.0),
        "commitments_years_1_to_5": [cells.get(f"B{row}", 0.0) for row in range(7, 12)],
        "commitments_beyond_year_5": cells.get("B12", 0.0),
    }


def _research(cells: Cells) -> dict[str, Any]:
    if "F6" not in cells or "F7" not in cells:
        raise InputsError("the R&D tab needs F6 (years) and F7 (this year's expense)")
    past = [cells.get(f"B{row}", 0.0) for row in range(11, 21)]
    while past and past[-1] == 0.0:
        past.pop()
    return {
        "amortization_years": int(cells["F6"]),
        "current_year_expense": cells["F7"],
        "past_expenses": past,
    }
