"""What the screens of a session say: facts as rows, and the answer on top. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from myriad.products.upswitch.conversation.answers import shown
from myriad.products.upswitch.conversation.keys import HISTORY, KEYS, Group, Key
from myriad.products.upswitch.conversation.normalising import base_period
from myriad.products.upswitch.conversation.questions import default_period
from myriad.products.upswitch.views.sessions import ConversationView, FactView

AMOUNT_UNITS = (("EUR", "EUR"), ("thousand EUR", "thousand EUR"), ("million EUR", "million EUR"))
UNIT_WORDS = {
    "EUR": "Euros",
    "thousand EUR": "Thousands",
    "million EUR": "Millions",
    "%": "Per cent",
    "fraction": "A fraction of one",
}
_SOURCES = {
    "user": ("you", "info"),
    "registry": ("filed", "good"),
    "llm": ("confirmed", "info"),
    "default": ("default", "hollow"),
}
_GROUPS: tuple[tuple[Group, str, str], ...] = (
    ("figures", "The last financial year", "what the accounts say"),
    ("history", "Year by year", "what the multiples are weighed over"),
    ("outlook", "Plans", "what the owner expects"),
    ("diligence", "What a buyer asks", "empty is a question at the table"),
)
_DEPRECIATION = f"{HISTORY}depreciation_and_amortization"


@dataclass(frozen=True, slots=True)
class FactRow:
    """One fact on the screen; `value` is none where nothing is known, `typed` fills its field."""

    key: Key
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
        return f"{self.key.label} {self.period[:4]}".strip()


@dataclass(frozen=True, slots=True)
class FactGroup:
    """Facts that belong together."""

    title: str
    note: str
    rows: tuple[FactRow, ...]


def groups_of(facts: Sequence[FactView], today: date) -> tuple[FactGroup, ...]:
    """Return every fact that the conversation is about, known or not, in groups."""
    period = base_period(facts) or default_period(today)
    return tuple(
        FactGroup(title, note, rows)
        for group, title, note in _GROUPS
        if (rows := tuple(_rows(facts, group, period)))
    )


def _rows(facts: Sequence[FactView], group: Group, period: str) -> list[FactRow]:
    keys = [key for key in KEYS.values() if key.group == group]
    if group != "history":
        return [row_of(facts, key, period if key.is_yearly else "") for key in keys]
    years = {fact.period for fact in facts if fact.key.startswith(HISTORY)} | {period}
    places = [(key, year) for year in sorted(years, reverse=True) for key in keys]
    known = {(fact.key, fact.period) for fact in facts}
    return [
        row_of(facts, key, year)
        for key, year in places
        if (key.name, year) in known or (key.name == _DEPRECIATION and year == period)
    ]


def row_of(facts: Sequence[FactView], key: Key, period: str) -> FactRow:
    """Return one fact as a row."""
    same = [fact for fact in facts if (fact.key, fact.period) == (key.name, period)]
    held = next((fact for fact in same if fact.confirmed), None)
    proposed = next((fact for fact in same if not fact.confirmed), None)
    return FactRow(
        key=key,
        period=period,
        value=None if held is None else shown(key, held.value),
        typed="" if held is None else typed_of(key, held.value),
        unit={"amount": "EUR", "rate": "%", "share": "%"}.get(key.kind, ""),
        source=None if held is None else _SOURCES[held.source],
        evidence="" if held is None else held.evidence,
        is_users=held is not None and held.source in ("user", "llm"),
        proposal=None if proposed is None else shown(key, proposed.value),
        proposal_evidence="" if proposed is None else proposed.evidence,
        default=key.otherwise if key.default is None else shown(key, key.default),
    )


def typed_of(key: Key, value: object) -> str:
    """Return a value as a field shows it for editing."""
    if isinstance(value, str):
        return value
    number = float(str(value))
    return f"{number * 100:.10g}" if key.kind in ("rate", "share") else f"{number:.12g}"


def answer(view: ConversationView) -> str:
    """Return how far the session is, in one sentence."""
    waiting = sum(not fact.confirmed for fact in view.session.facts)
    if waiting:
        noun = "figure waits" if waiting == 1 else "figures wait"
        return f"{waiting} {noun} for your yes"
    if view.question is None:
        return "Everything that matters is known"
    left = view.questions - view.answered
    return f"{left} {'question' if left == 1 else 'questions'} left"


def who_speaks(view: ConversationView) -> str:
    """Return who words the questions, where that is worth telling."""
    return {
        "model": "A model words the questions and notes what you say; it computes nothing.",
        "script": "The questions are scripted: no model is configured.",
        "spent": "This valuation has spent what a model may cost; the questions are scripted.",
    }[view.speaks]
