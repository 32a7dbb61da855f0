"""An invented company, a published one, and a second opinion on both."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from myriad.products.upswitch.engine.basis import Basis, resolve
from myriad.products.upswitch.engine.cells import read_cells
from myriad.products.upswitch.engine.document import Inputs, convert_inputs
from myriad.products.upswitch.engine.parameters import Parameters
from myriad.products.upswitch.parameters.defaults import DEFAULTS
from myriad.products.upswitch.parameters.folder import read_folder

REPOSITORY = Path(__file__).parents[4]
SHEET: dict[str, Any] = {
    "revenues": 1000.0,
    "operating_income": 120.0,
    "book_value_of_equity": 400.0,
    "book_value_of_debt": 200.0,
    "cash_and_marketable_securities": 50.0,
    "effective_tax_rate": 0.2,
    "marginal_tax_rate": 0.25,
    "revenue_growth_next_year": 0.08,
    "revenue_growth_years_2_to_5": 0.06,
    "target_operating_margin": 0.15,
    "sales_to_capital_years_1_to_5": 2.0,
    "riskfree_rate": 0.03,
    "initial_cost_of_capital": 0.09,
}

Make = Callable[..., Inputs]


@pytest.fixture(scope="session")
def plain() -> ModuleType:
    """The same valuation in plain Python."""
    path = REPOSITORY / "bench" / "upswitch_plain.py"
    spec = importlib.util.spec_from_file_location("upswitch_plain", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make(document: dict[str, Any] | None = None, **sheet: Any) -> Inputs:
    """Return the inputs of an invented company with some rows changed."""
    base = {"mature_market_equity_risk_premium": 0.05, "input_sheet": SHEET | sheet}
    return convert_inputs(base | (document or {}))


def basis_of(document: dict[str, Any] | None = None, **sheet: Any) -> Basis:
    """Return the basis of an invented company."""
    return resolve(make(document, **sheet), DEFAULTS)


@pytest.fixture(scope="session")
def vintages(shared_data: Path) -> dict[str, Parameters]:
    """The published parameters by the name of their set."""
    return {item.name: item for item in read_folder(shared_data / "upswitch")}


@pytest.fixture(scope="session")
def published(shared_data: Path) -> dict[str, Any]:
    """All cells of a published sheet."""
    path = shared_data / "upswitch" / "ginzu_golden" / "amzn.json"
    document: dict[str, Any] = json.loads(path.read_text())
    return document


@pytest.fixture(scope="session")
def amazon(published: dict[str, Any], vintages: dict[str, Parameters]) -> Basis:
    """The published company's basis."""
    return resolve(read_cells(published), vintages["amzn"])
