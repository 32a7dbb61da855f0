"""What a model says, held against what it was given.

Words of a proposal must stand in the message, the number is read from those words by our own code,
and words with a number that is nowhere given are never shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from myriad.kit.clock import utc_now
from myriad.products.upswitch.conversation.answers import (
    AnswerError,
    check_period,
    read_answer,
    read_numbers,
)
from myriad.products.upswitch.conversation.keys import KEYS
from myriad.products.upswitch.conversation.naming import shown
from myriad.products.upswitch.conversation.normalising import base_period
from myriad.products.upswitch.conversation.prefill import agree
from myriad.products.upswitch.conversation.questions import Question, default_period
from myriad.products.upswitch.languages import language_of
from myriad.products.upswitch.views.sessions import FactView, MessageView, SessionView
from myriad.scale.observe.logs import get_logger

_CONFIDENCE = 0.6
_MOST_PROPOSALS = 8
_LONGEST_SAYING = 900
_REMEMBERED = 6
_OPEN_NUMBER = re.compile(r"\S*\d[\d.,'\u2019\s\u00a0\u202f]*$")
_log = get_logger(__name__)


class Proposed(msgspec.Struct, frozen=True):
    """A fact as a model has understood it: `words` are the owner's own."""

    key: str
    value: float | str
    words: str
    period: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What a model is told of one turn."""

    view: SessionView
    messages: Sequence[MessageView]
    text: str
    question: Question | None


@dataclass(frozen=True, slots=True)
class Spoken:
    """What came of asking: None of `say` where the script's words are better or all there is.

    `is_stopped` says that a person wanted to hear no more, `is_capped` that the purse held too
    little.
    """

    say: str | None = None
    proposals: tuple[FactView, ...] = ()
    cost_usd_micros: int = 0
    tokens: int = 0
    is_stopped: bool = False
    is_capped: bool = False


class Speech:
    """A model's answer as it comes: a line of facts, then words, each held against what was given."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._said = ""
        self._given = given_numbers(context)
        self._is_founded = True
        self.shown = ""

    def take(self, piece: str) -> bool:
        """Take a piece; False when there is no more to be heard of this answer."""
        self._said += piece
        if "\n" not in self._said:
            return True
        if self._proposals():
            # The script asks whether they are right; more words would only cost.
            return False
        words = " ".join(self._words().split())
        # A number may go on in the next piece.
        words = _OPEN_NUMBER.sub("", words)
        self._is_founded = _numbers(words) <= self._given and len(words) <= _LONGEST_SAYING
        if self._is_founded:
            self.shown = words
        return self._is_founded

    def ended(self) -> Spoken:
        """Return what a whole answer came to."""
        proposals = self._proposals()
        say = None if proposals else check_saying(self._words(), self._context)
        return Spoken(say=say, proposals=proposals)

    def ended_early(self) -> Spoken:
        """Return what an answer came to that was not heard to its end."""
        proposals = self._proposals()
        if proposals or not self._is_founded:
            return Spoken(proposals=proposals)
        return Spoken(say=self.shown or None, is_stopped=True)

    def _proposals(self) -> tuple[FactView, ...]:
        first, _, _ = self._said.partition("\n")
        try:
            proposed = msgspec.json.decode(first, type=list[Proposed])
        except msgspec.DecodeError:
            return ()
        return check_proposals(proposed, self._context)

    def _words(self) -> str:
        first, _, rest = self._said.partition("\n")
        # A model that begins with words has no facts to tell.
        return rest if first.strip().startswith("[") else self._said


def given_to(context: Context) -> dict[str, Any]:
    """Return what a model is told of one turn, as data."""
    question = context.question
    said = [message for message in context.messages if message.content != context.text]
    return {
        "company": context.view.company_name,
        "last_financial_year": _year_of(context),
        "known": [
            {
                "label": KEYS[fact.key].label,
                "value": shown(KEYS[fact.key], fact.value, language_of(context.view.locale)),
                "period": fact.period,
                "confirmed": fact.confirmed,
            }
            for fact in context.view.facts
            if fact.key in KEYS
        ],
        "said_before": [
            {"role": message.role, "text": message.content} for message in said[-_REMEMBERED:]
        ],
        "message": context.text,
        "next_question": None
        if question is None
        else {
            "text": question.text,
            "why": question.why,
            "choices": list(question.choices),
        },
    }


def _year_of(context: Context) -> str:
    return base_period(context.view.facts) or default_period(utc_now().date())


def check_saying(say: str, context: Context) -> str | None:
    """Return the words when every number in them was given, else None."""
    words = " ".join(say.split())
    if not words or len(words) > _LONGEST_SAYING:
        return None
    if not _numbers(words) <= given_numbers(context):
        # The words stay out of the log; they may repeat what the owner wrote.
        _log.warning("upswitch_saying_unfounded")
        return None
    return words


def given_numbers(context: Context) -> set[str]:
    """Return the digits of every number that a model was given."""
    given = str(given_to(context))
    return _numbers(given) | set(re.findall(r"\d+", given))


def _numbers(text: str) -> set[str]:
    """Return the numbers of a text by their digits, however they are grouped."""
    found = re.findall(r"\d(?:[\d.,'\u2019\s\u00a0\u202f]*\d)?", text)
    return {re.sub(r"\D", "", each) for each in found}


def check_proposals(proposed: Sequence[Proposed], context: Context) -> tuple[FactView, ...]:
    """Return the proposals that the owner's own words bear out, each key and year once."""
    found: dict[tuple[str, str], FactView] = {}
    for one in proposed[:_MOST_PROPOSALS]:
        fact = _founded(one, context)
        if fact is not None and not _is_known(fact, context.view.facts):
            found.setdefault((fact.key, fact.period), fact)
    return tuple(found.values())


def _founded(one: Proposed, context: Context) -> FactView | None:
    key = KEYS.get(one.key)
    words = " ".join(one.words.split())
    if key is None or key.group == "assumptions" or not words:
        return None
    if words.casefold() not in " ".join(context.text.split()).casefold():
        return None
    try:
        value = read_answer(key, words, facts=context.view.facts)
        period = check_period(key, one.period or _year_of(context))
    except AnswerError:
        return None
    if not _is_as_written(one.value, words, value):
        return None
    return FactView(
        key=key.name,
        value=value,
        unit=key.unit,
        period=period,
        source="llm",
        confidence=_CONFIDENCE,
        evidence=f"“{words}”",
        confirmed=False,
    )


def _is_as_written(proposed: float | str, words: str, value: object) -> bool:
    """Whether a model proposes what its words say: the number as written, or what it amounts to."""
    if isinstance(value, str):
        return str(proposed).casefold() == value.casefold()
    if isinstance(proposed, str):
        numbers = read_numbers(proposed)
        if len(numbers) != 1:
            return False
        proposed = numbers[0].value
    written = {number.value for number in read_numbers(words)}
    written |= {number.value for number in read_numbers(words, is_amount=False)}
    return proposed in written or proposed == value


def _is_known(fact: FactView, facts: Sequence[FactView]) -> bool:
    """Whether what holds says the same already."""
    same = [
        other
        for other in facts
        if other.confirmed and (other.key, other.period) == (fact.key, fact.period)
    ]
    return any(agree(fact, other) for other in same)
