"""One message read by the script: what it answers, and where the conversation stands then. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from myriad.products.upswitch.conversation.answers import (
    AnswerError,
    WhichUnitError,
    read_answer,
)
from myriad.products.upswitch.conversation.consent import is_no, is_skip, is_yes
from myriad.products.upswitch.conversation.keys import KEYS, Key
from myriad.products.upswitch.conversation.live import Live
from myriad.products.upswitch.languages import ENGLISH, Language
from myriad.products.upswitch.views.sessions import FactValue, FactView

_LONGEST_EVIDENCE = 200
_UNIT_WORDS = (
    (
        "thousand EUR",
        re.compile(r"\b(?:k|keur|thousands?|duizend(?:en)?|mill(?:e|iers))\b", re.IGNORECASE),
    ),
    ("million EUR", re.compile(r"\b(?:m|mio|mln|meur|millions?|miljoen(?:en)?)\b", re.IGNORECASE)),
    ("%", re.compile(r"%|\b(?:per\s?cent(?:age)?|procent|pour\s?cent)\b", re.IGNORECASE)),
    ("fraction", re.compile(r"\b(?:fraction|share|deel|breuk)\b", re.IGNORECASE)),
    ("EUR", re.compile(r"€|\b(?:eur|euros?|units?)\b", re.IGNORECASE)),
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a message did: facts to keep, proposals to confirm or withdraw, and what to say.

    `asks_unit` says that the script asks back itself, so no model need read the message.
    """

    live: Live
    facts: tuple[FactView, ...] = ()
    confirmed: tuple[tuple[str, str], ...] = ()
    withdrawn: tuple[tuple[str, str], ...] = ()
    note: str = ""
    asks_unit: bool = False


def take(text: str, live: Live, facts: Sequence[FactView], language: Language = ENGLISH) -> Taken:
    """Return what a message means for the question that was asked last."""
    calm = replace(live, proposed=(), typed=None, units=())
    if live.proposed and is_yes(text):
        return Taken(calm, confirmed=live.proposed, note=language.say("script.taken_over"))
    if live.proposed and is_no(text):
        return Taken(calm, withdrawn=live.proposed, note=language.say("script.left_out"))
    key = KEYS.get(live.asked)
    if key is None:
        return Taken(calm)
    if is_skip(text):
        skipped = tuple(dict.fromkeys([*live.skipped, key.name]))
        return Taken(replace(calm, skipped=skipped), note=language.say("script.left_open"))
    return _answer(_Asked(key, live, calm, language), text, facts)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The question that a message answers; `calm` is where the conversation stands after it."""

    key: Key
    live: Live
    calm: Live
    language: Language


def _answer(asked: _Asked, text: str, facts: Sequence[FactView]) -> Taken:
    key, live, calm, language = asked.key, asked.live, asked.calm, asked.language
    unit = _unit_in(text, live)
    try:
        if unit and live.typed is not None:
            value = read_answer(key, live.typed, unit, language=language)
        else:
            value = read_answer(key, text, facts=facts, language=language)
    except WhichUnitError as error:
        waiting = replace(calm, typed=error.typed, units=error.units)
        return Taken(waiting, note=error.detail, asks_unit=True)
    except AnswerError as error:
        return Taken(calm, note=f"{error.detail}.")
    return Taken(calm, facts=(stated(key, value, live.period, text),))


def _unit_in(text: str, live: Live) -> str:
    """Return the unit that a message names and nothing else; empty where none was asked for."""
    if live.typed is None or any(mark.isdigit() for mark in text):
        return ""
    named = (unit for unit, words in _UNIT_WORDS if words.search(text))
    return next((unit for unit in named if unit in live.units), "")


def stated(key: Key, value: FactValue, period: str, words: str) -> FactView:
    """Return a fact as a person has stated it."""
    return FactView(
        key=key.name,
        value=value,
        unit=key.unit,
        period=period,
        source="user",
        evidence=f"“{words.strip()[:_LONGEST_EVIDENCE]}”",
    )
