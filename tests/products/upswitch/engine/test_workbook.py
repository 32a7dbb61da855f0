"""The workbook: its formulas are live and come to the stored value, to the cent."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Literal
from xml.etree import ElementTree

import msgspec
import pytest

from myriad.products.upswitch.engine.document import Inputs, read_inputs
from myriad.products.upswitch.engine.formula import evaluate
from myriad.products.upswitch.engine.valuation import value
from myriad.products.upswitch.engine.workbook import write_workbook
from myriad.products.upswitch.parameters.defaults import DEFAULTS
from tests.products.upswitch.engine.conftest import REPOSITORY

NAMESPACE = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
EXAMPLE = REPOSITORY / "src" / "myriad" / "products" / "upswitch" / "example.json"


@pytest.fixture(scope="module")
def bakery() -> Inputs:
    return read_inputs(EXAMPLE.read_bytes())


def cells(packed: bytes, sheet: int) -> dict[str, tuple[str, str]]:
    """Return each cell as (formula, what is stored)."""
    with zipfile.ZipFile(io.BytesIO(packed)) as file:
        root = ElementTree.fromstring(file.read(f"xl/worksheets/sheet{sheet}.xml"))
    found = {}
    for cell in root.iterfind(".//s:c", NAMESPACE):
        formula = cell.findtext("s:f", "", NAMESPACE)
        stored = cell.findtext("s:v", "", NAMESPACE) or cell.findtext("s:is/s:t", "", NAMESPACE)
        found[cell.attrib["r"]] = (formula, stored)
    return found


def recompute(packed: bytes, changed: dict[str, float] | None = None) -> dict[str, float]:
    """Compute the sheet Proof from top to bottom, as a spreadsheet does."""
    keys: dict[str, str] = {}
    values: dict[str, float] = {}
    for at, (formula, stored) in cells(packed, 2).items():
        if at.startswith("A"):
            keys[f"c{at[1:]}"] = stored
        elif at.startswith("C") and at != "C1":
            name = f"c{at[1:]}"
            given = (changed or {}).get(keys[name])
            lower = re.sub(r"\bC(\d+)\b", r"c\1", formula)
            computed = evaluate(lower, values) if formula else float(stored)
            values[name] = computed if given is None else given
    return {keys[name]: number for name, number in values.items()}


def test_the_formulas_recompute_to_the_cent(bakery: Inputs) -> None:
    found = value(bakery, DEFAULTS)
    computed = recompute(write_workbook(found))
    assert round(computed["blend_middle"], 2) == found.middle.minor / 100
    assert round(computed["blend_low"], 2) == found.low.minor / 100


def test_a_changed_input_gives_what_the_engine_gives(bakery: Inputs) -> None:
    sheet = msgspec.structs.replace(bakery.input_sheet, target_operating_margin=0.09)
    other = value(msgspec.structs.replace(bakery, input_sheet=sheet), DEFAULTS)
    computed = recompute(write_workbook(value(bakery, DEFAULTS)), {"target_operating_margin": 0.09})
    assert round(computed["blend_middle"], 2) == other.middle.minor / 100


CHANGES = {
    "revenue_growth_next_year": 0.06,
    "riskfree_rate": 0.03,
    "book_value_of_debt": 500_000.0,
    "cash_and_marketable_securities": 90_000.0,
    "operating_income": 280_000.0,
    "initial_cost_of_capital": 0.12,
    "marginal_tax_rate": 0.28,
}


@pytest.mark.parametrize("mid_year", [True, False])
@pytest.mark.parametrize("method", ["finnerty", "chaffee"])
def test_every_input_moves_low_middle_and_high(
    bakery: Inputs, method: Literal["finnerty", "chaffee"], mid_year: bool
) -> None:
    """The range, the multiples' bridge and the discount follow, not the middle alone."""
    discounts = msgspec.structs.replace(bakery.discounts, marketability_method=method)
    discounting = msgspec.structs.replace(bakery.discounting, mid_year=mid_year)
    before = msgspec.structs.replace(bakery, discounts=discounts, discounting=discounting)
    changed = msgspec.structs.replace(before.input_sheet, **CHANGES)
    discounts = msgspec.structs.replace(discounts, price_deviation=0.5, holding_years=2.0)
    weights = msgspec.structs.replace(before.weights, revenues=0.3)
    other = value(
        msgspec.structs.replace(before, input_sheet=changed, discounts=discounts, weights=weights),
        DEFAULTS,
    )
    cells_changed = {"price_deviation": 0.5, "holding_years": 2.0, "weight_revenues": 0.3}
    computed = recompute(write_workbook(value(before, DEFAULTS)), CHANGES | cells_changed)
    found = [round(computed[f"blend_{end}"], 2) for end in ("low", "middle", "high")]
    assert found == [end.minor / 100 for end in (other.low, other.middle, other.high)]
    cash_flows = other.methods[0]
    assert computed["dcf_low"] == pytest.approx(cash_flows.low, abs=0.001)
    assert computed["dcf_high"] == pytest.approx(cash_flows.high, abs=0.001)


def test_an_adjustment_opens_to_its_parts(bakery: Inputs) -> None:
    computed = recompute(
        write_workbook(value(bakery, DEFAULTS)), {"accounts_3_adjustment_1": -48_000.0}
    )
    assert computed["accounts_3_adjustments"] == -39_000.0
    assert computed["accounts_3_ebitda"] == 318_000.0


def test_the_summary_points_at_the_proof(bakery: Inputs) -> None:
    found = value(bakery, DEFAULTS)
    packed = write_workbook(found)
    formula, stored = cells(packed, 1)["B5"]
    row = re.fullmatch(r"ROUND\(Proof!C(\d+),2\)", formula)
    assert row is not None
    assert cells(packed, 2)[f"A{row[1]}"][1] == "blend_middle"
    assert float(stored) == found.middle.minor / 100


def test_the_same_valuation_is_the_same_file(bakery: Inputs) -> None:
    found = value(bakery, DEFAULTS)
    assert write_workbook(found) == write_workbook(found)


def test_a_name_that_looks_like_a_formula_stays_text(bakery: Inputs) -> None:
    name = '=HYPERLINK("http://example.org")<&\x00'
    sheet = msgspec.structs.replace(bakery.input_sheet, company_name=name)
    found = value(msgspec.structs.replace(bakery, input_sheet=sheet), DEFAULTS)
    formula, stored = cells(write_workbook(found), 1)["A1"]
    assert formula == ""
    assert stored == '\'=HYPERLINK("http://example.org")<&'
