"""From what is known of a company to the inputs of a valuation, each with where it comes from.

What somebody confirmed stands first, then filed accounts, then what the parameters know of the
industry and the country, then a documented default. Nothing is computed here that the engine
computes: only which figure goes where. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from myriad.products.upswitch.accounting import fill_last_year, history_of
from myriad.products.upswitch.conversation.keys import KEYS
from myriad.products.upswitch.drafting import Draft, assumption_of
from myriad.products.upswitch.engine.document import Inputs, convert_inputs
from myriad.products.upswitch.engine.parameters import Industry, IndustryTable, Parameters
from myriad.products.upswitch.errors import CurrencyError
from myriad.products.upswitch.failing import Chance, chance_of_failure
from myriad.products.upswitch.registry.nace import is_financial
from myriad.products.upswitch.registry.nbb.rubrics import YearFigures
from myriad.products.upswitch.sectors import ALL_SECTORS, industry_of, sector_of
from myriad.products.upswitch.views.companies import CompanyView
from myriad.products.upswitch.views.sessions import FactView
from myriad.products.upswitch.views.valuations import Assumption

CURRENCY = "EUR"
COUNTRY = "Belgium"


@dataclass(frozen=True, slots=True)
class Assembled:
    """Inputs that can be valued, what each rests on, and what was bent on the way."""

    inputs: Inputs
    assumptions: tuple[Assumption, ...]
    notes: tuple[str, ...] = ()


def assemble(
    facts: Sequence[FactView],
    company: CompanyView | None,
    years: Sequence[YearFigures],
    parameters: Parameters,
    as_of: date,
    *,
    name: str = "",
    rates: Mapping[str, float] | None = None,
) -> Assembled:
    """Return the inputs that facts, the register and the parameters make.

    Facts that nobody confirmed are left out. `name` is for a company that the register lacks.
    `rates` are EUR for one unit of another currency, on the filing date; without them an amount in
    another currency raises CurrencyError. Raises MissingFactsError naming what cannot be done
    without, and InputsError.
    """
    confirmed = [_in_euro(fact, rates or {}) for fact in facts if fact.confirmed]
    draft = Draft({(fact.key, fact.period): fact for fact in confirmed})
    codes = tuple(activity.code for activity in company.activities) if company else ()
    draft.put("currency", CURRENCY)
    draft.put("nace_codes", list(codes))
    draft.put("input_sheet.company_name", company.name if company else name)
    draft.put("input_sheet.date_of_valuation", as_of.isoformat())
    draft.put("input_sheet.country_of_incorporation", COUNTRY)
    history = history_of(draft, confirmed, years)
    fill_last_year(draft, history, years)
    _market(draft, codes, parameters, history)
    start = company.start_date if company else None
    chance = chance_of_failure(parameters, years, codes, start, as_of)
    _outlook(draft, codes, parameters, chance)
    _switches(draft)
    return Assembled(convert_inputs(draft.document), tuple(draft.assumptions), tuple(draft.notes))


def _in_euro(fact: FactView, rates: Mapping[str, float]) -> FactView:
    unit = fact.unit.strip().upper()
    is_currency = len(unit) == 3 and unit.isalpha()
    if not is_currency or unit == CURRENCY:
        return fact
    if unit not in rates:
        raise CurrencyError(
            f"{fact.key} is in {unit}; a valuation is in EUR. Give the rate of the filing date: "
            f'{{"rates": {{"{unit}": 0.92}}}} is EUR 0.92 for one {unit}',
            [(f"/rates/{unit}", f"EUR for one {unit}")],
        )
    evidence = f"{fact.value} {unit} at EUR {rates[unit]:g}"
    return FactView(
        key=fact.key,
        value=float(fact.value) * rates[unit],
        unit=CURRENCY,
        period=fact.period,
        source=fact.source,
        confidence=fact.confidence,
        evidence=evidence,
        updated_at=fact.updated_at,
    )


def _market(
    draft: Draft,
    codes: Sequence[str],
    parameters: Parameters,
    history: Sequence[dict[str, Any]],
) -> None:
    draft.put("market_approach.history", list(history))
    sector = sector_of(codes)
    sector = sector if sector in _published(parameters) else ALL_SECTORS
    why = f"NACE {codes[0]}" if codes else "no activity is known"
    draft.take("market_approach.sector", sector, f"{why}: multiples of {sector}")
    for name in ("surplus_assets", "working_capital_normalisation"):
        draft.take(f"market_approach.{name}", 0.0, "nothing was said")
    if any(is_financial(code) for code in codes):
        _price_to_book(draft, codes, parameters)


def _published(parameters: Parameters) -> set[str]:
    """Return the sectors with multiples of Belgium, or of any country where it has none."""
    rows = [row for table in parameters.multiples for row in table.rows]
    home = {row.sector for row in rows if row.country == "BE"}
    return home or {row.sector for row in rows}


def _price_to_book(draft: Draft, codes: Sequence[str], parameters: Parameters) -> None:
    """A bank or insurer is valued on its book, at what the market pays for its industry's."""
    industry = _industry(parameters.industries_global, _financial_industry(codes))
    table = parameters.industries_global
    if industry is None or table is None or industry.price_to_book is None:
        middle, source = 1.0, "our assumption: equity at its book value; import industry averages"
    else:
        middle = industry.price_to_book
        source = f"{table.provenance.source}, {industry.name}, {table.provenance.as_of}"
    multiple = {
        "metric": "book_equity",
        "low": middle * 0.85,
        "middle": middle,
        "high": middle * 1.15,
        "source": source,
    }
    draft.put("market_approach.multiples", [multiple])
    draft.put("weights", {"dcf": 0.0, "ebitda": 0.0, "book_equity": 1.0})
    draft.assumptions.append(
        assumption_of("market_approach.multiples.book_equity", middle, "default", source, "")
    )


