"""A whole valuation: methods, blend, simulation, grid, flags, waterfall."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import jsonschema
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.kit.money import Money
from myriad.products.upswitch.engine.blend import blend, redistributed
from myriad.products.upswitch.engine.document import (
    Inputs,
    read_inputs,
    write_inputs,
)
from myriad.products.upswitch.engine.market_inputs import FiscalYear, Uncertainty
from myriad.products.upswitch.engine.methods import MethodResult
from myriad.products.upswitch.engine.metrics import normalise, weigh
from myriad.products.upswitch.engine.montecarlo import simulate
from myriad.products.upswitch.engine.proof import prove, prove_all
from myriad.products.upswitch.engine.schema import inputs_schema
from myriad.products.upswitch.engine.sensitivity import grid
from myriad.products.upswitch.engine.summary import summarize
from myriad.products.upswitch.engine.valuation import Valuation, value
from myriad.products.upswitch.engine.waterfall import Kept, explain
from myriad.products.upswitch.parameters.defaults import DEFAULTS
from tests.products.upswitch.engine.conftest import REPOSITORY, basis_of, make

PRODUCT = REPOSITORY / "src" / "myriad" / "products" / "upswitch"


@pytest.fixture(scope="module")
def bakery() -> Inputs:
    return read_inputs((PRODUCT / "example.json").read_bytes())


def test_the_shipped_schema_is_that_of_the_types() -> None:
    shipped = json.loads((PRODUCT / "inputs.schema.json").read_text())
    assert shipped == inputs_schema()
    jsonschema.Draft202012Validator.check_schema(shipped)


def test_the_worked_example_fits_the_schema_and_has_a_value(bakery: Inputs) -> None:
    document = json.loads((PRODUCT / "example.json").read_text())
    jsonschema.Draft202012Validator(inputs_schema()).validate(document)
    found = value(bakery, DEFAULTS)
    assert 0 < found.low.minor < found.middle.minor < found.high.minor
    assert [flag.code for flag in found.flags] == [
        "owner_dependence",
        "customer_concentration",
        "deferred_capex",
        "debtor_days",
    ]
    assert read_inputs(write_inputs(bakery)) == bakery


def test_the_same_inputs_are_the_same_value(bakery: Inputs) -> None:
    assert value(bakery, DEFAULTS).middle == value(bakery, DEFAULTS).middle


def test_a_summary_is_plain_json_with_every_number_of_the_trace(bakery: Inputs) -> None:
    found = summarize(value(bakery, DEFAULTS), with_trace=True)
    again = json.loads(json.dumps(found, allow_nan=False))
    keys = {row["key"] for row in again["trace"]}
    assert all(name in keys for row in again["trace"] for name in row["inputs"])
    assert all(row["source"] for row in again["trace"])


def test_every_number_of_a_whole_valuation_follows_from_its_formula(bakery: Inputs) -> None:
    found = value(bakery, DEFAULTS)
    trace = prove_all(found)
    assert trace["blend_middle"].value == found.blend.middle
    assert trace.largest_error() < 1e-12


def test_a_bank_is_proven_without_cash_flows() -> None:
    year = {"end": "2025-12-31", "operating_income": 9.0, "book_equity": 400.0}
    multiple = {"metric": "book_equity", "low": 0.8, "middle": 1.0, "high": 1.2, "source": "a test"}
    market = {"history": [year], "multiples": [multiple]}
    trace = prove_all(value(make({"nace_codes": ["64190"], "market_approach": market}), DEFAULTS))
    assert trace["blend_middle"].value == pytest.approx(400.0)
    assert trace.largest_error() < 1e-12


def test_three_years_weigh_three_two_one() -> None:
    years = [
        normalise(FiscalYear(end=f"{year}-12-31", operating_income=income))
        for year, income in ((2023, 60.0), (2024, 90.0), (2025, 120.0))
    ]
    found = weigh(years, "ebitda")
    assert found is not None
    assert found.value == pytest.approx((3 * 120 + 2 * 90 + 60) / 6)
    assert weigh(years, "net_income") is None


def result(method: str, middle: float | None) -> MethodResult:
    low, high = (None, None) if middle is None else (middle * 0.8, middle * 1.2)
    return MethodResult(method, method, low, middle, high, "a test", note="n/m")


def test_the_weight_of_a_method_without_a_value_goes_to_the_others() -> None:
    results = [result("dcf", 100.0), result("ebitda", None), result("revenues", 50.0)]
    found = blend(results, {"dcf": 0.4, "ebitda": 0.4, "revenues": 0.2})
    assert found.weights == pytest.approx({"dcf": 2 / 3, "revenues": 1 / 3})
    assert found.middle == pytest.approx(100 * 2 / 3 + 50 / 3)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_weights_always_sum_to_one(raw: list[float]) -> None:
    names = [f"method {place}" for place in range(len(raw))]
    shares = redistributed(names, dict(zip(names, raw, strict=True)))
    assert sum(shares) == pytest.approx(1.0)


def test_the_range_leaves_out_the_lowest_and_highest_of_four() -> None:
    results = [result(str(middle), float(middle)) for middle in (10, 90, 110, 500)]
    found = blend(results, {})
    assert (found.low, found.high) == pytest.approx((72.0, 132.0))
    assert [bar.in_range for bar in found.bars] == [False, True, True, False]


def test_a_listed_multiple_is_cut_for_a_small_company(bakery: Inputs) -> None:
    approach = bakery.market_approach
    assert approach is not None
    listed = msgspec.structs.replace(approach.multiples[0], listed=True)
    changed = msgspec.structs.replace(
        approach, multiples=(listed,), sme_sector_multiple=5.0, listed_sector_multiple=10.0
    )
    found = value(msgspec.structs.replace(bakery, market_approach=changed), DEFAULTS)
    assert found.methods[1].multiple == pytest.approx(0.3)
    assert "less 50.0% for a small company" in found.methods[1].note


def test_the_grid_is_the_value_at_its_middle_and_empty_where_growth_reaches_cost() -> None:
    basis = basis_of()
    found = grid(basis, x_shifts=(-0.05, 0.0), y_shifts=(0.0, 0.001))
    alone = float(prove(basis)["value_per_share"].value)
    assert found.values[0][1] == pytest.approx(alone)
    assert found.values[0][0] is None


def test_a_seed_gives_the_same_paths_again() -> None:
    basis = basis_of()
    one, again, other = (simulate(basis, paths=500, seed=seed) for seed in (7, 7, 8))
    assert one == again
    assert one.mean != other.mean


def test_simulated_values_agree_with_plain_python(plain: ModuleType) -> None:
    basis = basis_of()
    figures = plain.figures(basis)
    given = (figures["g25"], figures["mt"], figures["wacc"], figures["sc1"])
    assert plain.quick(figures, *given) == pytest.approx(plain.value(figures))
    ours = simulate(basis, paths=20_000, seed=1)
    theirs = np.array(plain.simulate(figures, 4_000, seed=1))
    error = ours.deviation / np.sqrt(len(theirs))
    assert abs(ours.mean - theirs.mean()) < 5 * error
    assert ours.deviation == pytest.approx(theirs.std(), rel=0.08)
    assert list(ours.percentiles.values()) == sorted(ours.percentiles.values())


def test_paths_without_a_value_are_counted_and_left_out() -> None:
    wild = Uncertainty(lever="perpetuity", distribution="uniform", spread=0.1)
    found = simulate(basis_of(), [wild], paths=2_000)
    assert 0 < found.without_value < 2_000
    assert np.isfinite(found.mean)


def kept(valuation: Valuation) -> Kept:
    return Kept(valuation.inputs, valuation.parameters, valuation.middle)


def test_a_waterfall_sums_to_the_cent_and_names_each_cause(bakery: Inputs) -> None:
    sheet = msgspec.structs.replace(
        bakery.input_sheet,
        revenue_growth_next_year=0.06,
        target_operating_margin=0.10,
        override_terminal_return_on_capital=True,
        terminal_return_on_capital=0.14,
    )
    later = msgspec.structs.replace(
        bakery, input_sheet=sheet, weights=msgspec.structs.replace(bakery.weights, dcf=0.6)
    )
    vintage = msgspec.structs.replace(DEFAULTS, name="none", multiples=())
    before, after = value(bakery, DEFAULTS), value(later, vintage)
    older = replace(kept(before), middle=before.middle + Money(12_345, "EUR"))
    found = explain(older, kept(after))
    total = sum(step.amount.minor for step in found.steps)
    assert total == found.end.minor - found.start.minor
    causes = [(step.cause, step.label) for step in found.steps]
    assert causes[0] == ("engine", "a newer engine")
    assert ("input", "input_sheet.revenue_growth_next_year") in causes
    together = (
        "input_sheet.override_terminal_return_on_capital, input_sheet.terminal_return_on_capital"
    )
    assert ("input", together) in causes
    assert causes[-1] == ("parameters", "parameters shipped to none")


def test_nothing_changed_is_an_empty_waterfall(bakery: Inputs) -> None:
    one = kept(value(bakery, DEFAULTS))
    assert explain(one, one).steps == ()


def test_the_example_names_no_real_company() -> None:
    assert "(invented)" in Path(PRODUCT / "example.json").read_text()
