"""The script's own sentences."""

from __future__ import annotations

from collections.abc import Sequence

from myriad.products.upswitch.conversation.answers import shown
from myriad.products.upswitch.conversation.keys import KEYS
from myriad.products.upswitch.conversation.questions import Question
from myriad.products.upswitch.views.sessions import FactView

COMPLETE = (
    "That is all that moves the value much. Look over the figures beside this, correct what is not "
    "right, and value the company."
)


def greeting(company_name: str, facts: Sequence[FactView], question: Question | None) -> str:
    """Return the first message of a session."""
    filed = [fact for fact in facts if fact.source == "registry"]
    found = (
        f"The registers give {len(filed)} figures of {company_name}; they stand beside this."
        if filed
        else f"No filed accounts of {company_name} are at hand, so I ask for the figures."
    )
    return f"{found} {asking(question)}"


def asking(question: Question | None) -> str:
    """Return the next question, or that there is none."""
    if question is None:
        return COMPLETE
    choices = f" ({', '.join(question.choices)})" if question.choices else ""
    return f"{question.text}{choices}"


def noted(facts: Sequence[FactView]) -> str:
    """Return what was written down."""
    return f"Noted: {_listed(facts)}." if facts else ""


def confirming(facts: Sequence[FactView]) -> str:
    """Return the question whether proposals are right."""
    return f"I understood: {_listed(facts)}. Is that right? Yes takes it over."


def _listed(facts: Sequence[FactView]) -> str:
    return "; ".join(
        f"{KEYS[fact.key].label}{f' {fact.period[:4]}' if fact.period else ''} "
        f"{shown(KEYS[fact.key], fact.value)}"
        for fact in facts
    )


def joined(*parts: str) -> str:
    """Return the parts that say something, as one text."""
    return " ".join(part for part in parts if part)
