"""What the engine notes is told in the language of the session, with its figures."""

from __future__ import annotations

import json
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from myriad.products import upswitch
from myriad.products.upswitch.engine.document import convert_inputs
from myriad.products.upswitch.engine.valuation import Valuation, value
from myriad.products.upswitch.languages import ENGLISH, LOCALES, language_of
from myriad.products.upswitch.languages.notes import noted
from myriad.products.upswitch.parameters.defaults import DEFAULTS
from myriad.products.upswitch.valuations import words

EXAMPLE = Path(upswitch.__file__).parent / "example.json"
OTHERS = [each for each in LOCALES if each != "en"]
KEPT = (
    "owner's pay is normalised in the result, so it is no point of attack",
    "2024-12-31: no turnover was filed, so the gross margin stands for it",
    "2024-12-31: The year has 14.5 months (441 days); flows are shown as of twelve.",
    "2024-12-31: assets: 20/28 + 29/58 is EUR -1,250 away from 20/58",
    "free cash flow to the firm: debt and other claims exceed the value of the assets by 10,045; "
    "shareholders are not liable, so their equity is worth 0, not less",
)
"""Notes of the accounts and of the assembling, and one that engine 1.0 kept."""


def valued(sheet: dict[str, Any] | None = None, **market: Any) -> Valuation:
    document = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    document["input_sheet"] |= sheet or {}
    document["market_approach"] |= market
    return value(convert_inputs(document), DEFAULTS)


def valuations() -> Iterator[Valuation]:
    history = [
        {"end": "2025-12-31", "months": 18, "revenues": 2_450_000.0, "operating_income": -90_000.0},
        {"end": "2024-06-30", "revenues": 2_330_000.0, "operating_income": -40_000.0},
    ]
    listed = {"metric": "revenues", "low": 0.4, "middle": 0.6, "high": 0.8, "source": "a test"}
    multiples = [{**listed, "listed": True}, {**listed, "metric": "net_income"}]
    yield valued({"operating_income": -100_000.0, "target_operating_margin": -0.5}, history=history)
    yield valued({"revenue_growth_next_year": 4.0, "revenue_growth_years_2_to_5": 1.5})
    yield valued({"operating_income": 4_000_000.0})
    yield valued({"growth_rate_in_perpetuity": 0.05}, sector="bakery")
    yield valued({"country_of_incorporation": "Belgique"}, history=history, multiples=multiples)
    yield valued(
        multiples=multiples,
        history=history,
        sme_sector_multiple=4.0,
        listed_sector_multiple=9.0,
    )
    book = [{"end": "2025-12-31", "operating_income": 1.0, "book_equity": 500_000.0}]
    document = {
        "nace_codes": ["64190"],
        "input_sheet": json.loads(EXAMPLE.read_text(encoding="utf-8"))["input_sheet"],
        "market_approach": {
            "history": book,
            "multiples": [{**listed, "metric": "book_equity"}],
        },
    }
    yield value(convert_inputs(document), DEFAULTS)


def notes() -> set[str]:
    """Return every kind of note that a valuation and its methods can have."""
    found = set(KEPT)
    for valuation in valuations():
        found |= {*valuation.notes, *(method.note for method in valuation.methods if method.note)}
    return found


@pytest.mark.parametrize("locale", OTHERS)
def test_every_note_is_told_in_the_language(locale: str) -> None:
    language = language_of(locale)
    english = {note for note in notes() if noted(note, language) == note}
    assert english == set()


@pytest.mark.parametrize("locale", OTHERS)
def test_every_sentence_for_notes_is_one_that_something_notes(locale: str) -> None:
    """A sentence that nothing says any more is dropped, and places are those of the English."""
    language, told = language_of(locale), " | ".join(sorted(notes()))
    for key, text in language.texts.items():
        if not key.startswith("note."):
            continue
        plain = [part for part, *_ in string.Formatter().parse(key.removeprefix("note.")) if part]
        assert all(part in told for part in plain), key
        assert {name for _, name, *_ in string.Formatter().parse(text) if name} <= {
            name for _, name, *_ in string.Formatter().parse(key) if name
        }


def test_figures_and_days_are_written_as_the_language_does() -> None:
    note = "the year to 2025-12-31 had 18 months and was brought to twelve"
    assert words.note(note, language_of("nl")) == (
        "Het jaar tot 31 december 2025 telde 18 maanden en is op twaalf gebracht"
    )
    lost = "ebitda multiple: n/m: a multiple of ebitda needs a positive figure, and it is -35,000"
    assert words.note(lost, language_of("fr")) == (
        "Multiple d'EBITDA: sans signification: un multiple de EBITDA demande un chiffre positif, "
        "et il est de -35\N{NO-BREAK SPACE}000"
    )
    grown = "revenues grow by 400% next year: if 4 % was meant, write 0.04"
    assert "400 %" in words.note(grown, language_of("nl"))
    assert "schrijf dan 0,04" in words.note(grown, language_of("nl"))


@pytest.mark.parametrize("note", ["<b>a note of somebody else</b>", "", "{braces} {end}"])
def test_a_note_that_is_not_known_stays_as_it_is(note: str) -> None:
    assert noted(note, language_of("nl")) == note
    assert noted(note, ENGLISH) == note


@pytest.mark.parametrize(
    ("source", "dutch"),
    [
        (
            "National Bank of Belgium, deposit 2026-04015512, year to 2025-12-31, 630 + 631/4",
            "Nationale Bank van België, neerlegging 2026-04015512, jaar tot 31 december 2025, "
            "630 + 631/4",
        ),
        (
            "Vlerick Business School, M&A Monitor 2025: average EV/EBITDA paid in 2024 (BE, retail)",
            "Vlerick Business School, M&A Monitor 2025: gemiddelde EV/EBITDA betaald in 2024 "
            "(BE, detailhandel)",
        ),
        (
            "NACE 71121: multiples of business services",
            "NACE 71121: multiples van zakelijke diensten",
        ),
        ("A. Damodaran, betas.csv", "A. Damodaran, betas.csv"),
    ],
)
def test_a_source_is_told_in_the_language_and_its_publisher_as_it_is(
    source: str, dutch: str
) -> None:
    assert words.grounded(source, language_of("nl")) == dutch
    assert words.grounded(source, language_of("en")) == source


@pytest.mark.parametrize("locale", OTHERS)
def test_every_source_that_ships_is_told(locale: str) -> None:
    language = language_of(locale)
    multiples = [
        f"{table.provenance.source} ({row.country}, {row.sector})"
        for table in DEFAULTS.multiples
        for row in table.rows
    ]
    assert DEFAULTS.taxes is not None
    for source in (*multiples, DEFAULTS.taxes.provenance.source):
        assert words.grounded(source, language) != source
    sectors = {row.sector for table in DEFAULTS.multiples for row in table.rows}
    assert {f"choice.{sector}" for sector in sectors} <= set(language.texts)
