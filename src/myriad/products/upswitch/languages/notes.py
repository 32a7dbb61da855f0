"""Notes of a valuation in a language: the engine writes them in English, files hold the others.

A key of `note` is the English sentence with places in braces; what stands in a place is written in
the language's form by the name of the place. A note that no key knows stays as it is.
"""

from __future__ import annotations

import re
from functools import cache

from myriad.products.upswitch.languages import Language, language_of

_PREFIX = "note."
_PLACE = re.compile(r"\\{(\w+)\\}")
_QUOTES = "'"
_AMOUNT = re.compile(r"-?[\d,]+(?:\.\d+)?")


def noted(note: str, language: Language) -> str:
    """Return a note, or the note of a method, in a language."""
    whole = _said(note, language)
    if whole is not None:
        return whole
    method, colon, rest = note.partition(": ")
    name = language.find(f"method.{method}", "")
    if colon and name:
        return f"{name}: {noted(rest, language)}"
    parts = [_said(part, language) for part in note.split("; ")]
    known = [part for part in parts if part is not None]
    return "; ".join(known) if len(known) == len(parts) else note


def _said(note: str, language: Language) -> str | None:
    for pattern, key in _patterns(language.locale):
        found = pattern.fullmatch(note)
        if found is not None:
            values = {
                name: _written(name, text, language) for name, text in found.groupdict().items()
            }
            return language.say(key, **values)
    return None


@cache
def _patterns(locale: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    keys = language_of(locale).texts
    return tuple((_pattern(key), key) for key in keys if key.startswith(_PREFIX))


def _pattern(key: str) -> re.Pattern[str]:
    return re.compile(_PLACE.sub(r"(?P<\1>.+?)", re.escape(key.removeprefix(_PREFIX))))


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
