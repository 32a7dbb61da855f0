"""What the screens of a session say: facts as rows, and the answer on top. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from myriad.kit.money import Money
from myriad.products.upswitch.conversation.answers import AMOUNT_UNITS
from myriad.products.upswitch.conversation.keys import HISTORY, KEYS, Group, Key
from myriad.products.upswitch.conversation.naming import (
    choice_in,
    label_in,
    meaning_in,
    shown,
)
from myriad.products.upswitch.conversation.normalising import base_period
from myriad.products.upswitch.conversation.questions import default_period
from myriad.products.upswitch.languages import ENGLISH, NAMES, Language
from myriad.products.upswitch.valuations.words import grounded, rounded
from myriad.products.upswitch.views.sessions import ConversationView, FactView

__all__ = [
    "AMOUNT_UNITS",
    "NAMES",
    "answer",
    "changed",
    "grounded",
    "groups_of",
    "rounded",
    "row_of",
    "typed_of",
]
MINUS = "\N{MINUS SIGN}"
_TONES = {"user": "info", "registry": "good", "llm": "info", "default": "hollow"}
_GROUPS: tuple[Group, ...] = ("figures", "history", "outlook", "diligence")
_DEPRECIATION = f"{HISTORY}depreciation_and_amortization"


@dataclass(frozen=True, slots=True)
class FactRow:
    """One fact on the screen; `value` is none where nothing is known, `typed` fills its field."""

    key: Key
    name: str
    meaning: str
    choices: tuple[tuple[str, str], ...]
    period: str
    value: str | None
    typed: str
    unit: str
    source: tuple[str, str] | None
    evidence: str
    is_users: bool
    proposal: str | None
    proposal_evidence: str
    default: str

    @property
    def id(self) -> str:
        """What names the row on the page."""
        return f"{self.key.name.replace('.', '-')}-{self.period}".strip("-")

    @property
    def label(self) -> str:
        """The key's label, with the year of a figure that has one."""
        return f"{self.name} {self.period[:4]}".strip()


@dataclass(frozen=True, slots=True)
class FactGroup:
    """Facts that belong together."""

    title: str
    note: str
    rows: tuple[FactRow, ...]


def groups_of(facts: Sequence[FactView], today: date, language: Language) -> tuple[FactGroup, ...]:
    """Return every fact that the conversation is about, known or not, in groups."""
    period = base_period(facts) or default_period(today)
    return tuple(
        FactGroup(language.say(f"group.{group}"), language.say(f"group.{group}_note"), rows)
        for group in _GROUPS
        if (rows := tuple(_rows(facts, group, period, language)))
    )


def _rows(
    facts: Sequence[FactView], group: Group, period: str, language: Language
) -> list[FactRow]:
    keys = [key for key in KEYS.values() if key.group == group]
    if group != "history":
        return [row_of(facts, key, period if key.is_yearly else "", language) for key in keys]
    years = {fact.period for fact in facts if fact.key.startswith(HISTORY)} | {period}
    places = [(key, year) for year in sorted(years, reverse=True) for key in keys]
    known = {(fact.key, fact.period) for fact in facts}
    return [
        row_of(facts, key, year, language)
        for key, year in places
        if (key.name, year) in known or (key.name == _DEPRECIATION and year == period)
    ]


def row_of(
    facts: Sequence[FactView], key: Key, period: str, language: Language = ENGLISH
) -> FactRow:
    """Return one fact as a row."""
    same = [fact for fact in facts if (fact.key, fact.period) == (key.name, period)]
    held = next((fact for fact in same if fact.confirmed), None)
    proposed = next((fact for fact in same if not fact.confirmed), None)
    return FactRow(
        key=key,
        name=label_in(key, language),
        meaning=meaning_in(key, language),
        choices=tuple((choice, choice_in(choice, language)) for choice in key.choices),
        period=period,
        value=None if held is None else shown(key, held.value, language),
        typed="" if held is None else typed_of(key, held.value, language),
        unit={"amount": "EUR", "rate": "%", "share": "%"}.get(key.kind, ""),
        source=None
        if held is None
        else (language.say(f"source.{held.source}"), _TONES[held.source]),
        evidence="" if held is None else held.evidence,
        is_users=held is not None and held.source in ("user", "llm"),
        proposal=None if proposed is None else shown(key, proposed.value, language),
        proposal_evidence="" if proposed is None else proposed.evidence,
        default=grounded(key.otherwise, language)
        if key.default is None
        else shown(key, key.default, language),
    )


def typed_of(key: Key, value: object, language: Language = ENGLISH) -> str:
    """Return a value as a field shows it for editing, in the language's own form."""
    if isinstance(value, str):
        return value
    number = float(str(value))
    text = f"{number * 100:.10g}" if key.kind in ("rate", "share") else f"{number:.12g}"
    return text if language.locale == "en" else text.replace(".", ",")


def answer(view: ConversationView, language: Language) -> str:
    """Return how far the session is, in one sentence."""
    waiting = sum(not fact.confirmed for fact in view.session.facts)
    if waiting:
        return language.plural("screen.waiting", waiting)
    if view.question is None:
        return language.say("screen.everything")
    return language.plural("screen.left", view.questions - view.answered)


def changed(amount: Money, language: Language) -> str:
    """Return what a change did to the value, with its sign."""
    text = rounded(Money(abs(amount.minor), amount.currency), language)
    return f"{'+' if amount.minor > 0 else MINUS}{text}"
