"""Notes and sources of a valuation in a language: the engine writes them in English, files hold the others.

A key of `note` or `said` is the English sentence with places in braces; what stands in a place is written in
the language's form by the name of the place. A note that no key knows stays as it is.
"""

from __future__ import annotations

import re
from functools import cache

from myriad.products.upswitch.languages import Language, language_of

_NOTE, _SOURCE = "note.", "said."
_PLACE = re.compile(r"\\{(\w+)\\}")
_QUOTES = "'"
_AMOUNT = re.compile(r"-?[\d,]+(?:\.\d+)?")


def noted(note: str, language: Language) -> str:
    """Return a note, or the note of a method, in a language."""
    whole = _said(note, language, _NOTE)
    if whole is not None:
        return whole
    method, colon, rest = note.partition(": ")
    name = language.find(f"method.{method}", "")
    if colon and name:
        return f"{name}: {noted(rest, language)}"
    parts = [_said(part, language, _NOTE) for part in note.split("; ")]
    known = [part for part in parts if part is not None]
    return "; ".join(known) if len(known) == len(parts) else note


def sourced(source: str, language: Language) -> str:
    """Return where a figure comes from in a language; names of publishers stay as they are."""
    return _said(source, language, _SOURCE) or source


def _said(note: str, language: Language, kind: str) -> str | None:
    for pattern, key in _patterns(language.locale, kind):
        found = pattern.fullmatch(note)
        if found is not None:
            values = {
                name: _written(name, text, language) for name, text in found.groupdict().items()
            }
            return language.say(key, **values)
    return None


@cache
def _patterns(locale: str, kind: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    keys = language_of(locale).texts
    return tuple((_pattern(key, kind), key) for key in keys if key.startswith(kind))


def _pattern(key: str, kind: str) -> re.Pattern[str]:
    return re.compile(_PLACE.sub(r"(?P<\1>.+?)", re.escape(key.removeprefix(kind))))


def _written(name: str, text: str, language: Language) -> str:
    if name == "end":
        return language.written(text)
    if name == "metric":
        metric = language.find(f"metric.{text}", text.replace("_", " "))
        return metric.replace("ebitda", "EBITDA").replace("ebit", "EBIT")
    if name.endswith("percent"):
        return language.percent(float(text.rstrip("%").replace(",", "")) / 100)
    if name in ("amount", "months", "meant", "fraction") and _AMOUNT.fullmatch(text):
        return language.number(float(text.replace(",", "")))
    return language.find(f"choice.{text.strip(_QUOTES)}", text)
