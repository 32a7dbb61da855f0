"""From facts, filed accounts and parameters to inputs, each with where it comes from."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import msgspec
import pytest

from myriad.products.upswitch.assembling import Assembled, assemble
from myriad.products.upswitch.engine.parameters import (
    FailureTable,
    Industry,
    IndustryTable,
    Parameters,
    Provenance,
    RatingBand,
    RatingTable,
)
from myriad.products.upswitch.engine.valuation import value
from myriad.products.upswitch.errors import CurrencyError, MissingFactsError
from myriad.products.upswitch.parameters.defaults import DEFAULTS
from myriad.products.upswitch.registry.nbb.rubrics import Finding, YearFigures
from myriad.products.upswitch.sectors import industry_of, sector_of
from myriad.products.upswitch.views import CodedText, CompanyView
from myriad.products.upswitch.views.sessions import FactView
from myriad.products.upswitch.views.valuations import Assumption
from tests.products.upswitch.valuations.conftest import KNOWN, LAST, fact

DAY = date(2026, 9, 30)


def company(*codes: str) -> CompanyView:
    return CompanyView(
        number="0200.065.765",
        vat="BE0200065765",
        name="De Proef BV",
        names=("De Proef BV",),
        legal_form=None,
        situation=None,
        warning="",
        start_date=date(2001, 5, 1),
        address=None,
        activities=tuple(CodedText(code=code, text=code) for code in codes),
        is_financial=False,
        establishments=1,
        snapshot_date=DAY,
    )


def year(end: int, *, revenue: int | None = 1_000_000, result: int = 100_000) -> YearFigures:
    return YearFigures(
        reference=f"{end}-1",
        end=date(end, 12, 31),
        revenue_cents=None if revenue is None else revenue * 100,
        gross_margin_cents=400_000_00,
        operating_result_cents=result * 100,
        ebitda_cents=(result + 30_000) * 100,
        result_before_tax_cents=None,
        result_cents=70_000_00,
        net_financial_debt_cents=-20_000_00,
        equity_cents=250_000_00,
        provisions_cents=5_000_00,
        stock_cents=0,
        trade_debtors_cents=100_000_00,
        suppliers_cents=0,
        staff_fte=None,
        findings=(),
    )


def made(
    *facts: FactView, years: tuple[YearFigures, ...] = (), codes: tuple[str, ...] = ("47110",)
) -> Assembled:
    return assemble(facts, company(*codes), years, DEFAULTS, DAY)


def row(assembled: Assembled, path: str) -> Assumption:
    return next(each for each in assembled.assumptions if each.path == path)


def test_a_fresh_installation_values_a_company_from_two_answers() -> None:
    assembled = made(*KNOWN[:2])
    valuation = value(assembled.inputs, DEFAULTS)
    assert 0 < valuation.low.minor <= valuation.middle.minor <= valuation.high.minor
    assert {method.method for method in valuation.methods} == {"dcf", "ebitda"}


def test_every_default_names_its_source() -> None:
    for each in made(*KNOWN).assumptions:
        assert each.source, each.path
        assert each.label, each.path


def test_what_somebody_said_stands_over_the_default_and_both_are_told() -> None:
    assembled = made(*KNOWN, fact("input_sheet.initial_cost_of_capital", 0.14))
    assert assembled.inputs.input_sheet.initial_cost_of_capital == 0.14
    found = row(assembled, "input_sheet.initial_cost_of_capital")
    assert (found.origin, found.value, found.default) == ("user", 0.14, 0.115)
    assert found.is_override


def test_what_nobody_confirmed_is_never_computed_with() -> None:
    proposal = replace(fact("input_sheet.riskfree_rate", 0.09, source="llm"), confirmed=False)
    assert made(*KNOWN, proposal) == made(*KNOWN)


def test_filed_accounts_fill_what_nobody_said() -> None:
    assembled = made(years=(year(2025), year(2024), year(2023), year(2022)))
    sheet = assembled.inputs.input_sheet
    assert (sheet.revenues, sheet.operating_income) == (1_000_000, 100_000)
    assert (sheet.book_value_of_debt, sheet.cash_and_marketable_securities) == (0, 20_000)
    approach = assembled.inputs.market_approach
    assert approach is not None
    assert [each.end[:4] for each in approach.history] == ["2025", "2024", "2023"]
    assert approach.history[0].depreciation_and_amortization == 30_000
    assert approach.provisions == 5_000
    assert row(assembled, "input_sheet.book_value_of_equity").origin == "registry"


def test_a_person_knows_better_than_the_register() -> None:
    said = fact("input_sheet.operating_income", 150_000.0, LAST)
    assembled = made(said, years=(year(2025), year(2024)))
    assert assembled.inputs.input_sheet.operating_income == 150_000


def test_the_gross_margin_stands_for_a_turnover_that_was_not_filed_and_says_so() -> None:
    assembled = made(years=(year(2025, revenue=None), year(2024, revenue=None)))
    assert assembled.inputs.input_sheet.revenues == 400_000
    assert any("gross margin" in note for note in assembled.notes)


def test_a_bent_year_is_told() -> None:
    bent = replace(year(2025), findings=(Finding("annualised", "The year has 18.0 months."),))
    assert any("18.0 months" in note for note in made(years=(bent,)).notes)


def test_a_missing_year_widens_the_range() -> None:
    whole = value(made(years=(year(2025), year(2024), year(2023))).inputs, DEFAULTS)
    short = value(made(years=(year(2025), year(2024))).inputs, DEFAULTS)
    spread = [
        next(m.high - m.low for m in each.methods if m.method == "ebitda" and m.high and m.low)
        for each in (whole, short)
    ]
    assert spread[1] > spread[0]


@pytest.mark.parametrize(
    ("facts", "missing"),
    [((), "operating_income"), ((KNOWN[1],), "revenues")],
    ids=["nothing", "no-turnover"],
)
def test_too_little_names_what_is_missing(facts: tuple[FactView, ...], missing: str) -> None:
    with pytest.raises(MissingFactsError) as raised:
        made(*facts)
    assert any(missing in pointer for pointer, _ in raised.value.errors)


def test_another_currency_is_refused_without_a_rate_and_converted_with_one() -> None:
    debt = fact("input_sheet.book_value_of_debt", 100_000.0, unit="USD")
    with pytest.raises(CurrencyError, match="USD"):
        made(*KNOWN[:4], debt)
    facts = (*KNOWN[:4], debt)
    found = assemble(facts, company("47110"), (), DEFAULTS, DAY, rates={"USD": 0.9})
    assert found.inputs.input_sheet.book_value_of_debt == pytest.approx(90_000)
    assert "0.9" in row(found, "input_sheet.book_value_of_debt").source


def test_a_bank_is_valued_on_its_book() -> None:
    assembled = made(years=(year(2025),), codes=("64190",))
    valuation = value(assembled.inputs, DEFAULTS)
    assert valuation.solved is None
    assert valuation.middle.minor == 250_000_00


def test_owners_pay_counts_once() -> None:
    pay = (
        fact("due_diligence.owner_yearly_pay", 40_000.0),
        fact("due_diligence.owner_market_pay", 60_000.0),
    )
    assembled = made(*KNOWN, *pay)
    assert assembled.inputs.input_sheet.operating_income == 80_000
    codes = {flag.code for flag in value(assembled.inputs, DEFAULTS).flags}
    assert "owner_dependence" not in codes
    assert any("owner's pay" in note for note in assembled.notes)


def test_the_industry_of_imported_parameters_takes_the_place_of_a_default() -> None:
    table = IndustryTable(
        rows={"Retail (General)": Industry(name="Retail (General)", sales_to_capital=3.3)},
        provenance=Provenance(source="a table", as_of="2024-01-05", licence="test"),
    )
    parameters: Parameters = msgspec.structs.replace(DEFAULTS, industries_global=table)
    assembled = assemble(KNOWN, company("47110"), (), parameters, DAY)
    found = row(assembled, "input_sheet.sales_to_capital_years_1_to_5")
    assert (found.value, found.as_of) == (3.3, "2024-01-05")
    assert "Retail" in found.source


@pytest.mark.parametrize(
    ("code", "sector", "industry"),
    [
        ("47110", "retail", "Retail (General)"),
        ("62010", "technology", "Computer Services"),
        ("10710", "agriculture and food", "Food Processing"),
        ("21200", "pharmaceuticals", "Drugs (Pharmaceutical)"),
        ("94110", "all sectors", "Total Market (without financials)"),
        ("", "all sectors", "Total Market (without financials)"),
    ],
)
def test_an_activity_leads_to_what_the_market_publishes(
    code: str, sector: str, industry: str
) -> None:
    assert (sector_of([code]), industry_of([code])) == (sector, industry)


def test_the_same_facts_are_the_same_inputs_in_any_order() -> None:
    forward = assemble(KNOWN, company("47110"), (), DEFAULTS, DAY).inputs
    assert forward == assemble(KNOWN[::-1], company("47110"), (), DEFAULTS, DAY).inputs


FAILURES = FailureTable(
    by_rating={
        "A": tuple(place / 1000 for place in range(1, 11)),
        "B": tuple(place / 100 for place in range(11, 21)),
        "CCC/C": tuple(place / 20 for place in range(1, 11)),
    },
    by_age={"Retail": (0.6, 0.4, 0.3), "All Sectors": (0.7, 0.5, 0.4)},
    provenance=Provenance(source="failure tables", as_of="2024-01-05", licence="test"),
)
RATINGS = RatingTable(
    large=(),
    small=tuple(
        RatingBand(coverage_from=start, rating=name, spread=0.0)
        for start, name in ((-100_000.0, "D2/D"), (2.0, "B2/B"), (6.0, "A1/A+"))
    ),
    provenance=Provenance(source="ratings", as_of="2024-01-05", licence="test"),
)


@pytest.mark.parametrize(
    ("interest", "born", "codes", "expected"),
    [
        pytest.param(10_000, 2001, ("47110",), 0.010, id="well-covered-is-an-A"),
        pytest.param(40_000, 2001, ("47110",), 0.20, id="hardly-covered-is-a-B"),
        pytest.param(90_000, 2001, ("47110",), 0.50, id="below-the-last-band"),
        pytest.param(None, 2025, ("47110",), 0.4, id="a-young-shop-by-its-age"),
        pytest.param(0, 2026, ("94110",), 0.7, id="a-new-one-of-no-known-sector"),
        pytest.param(None, 2001, ("47110",), None, id="an-old-one-without-debt-has-the-default"),
    ],
)
def test_the_chance_of_failure_comes_from_the_tables_with_its_source(
    interest: int | None, born: int, codes: tuple[str, ...], expected: float | None
) -> None:
    parameters = msgspec.structs.replace(DEFAULTS, failures=FAILURES, ratings=RATINGS)
    filed = replace(year(2025), interest_cents=None if interest is None else interest * 100)
    known = replace(company(*codes), start_date=date(born, 1, 1))
    assembled = assemble((), known, (filed,), parameters, DAY)
    found = row(assembled, "input_sheet.probability_of_failure")
    assert found.value == pytest.approx(0.05 if expected is None else expected)
    assert ("failure tables" in found.source) == (expected is not None)
    assert assembled.inputs.input_sheet.override_failure


def test_what_somebody_says_of_failure_stands_over_the_tables() -> None:
    parameters = msgspec.structs.replace(DEFAULTS, failures=FAILURES, ratings=RATINGS)
    filed = replace(year(2025), interest_cents=10_000_00)
    said = fact("input_sheet.probability_of_failure", 0.33)
    found = row(
        assemble((said,), company("47110"), (filed,), parameters, DAY),
        "input_sheet.probability_of_failure",
    )
    assert (found.value, found.default) == (0.33, 0.010)


def test_a_sector_that_only_another_country_publishes_gives_way_to_all_sectors() -> None:
    """As the register's fact says it, so that it is the same with and without a conversation."""
    assembled = made(*KNOWN, codes=("71121",))
    (sector,) = (row for row in assembled.assumptions if row.path == "market_approach.sector")
    assert sector.value == "all sectors"
    assert value(assembled.inputs, DEFAULTS).methods[1].multiple == 6.5


def test_a_valuation_rests_on_the_years_that_count() -> None:
    assembled = made(years=tuple(year(each) for each in range(2020, 2026)))
    approach = assembled.inputs.market_approach
    assert approach is not None
    assert [each.end[:4] for each in approach.history] == ["2025", "2024", "2023"]
    told = {row.path for row in assembled.assumptions}
    assert not any(f"history.{each}" in path for path in told for each in (2020, 2021, 2022))
