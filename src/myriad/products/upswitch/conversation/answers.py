"""What somebody typed, read as the value of a fact: validated, or refused with what to type.

Numbers are read as people in Belgium write them: 2.450.000, 2 450 000, 2,45 mio, 2450k, 3,5 %.
Whether an amount is meant in euros or thousands is asked where it cannot be told.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from myriad.kit.errors import InvalidInputError
from myriad.products.upswitch.conversation.keys import (
    MARKET_PAY,
    OPERATING_INCOME,
    OWNER_PAY,
    REVENUES,
    Key,
)
from myriad.products.upswitch.conversation.naming import (
    choice_in,
    find_choice,
    label_in,
    shown,
)
from myriad.products.upswitch.conversation.normalising import number_held
from myriad.products.upswitch.languages import ENGLISH, Language
from myriad.products.upswitch.views.sessions import FactValue, FactView

UNITS = {"EUR": 1.0, "thousand EUR": 1e3, "million EUR": 1e6, "%": 0.01, "fraction": 1.0}
AMOUNT_UNITS = ("EUR", "thousand EUR", "million EUR")
_SHARE_UNITS = ("%", "fraction")
_SMALLEST_TURNOVER = 10_000.0
_SMALLEST_AMOUNT = 1_000.0
_MOST_OF_TURNOVER = 100.0
_MOST_INCOME = 20.0
_MOST_PAY = 2.0
"""Nobody is paid more than this many times the turnover, whatever unit stands at the number."""
_LONGEST_SHOWN = 80
# Beyond what is typed, short of what a product of floats makes up.
_DIGITS = 9

_NUMBER = re.compile(
    r"(?P<minus>[-\u2212]|\bminus\s+|\()?\s*(?:€|eur(?:o|os)?\b)?\s*"
    r"(?P<digits>\d{1,3}(?:[.,'\u2019\s\u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d+)?)"
    r"\s*(?:€)?\s*(?P<word>%|percent\w*|procent\w*|pct\b|pour\s?cent|k\b|keur\b|thousand\b|duizend\b|"
    r"duizenden\b|mille\b|milliers?\b|m\b|mio\b|mln\b|milj\b|million\w*|miljoen\w*|meur\b|"
    r"milliard\w*|miljard\w*|billion\w*|mrd\b|mld\b|bn\b)?",
    re.IGNORECASE,
)
_BILLIONS = ("milliard", "miljard", "billion", "mrd", "mld", "bn")
_GROUPED = re.compile(r"\d{1,3}(?P<mark>[.,'\u2019\s\u00a0\u202f])\d{3}(?:(?P=mark)\d{3})*")
_DECIMALS = re.compile(r"(?:[.,]\d{1,2})?")
_BLANKS = {ord(mark): " " for mark in "\u00a0\u2009\u202f"}
_NOTHING = re.compile(
    r"\s*(?:no|none|nothing|nil|zero|nee|geen|niets|nul|non|aucune?|rien|z[ée]ro)\b.{0,40}",
    re.IGNORECASE,
)


class AnswerError(InvalidInputError):
    """What was typed is no value of this fact."""

    code = "upswitch_answer"
    title = "This cannot be taken as an answer"


class WhichUnitError(AnswerError):
    """A number that may be meant in two units; `units` are those that it may be in."""

    code = "upswitch_which_unit"
    title = "In which unit?"

    def __init__(self, detail: str, typed: float, units: tuple[str, ...]) -> None:
        super().__init__(detail, [("/unit", f"one of {', '.join(units)}")], typed=typed)
        self.typed = typed
        self.units = units


@dataclass(frozen=True, slots=True)
class ReadNumber:
    """A number as typed, and the unit that its words name, if they do."""

    value: float
    unit: str = ""


def read_numbers(text: str, *, is_amount: bool = True) -> list[ReadNumber]:
    """Return every number in a text, with the unit that stands at it.

    One point or comma before three digits parts thousands in an amount, decimals elsewhere. What is
    parted by several marks, such as 1.234,567, is no number.
    """
    found = (_read(match, is_amount) for match in _NUMBER.finditer(text.translate(_BLANKS)))
    return [number for number in found if number is not None]


def _read(match: re.Match[str], is_amount: bool) -> ReadNumber | None:
    digits = match["digits"]
    grouped = _GROUPED.match(digits)
    # “2.450 million” is two and a half, “2.450” alone two thousand and a half.
    is_small = not is_amount or _unit_of(match["word"] or "") == "million EUR"
    is_decimal = is_small and bool(re.fullmatch(r"\d+[.,]\d+", digits))
    if grouped is not None and not is_decimal:
        rest = digits[grouped.end() :]
        if not _DECIMALS.fullmatch(rest):
            return None
        number = float(f"{re.sub(r'[^0-9]', '', grouped[0])}.{rest[1:] or '0'}")
    else:
        number = float(digits.replace(",", "."))
    word = match["word"] or ""
    if word.lower().startswith(_BILLIONS):
        number *= 1_000.0
    return ReadNumber(-number if match["minus"] else number, _unit_of(word))


def _unit_of(word: str) -> str:
    lowered = word.lower()
    if lowered.startswith(("%", "p")):
        return "%"
    if lowered in ("k", "keur", "thousand", "duizend", "duizenden", "mille", "millier", "milliers"):
        return "thousand EUR"
    return "million EUR" if lowered else ""


def read_answer(
    key: Key,
    typed: FactValue,
    unit: str = "",
    facts: Sequence[FactView] = (),
    language: Language = ENGLISH,
) -> FactValue:
    """Return the value of the fact: EUR, a fraction, a number or one of the choices.

    `facts` are what is known already; an amount is held against them. `language` is that of what
    is said back. Raises AnswerError, and WhichUnitError where the unit must be asked.
    """
    if isinstance(typed, bool):
        raise _refused(key, str(typed).lower(), language)
    if key.kind == "choice":
        return _choice(key, str(typed), language)
    if isinstance(typed, str):
        found = _one_number(key, typed, language)
    else:
        found = ReadNumber(float(typed))
    if not math.isfinite(found.value):
        raise _refused(key, language.say("answer.no_bounds"), language)
    asked = _Asked(key, facts, language)
    return _within(key, _scaled(asked, found, unit, isinstance(typed, str)), language)


def _one_number(key: Key, typed: str, language: Language) -> ReadNumber:
    if _NOTHING.fullmatch(typed) and not any(mark.isdigit() for mark in typed):
        return ReadNumber(0.0)
    found = read_numbers(typed, is_amount=key.kind == "amount")
    if len(found) != 1:
        raise _refused(key, typed, language)
    return found[0]


def _choice(key: Key, typed: str, language: Language) -> str:
    found = find_choice(key, typed)
    if found is None:
        raise _refused(key, typed, language)
    return found


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a number answers, what it is held against, and in which language we ask back."""

    key: Key
    facts: Sequence[FactView]
    language: Language


