"""Input that cannot be right is refused by name, or valued with an explanation."""

from __future__ import annotations

import math
from typing import Any

import pytest

from myriad.products.upswitch.engine.amounts import money
from myriad.products.upswitch.engine.document import read_inputs
from myriad.products.upswitch.engine.valuation import value
from myriad.products.upswitch.errors import (
    FinancialFirmError,
    GrowthAboveCapitalCostError,
    InputsError,
    MissingParameterError,
    MixedUnitsError,
)
from myriad.products.upswitch.parameters.defaults import DEFAULTS
from tests.products.upswitch.engine.conftest import make

YEAR = {"end": "2025-12-31", "revenues": 1000.0, "operating_income": 100.0}
MULTIPLE = {"metric": "ebitda", "low": 4.0, "middle": 5.0, "high": 6.0, "source": "a test"}


def approach(*years: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"market_approach": {"history": list(years) or [YEAR], "multiples": [MULTIPLE], **more}}


def test_growth_that_reaches_the_cost_of_capital_is_refused() -> None:
    rows: dict[str, Any] = {
        "override_growth_in_perpetuity": True,
        "growth_rate_in_perpetuity": 0.08,
    }
    with pytest.raises(GrowthAboveCapitalCostError, match=r"8\.00%") as raised:
        value(make(**rows), DEFAULTS)
    assert raised.value.status == 422


def test_a_cost_of_capital_below_growth_is_refused() -> None:
    with pytest.raises(GrowthAboveCapitalCostError, match="initial cost"):
        value(make(initial_cost_of_capital=0.03), DEFAULTS)


def test_negative_ebitda_gives_no_multiple_and_never_a_negative_value() -> None:
    found = value(make(approach({**YEAR, "operating_income": -50.0})), DEFAULTS)
    result = found.methods[1]
    assert result.middle is None
    assert result.note.startswith("n/m: a multiple of ebitda needs a positive figure")
    assert found.blend.weights == {"dcf": 1.0}


def test_negative_equity_is_worth_nothing_with_an_explanation() -> None:
    found = value(make(book_value_of_debt=9_000.0), DEFAULTS)
    assert found.low.minor == found.middle.minor == found.high.minor == 0
    assert any("shareholders are not liable" in note for note in found.notes)
    assert found.value_per_share is not None
    assert found.value_per_share < 0


@pytest.mark.parametrize("code", ["64190", "65", "66220"])
def test_a_bank_or_insurer_is_valued_on_its_book_or_not_at_all(code: str) -> None:
    with pytest.raises(FinancialFirmError, match="price to book"):
        value(make({"nace_codes": [code]}), DEFAULTS)
    book = {**MULTIPLE, "metric": "book_equity", "low": 0.8, "middle": 1.0, "high": 1.2}
    market = approach({**YEAR, "book_equity": 400.0})
    market["market_approach"]["multiples"] = [MULTIPLE, book]
    found = value(make({"nace_codes": [code], **market}), DEFAULTS)
    assert [method.method for method in found.methods] == ["book_equity"]
    assert found.middle.minor == 400_00
    assert found.solved is None


def test_amounts_in_other_units_are_asked_about() -> None:
    with pytest.raises(MixedUnitsError, match="in units and the other in thousands"):
        value(make(approach({**YEAR, "revenues": 1_000_000.0})), DEFAULTS)
    with pytest.raises(MixedUnitsError, match="times revenues"):
        value(make(operating_income=120_000.0), DEFAULTS)


def test_a_growing_company_is_not_taken_for_other_units() -> None:
    value(make(approach({**YEAR, "revenues": 60.0})), DEFAULTS)


def test_a_missing_year_widens_the_range() -> None:
    years = [{**YEAR, "end": f"{year}-12-31"} for year in (2023, 2024, 2025)]
    whole = value(make(approach(*years)), DEFAULTS).methods[1]
    alone = value(make(approach(years[2])), DEFAULTS).methods[1]
    assert (whole.middle, alone.middle) == (350.0, 350.0)
    assert whole.low == 250.0
    assert alone.low == pytest.approx(250.0 - 0.2 * 350.0)
    assert "2 of three years missing" in alone.note


def test_a_long_year_is_brought_to_twelve_months_and_said() -> None:
    year = {**YEAR, "months": 18, "revenues": 1500.0, "operating_income": 150.0}
    found = value(make(approach(year)), DEFAULTS)
    assert found.methods[1].metric == pytest.approx(100.0)
    assert "the year to 2025-12-31 had 18 months and was brought to twelve" in found.notes


def test_a_switch_without_its_value_is_refused() -> None:
    with pytest.raises(InputsError, match="give terminal_cost_of_capital"):
        value(make(override_terminal_cost_of_capital=True), DEFAULTS)
    with pytest.raises(InputsError, match="give rd_converter"):
        value(make(capitalize_rd=True), DEFAULTS)
    with pytest.raises(InputsError, match="operating_lease_converter"):
        value(make(convert_operating_leases=True), DEFAULTS)
    with pytest.raises(InputsError, match="current_stock_price"):
        value(make(has_employee_options=True, options_outstanding=1.0), DEFAULTS)


