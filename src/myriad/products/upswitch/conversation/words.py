"""The script's own sentences, in the language of the session."""

from __future__ import annotations

from collections.abc import Sequence

from myriad.products.upswitch.conversation.keys import KEYS
from myriad.products.upswitch.conversation.naming import choice_in, label_in, shown
from myriad.products.upswitch.conversation.questions import Question
from myriad.products.upswitch.languages import Language
from myriad.products.upswitch.views.sessions import FactView


def greeting(
    company_name: str, facts: Sequence[FactView], question: Question | None, language: Language
) -> str:
    """Return the first message of a session."""
    filed = sum(fact.source == "registry" for fact in facts)
    key = "script.found" if filed else "script.not_found"
    found = language.say(key, count=filed, company=company_name)
    return f"{found} {asking(question, language)}"


def asking(question: Question | None, language: Language) -> str:
    """Return the next question, or that there is none."""
    if question is None:
        return language.say("script.complete")
    named = ", ".join(choice_in(choice, language) for choice in question.choices)
    return f"{question.text} ({named})" if named else question.text


def noted(facts: Sequence[FactView], language: Language) -> str:
    """Return what was written down."""
    return language.say("script.noted", facts=_listed(facts, language)) if facts else ""


def confirming(facts: Sequence[FactView], language: Language) -> str:
    """Return the question whether proposals are right."""
    return language.say("script.confirming", facts=_listed(facts, language))


def _listed(facts: Sequence[FactView], language: Language) -> str:
    return "; ".join(
        f"{label_in(KEYS[fact.key], language)}{f' {fact.period[:4]}' if fact.period else ''} "
        f"{shown(KEYS[fact.key], fact.value, language)}"
        for fact in facts
    )


def joined(*parts: str) -> str:
    """Return the parts that say something, as one text."""
    return " ".join(part for part in parts if part)