def _scaled(asked: _Asked, found: ReadNumber, unit: str, is_text: bool) -> float:
    key, given = asked.key, unit or found.unit
    if key.kind == "number":
        return found.value
    allowed = AMOUNT_UNITS if key.kind == "amount" else _SHARE_UNITS
    if given and given not in allowed:
        raise _wrong_unit(asked, given, allowed)
    if given:
        amount = round(found.value * UNITS[given], _DIGITS)
        _check_pay(asked, amount)
        return amount
    if key.kind == "amount":
        _ask_for_unit(asked, found.value)
        return found.value
    return _fraction(asked, found.value) if is_text else found.value


def _check_pay(asked: _Asked, amount: float) -> None:
    """Raise AnswerError for a pay that the turnover makes impossible."""
    revenues = number_held(asked.facts, REVENUES)
    if asked.key.name in (OWNER_PAY, MARKET_PAY) and revenues is not None:
        _within(replace(asked.key, high=max(_MOST_PAY * revenues, 1.0)), amount, asked.language)


def _wrong_unit(asked: _Asked, given: str, allowed: tuple[str, ...]) -> AnswerError:
    say = asked.language.say
    units = ", ".join(say(f"units.{each}") for each in allowed)
    label = label_in(asked.key, asked.language)
    named = say(f"units.{given}") if given in UNITS else given
    return AnswerError(
        say("answer.wrong_unit", label=label, unit=named, units=units),
        [("/unit", f"one of {', '.join(allowed)}")],
    )