def test_a_parameter_that_was_not_imported_is_named() -> None:
    with pytest.raises(MissingParameterError, match="industry averages"):
        value(make(sales_to_capital_years_1_to_5=None), DEFAULTS)
    with pytest.raises(MissingParameterError, match="mature market"):
        value(make({"mature_market_equity_risk_premium": None}), DEFAULTS)


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ('{"input_sheet": {"revenues": -1}}', "/input_sheet/revenues"),
        ('{"input_sheet": {"revenue": 1}}', "/input_sheet"),
        ('{"currency": "euro"}', "/currency"),
        ("{", None),
        ("[]", None),
    ],
)
def test_a_document_of_another_form_names_the_field(text: str, pointer: str | None) -> None:
    with pytest.raises(InputsError) as raised:
        read_inputs(text)
    assert [where for where, _ in raised.value.errors][:1] == ([pointer] if pointer else [])


def test_what_is_no_number_never_becomes_money() -> None:
    with pytest.raises(InputsError, match="finite"):
        money(math.nan, "EUR")
    assert money(0.125, "EUR").minor == 12
    assert money(1.5, "EUR", 1_000_000).minor == 150_000_000
    assert money(1_234.5, "JPY").minor == 1_234


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"date_of_valuation": "2026-02-31"}, "2026-02-31 is no day of the calendar"),
        ({"riskfree_rate": 3.4}, "write a fraction, 0.034 for 3.4 %"),
        ({"initial_cost_of_capital": 9.0}, "write a fraction, 0.09 for 9 %"),
        ({"revenues": 1e300}, "<= 1e+18"),
        ({"revenues": 1e-300}, "times revenues"),
        ({"effective_tax_rate": 25.0}, r"a fraction: 0.25 is 25 %"),
        ({"revenue_growth_next_year": 25.0}, r"a fraction: 0.25 is 25 %"),
        ({"revenus": 5.0}, "did you mean `revenues`"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_to_write(
    rows: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputsError) as raised:
        value(make(**rows), DEFAULTS)
    assert said in raised.value.detail
    assert len(raised.value.detail) < 300


@pytest.mark.parametrize(
    ("market", "said"),
    [
        (approach(YEAR, YEAR), "two years of the history end on 2025-12-31"),
        (approach({**YEAR, "end": "2025-13-01"}), "2025-13-01 is no day"),
        (approach(multiples=[{**MULTIPLE, "low": 7.0}]), "low 7, middle 5, high 6"),
    ],
)
def test_a_history_or_a_multiple_that_contradicts_itself_is_refused(
    market: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputsError, match=said):
        value(make(market), DEFAULTS)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"revenue_growth_next_year": 4.0}, "if 4 % was meant, write 0.04"),
        ({"revenue_growth_years_2_to_5": 1.5}, "grow by 150% in years 2 to 5"),
        ({"operating_income": 5_000.0}, "operating income is 500% of revenues"),
        (
            {"override_growth_in_perpetuity": True, "growth_rate_in_perpetuity": 0.06},
            "no company outgrows its economy",
        ),
    ],
)
def test_what_is_hardly_meant_is_valued_with_a_note(rows: dict[str, Any], said: str) -> None:
    assert any(said in note for note in value(make(**rows), DEFAULTS).notes)
    assert not any(said in note for note in value(make(), DEFAULTS).notes)


@pytest.mark.parametrize(
    ("sector", "country", "said"),
    [
        ("bakery", "Belgium", "no multiples are published for the sector 'bakery'; known: "),
        ("retail", "Belgique", "published for 'Belgique'; those of Belgium, Netherlands"),
    ],
)
def test_a_sector_or_country_that_is_not_known_is_told(
    sector: str, country: str, said: str
) -> None:
    market = approach(multiples=[], sector=sector)
    found = value(make(market, country_of_incorporation=country), DEFAULTS)
    assert any(said in note for note in found.notes)


def test_what_is_lost_every_year_counts_at_the_multiple_that_values_the_company() -> None:
    market = approach(multiples=[], sector="retail")
    pay = {"owner_yearly_pay": 60.0, "owner_market_pay": 84.0}
    rows = {**market, "due_diligence": pay}
    found = value(make(rows, country_of_incorporation="Belgium"), DEFAULTS)
    (multiple,) = (method.multiple for method in found.methods if method.method == "ebitda")
    assert multiple == 5.6
    (flag,) = (flag for flag in found.flags if flag.code == "owner_dependence")
    assert flag.effect == pytest.approx(-24.0 * 5.6)


def test_a_file_with_a_mark_before_its_text_is_read() -> None:
    text = b'{"input_sheet": {"revenues": 1.0}}'
    with pytest.raises(InputsError, match="missing required field"):
        read_inputs(b"\xef\xbb\xbf" + text)