def _financial_industry(codes: Sequence[str]) -> str:
    return "Insurance (General)" if codes[0].startswith("65") else "Banks (Regional)"


def _outlook(
    draft: Draft, codes: Sequence[str], parameters: Parameters, chance: Chance | None
) -> None:
    """Take what lies ahead and what the market asks for: facts, then parameters, then defaults."""
    known = {**_of_industry(codes, parameters), **_of_country(parameters), **_of_failure(chance)}
    for path, key in KEYS.items():
        if key.group not in ("outlook", "assumptions", "diligence"):
            continue
        if _is_settled(draft, path):
            continue
        if path in known:
            value, source, as_of = known[path]
            draft.take(path, value, source, as_of)
        else:
            draft.take(path, key.default, key.default_source, key.default_as_of)


def _is_settled(draft: Draft, path: str) -> bool:
    """Whether a figure has its place already."""
    on_book = "book_equity" in draft.document.get("weights", {})
    return any(found.path == path for found in draft.assumptions) or (
        on_book and path.startswith("weights.")
    )


def _of_industry(codes: Sequence[str], parameters: Parameters) -> dict[str, tuple[float, str, str]]:
    table = parameters.industries_global
    industry = _industry(table, industry_of(codes))
    if table is None or industry is None or not industry.sales_to_capital:
        return {}
    source = f"{table.provenance.source}, {industry.name}"
    return {
        "input_sheet.sales_to_capital_years_1_to_5": (
            industry.sales_to_capital,
            source,
            table.provenance.as_of,
        )
    }


def _of_country(parameters: Parameters) -> dict[str, tuple[float, str, str]]:
    found: dict[str, tuple[float, str, str]] = {}
    if parameters.countries is not None:
        origin = parameters.countries.provenance
        found["mature_market_equity_risk_premium"] = (
            parameters.countries.mature_market_premium,
            origin.source,
            origin.as_of,
        )
    if parameters.taxes is not None and "BE" in parameters.taxes.rates:
        tax = parameters.taxes
        figure = (tax.rates["BE"], tax.provenance.source, tax.provenance.as_of)
        found["input_sheet.effective_tax_rate"] = figure
        found["input_sheet.marginal_tax_rate"] = figure
    return found


def _of_failure(chance: Chance | None) -> dict[str, tuple[float, str, str]]:
    if chance is None:
        return {}
    source = f"{chance.source}: {chance.why}"
    return {"input_sheet.probability_of_failure": (chance.value, source, chance.as_of)}


def _industry(table: IndustryTable | None, name: str) -> Industry | None:
    return None if table is None else table.rows.get(name)


def _switches(draft: Draft) -> None:
    """Switch on what has a value, and the conventions for a company that is not listed."""
    sheet = draft.document["input_sheet"]
    for switch, name in (
        ("override_terminal_cost_of_capital", "terminal_cost_of_capital"),
        ("override_growth_in_perpetuity", "growth_rate_in_perpetuity"),
        ("override_failure", "probability_of_failure"),
    ):
        sheet[switch] = sheet.get(name) is not None
    sheet["distress_proceeds_tied_to"] = "B"
    newest = draft.document["market_approach"]["history"][0]
    kinds = {line["kind"] for line in newest.get("adjustments", ())}
    if "owner_pay" in kinds:
        # The normalised result holds it already; a red flag would count it twice.
        for name in ("owner_yearly_pay", "owner_market_pay"):
            draft.document.get("due_diligence", {}).pop(name, None)
        draft.notes.append("owner's pay is normalised in the result, so it is no point of attack")
    draft.put("discounts.marketability_method", "finnerty")
    draft.put("discounting.mid_year", value=True)
