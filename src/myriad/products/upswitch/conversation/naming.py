"""Facts in the words of a language: what a key is called, and a value as people write it."""

from __future__ import annotations

from myriad.products.upswitch.conversation.keys import Key
from myriad.products.upswitch.languages import ENGLISH, LOCALES, Language, language_of
from myriad.products.upswitch.views.sessions import FactValue


def label_in(key: Key, language: Language = ENGLISH) -> str:
    """Return what a fact is called."""
    return language.find(f"label.{key.name}", key.label)


def meaning_in(key: Key, language: Language = ENGLISH) -> str:
    """Return what a fact means, without a full stop."""
    return language.find(f"meaning.{key.name}", key.meaning)


def choice_in(choice: str, language: Language = ENGLISH) -> str:
    """Return one of few answers."""
    return language.find(f"choice.{choice}", choice)


def find_choice(key: Key, typed: str) -> str | None:
    """Return the choice that a text names in any language, or begins alone; None otherwise."""
    wanted = typed.strip().casefold()
    named = {
        choice_in(choice, language_of(locale)).casefold(): choice
        for locale in LOCALES
        for choice in key.choices
    }
    if wanted in named:
        return named[wanted]
    starting = {choice for name, choice in named.items() if wanted and name.startswith(wanted)}
    return starting.pop() if len(starting) == 1 else None


def shown(key: Key, value: FactValue, language: Language = ENGLISH) -> str:
    """Return a value as people read it: `EUR 2,450,000`, `3,5 %`, `41`."""
    if isinstance(value, str):
        return choice_in(value, language)
    if key.kind == "amount":
        return language.amount(float(value))
    if key.kind == "number":
        return language.number(float(value))
    return f"{language.number(float(f'{float(value) * 100:.4g}'))} %"