def _fraction(asked: _Asked, value: float) -> float:
    if value and abs(value) < 1:
        language = asked.language
        detail = language.say(
            "answer.which_share",
            label=label_in(asked.key, language),
            value=language.number(value),
            percent=f"{language.number(value * 100, 0)} %",
        )
        raise WhichUnitError(detail, value, _SHARE_UNITS)
    return round(value / 100, _DIGITS)


def _ask_for_unit(asked: _Asked, value: float) -> None:
    """Raise WhichUnitError where an amount looks as if it were in thousands, or in other units."""
    key, language = asked.key, asked.language
    smallest = _SMALLEST_TURNOVER if key.name == REVENUES else _SMALLEST_AMOUNT
    if 0 < abs(value) < smallest or _is_out_of_place(key, value, asked.facts):
        number = language.number(value, 0)
        label = label_in(key, language)
        detail = language.say("answer.which_amount", label=label, value=number)
        raise WhichUnitError(detail, value, AMOUNT_UNITS)


def _is_out_of_place(key: Key, value: float, facts: Sequence[FactView]) -> bool:
    same = [
        abs(float(fact.value))
        for fact in facts
        if fact.confirmed and _last(fact.key) == _last(key.name) and fact.source == "registry"
    ]
    if any(_is_other_unit(abs(value), other) for other in same):
        return True
    revenues = number_held(facts, REVENUES)
    if revenues is None or key.name == REVENUES:
        return False
    most = _MOST_INCOME if key.name == OPERATING_INCOME else _MOST_OF_TURNOVER
    return abs(value) > most * revenues


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _is_other_unit(left: float, right: float) -> bool:
    """Whether two amounts that should be alike differ by about a thousand or a million."""
    if left <= 0 or right <= 0:
        return False
    power = abs(math.log10(left / right))
    return min(abs(power - 3), abs(power - 6)) < 0.5


def _within(key: Key, value: float, language: Language) -> float:
    low = -math.inf if key.low is None else key.low
    high = math.inf if key.high is None else key.high
    if low <= value <= high:
        return value
    ends = {name: shown(key, end, language) for name, end in (("low", low), ("high", high))}
    label, value_shown = label_in(key, language), shown(key, value, language)
    raise AnswerError(
        language.say("answer.bounds", label=label, value=value_shown, **ends),
        [("/value", f"{low:g} to {high:g}")],
    )


def _refused(key: Key, typed: str, language: Language) -> AnswerError:
    choices = ", ".join(choice_in(choice, language) for choice in key.choices)
    expected = language.say(f"answer.{key.kind}", choices=choices)
    words = typed.strip()[:_LONGEST_SHOWN]
    label = label_in(key, language)
    return AnswerError(
        language.say("answer.unreadable", label=label, typed=words, expected=expected),
        [("/value", expected)],
    )


def check_period(key: Key, period: str) -> str:
    """Return the period of a fact; raises AnswerError where a yearly one has no day."""
    if not key.is_yearly:
        return ""
    if re.fullmatch(r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])", period):
        return period
    raise AnswerError(
        f"{key.label} is of one financial year: give its last day, such as 2025-12-31",
        [("/period", "YYYY-MM-DD")],
    )
