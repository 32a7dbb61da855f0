"""The files of texts: every language has every sentence, with the same places to fill."""

from __future__ import annotations

import json
import re
import string
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.kit.money import Money
from myriad.products import upswitch
from myriad.products.upswitch.conversation.answers import AnswerError, read_answer
from myriad.products.upswitch.conversation.keys import KEYS, REVENUES
from myriad.products.upswitch.conversation.naming import shown
from myriad.products.upswitch.conversation.questions import open_questions
from myriad.products.upswitch.engine.document import convert_inputs
from myriad.products.upswitch.engine.levers import LABELS
from myriad.products.upswitch.engine.redflags import red_flags
from myriad.products.upswitch.languages import LOCALES, language_of
from myriad.products.upswitch.parameters.defaults import DEFAULTS
from myriad.products.upswitch.valuations.words import reckoned

SOURCES = Path(upswitch.__file__).parent
_SAID = re.compile(r"""\.(say|plural)\(\s*f?["']([a-z_.]+[a-z_])["']""")
# English stands with the fact, the lever or the point itself.
_BESIDE = (
    "label.",
    "meaning.",
    "choice.",
    "lever.",
    "flag.",
    "reckoned.",
    "ground.",
    "note.",
    "metric.",
    "said.",
)


def places(text: str) -> set[str]:
    """Return the names that a sentence has places for."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("locale", [each for each in LOCALES if each != "en"])
def test_no_sentence_is_missing_and_each_has_the_same_places(locale: str) -> None:
    english, other = language_of("en").texts, language_of(locale).texts
    own = {key for key in other if key.startswith(_BESIDE)}
    assert set(other) - own == set(english)
    assert {key: places(other[key]) for key in english} == {
        key: places(text) for key, text in english.items()
    }
    assert all(text.strip() for text in other.values())


@pytest.mark.parametrize("locale", [each for each in LOCALES if each != "en"])
def test_every_fact_choice_and_lever_has_a_name(locale: str) -> None:
    texts = language_of(locale).texts
    wanted = {f"{kind}.{name}" for name in KEYS for kind in ("label", "meaning")}
    wanted |= {f"choice.{choice}" for key in KEYS.values() for choice in key.choices}
    wanted |= {f"lever.{lever}" for lever in LABELS}
    grounds = {text for key in KEYS.values() for text in (key.default_source, key.otherwise)}
    wanted |= {f"ground.{text}" for text in grounds if text}
    assert wanted <= set(texts)


@pytest.mark.parametrize("locale", [each for each in LOCALES if each != "en"])
def test_every_point_of_attack_tells_how_it_was_reckoned(locale: str) -> None:
    """By the same figures as in English; what was kept without them stays as it was kept."""
    language = language_of(locale)
    document = json.loads((SOURCES / "example.json").read_text(encoding="utf-8"))
    newest = max(document["market_approach"]["history"], key=lambda year: year["end"])
    newest["operating_income"] *= 0.7
    found = red_flags(convert_inputs(document), DEFAULTS)
    assert len(found) == 5
    for flag in found:
        assert language.texts[f"flag.{flag.code}"]
        said = reckoned(flag.code, flag.formula, flag.figures, language)
        assert said != flag.formula
        assert numbers_in(said, locale) == numbers_in(flag.formula, "en"), said
        assert reckoned(flag.code, flag.formula, {}, language) == flag.formula


def numbers_in(text: str, locale: str) -> list[float]:
    """Return the numbers of a formula."""
    group, decimal = {"en": (",", "."), "nl": (".", ","), "fr": ("\N{NO-BREAK SPACE}", ",")}[locale]
    found = re.findall(r"\d(?:[\d.,\N{NO-BREAK SPACE}]*\d)?", text)
    return [float(each.replace(group, "").replace(decimal, ".")) for each in found]


def test_every_sentence_that_is_asked_for_is_there() -> None:
    english = language_of("en").texts
    files = [*SOURCES.rglob("*.py"), *SOURCES.rglob("*.html")]
    asked = {
        f"{key}.one" if verb == "plural" else key
        for path in files
        for verb, key in _SAID.findall(path.read_text(encoding="utf-8"))
        if path.name != "pdf.py"
    }
    assert len(asked) > 50
    assert asked <= set(english)


@pytest.mark.parametrize("locale", LOCALES)
def test_every_question_is_asked_in_every_language(locale: str) -> None:
    questions = open_questions((), language=language_of(locale))
    texts = language_of(locale).texts
    assert len(questions) >= 10
    assert [each.why for each in questions] == [texts[f"why.{each.key.name}"] for each in questions]


@pytest.mark.parametrize(
    ("locale", "amount", "percent", "number", "day"),
    [
        ("en", "EUR 2,450,000", "12.5 %", "1,234.5", "1 December 2025"),
        ("nl", "€ 2.450.000", "12,5 %", "1.234,5", "1 december 2025"),
        ("fr", "2 450 000 €", "12,5 %", "1 234,5", "1er décembre 2025"),
    ],
)
def test_numbers_and_days_stand_in_the_readers_form(
    locale: str, amount: str, percent: str, number: str, day: str
) -> None:
    language = language_of(locale)
    said = (
        language.amount(2_450_000.0),
        language.percent(0.125),
        language.number(1234.5),
        language.day(date(2025, 12, 1)),
    )
    plain = tuple(each.replace("\N{NO-BREAK SPACE}", " ") for each in said)
    assert plain == (amount, percent, number, day)
    money = Money(245_000_000, "EUR")
    assert language.money(money) == (money.format(whole=True) if locale == "en" else said[0])


@given(st.sampled_from(LOCALES), st.integers(10_000, 10**11))
def test_what_is_shown_can_be_typed_again(locale: str, euros: int) -> None:
    text = shown(KEYS[REVENUES], float(euros), language_of(locale))
    assert read_answer(KEYS[REVENUES], text) == euros


@pytest.mark.parametrize("typed", ["1.234,567.89", "1'234 567", "1,234.567,8"])
def test_a_number_parted_by_several_marks_is_refused(typed: str) -> None:
    with pytest.raises(AnswerError, match="cannot be read"):
        read_answer(KEYS[REVENUES], typed)


@pytest.mark.parametrize(
    ("key", "typed", "expected"),
    [
        (REVENUES, "1.234.567,89", 1_234_567.89),
        (REVENUES, "1 234 567,89", 1_234_567.89),
        (REVENUES, "1\N{NO-BREAK SPACE}234\N{NARROW NO-BREAK SPACE}567", 1_234_567),
        (REVENUES, "12.345,60 €", 12_345.60),
        (REVENUES, "€ 1,2 mln", 1_200_000),
        (REVENUES, "1,2 miljoen euro", 1_200_000),
        (REVENUES, "1,2 M€", 1_200_000),
        (REVENUES, "450 milliers", 450_000),
        (REVENUES, "450 duizend", 450_000),
        (REVENUES, "450k€", 450_000),
        ("input_sheet.revenue_growth_next_year", "12,5 %", 0.125),
        ("input_sheet.revenue_growth_next_year", "12,5 procent", 0.125),
        ("input_sheet.revenue_growth_next_year", "-3 pour cent", -0.03),
        ("due_diligence.debtor_days", "41,5", 41.5),
        ("normalisation.rent", "geen", 0.0),
        ("normalisation.rent", "aucun", 0.0),
        ("market_approach.sector", "bouw", "construction"),
        ("market_approach.sector", "Commerce de détail", "retail"),
        ("market_approach.sector", "gezondheidszorg", "healthcare"),
    ],
)
def test_answers_are_read_as_people_in_belgium_write_them(
    key: str, typed: str, expected: float | str
) -> None:
    assert read_answer(KEYS[key], typed) == expected
