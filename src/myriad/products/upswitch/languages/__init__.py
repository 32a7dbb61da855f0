"""The languages of a session: its sentences from files, its numbers and days in their form.

English is what code and the API speak; Dutch and French stand beside it in `nl.toml` and `fr.toml`
with the same keys. What a fact is called in English stands with the fact.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from myriad.kit.money import Money, minor_digits

Locale = Literal["en", "nl", "fr"]
LOCALES: tuple[Locale, ...] = get_args(Locale)
NAMES: dict[Locale, str] = {"en": "English", "nl": "Nederlands", "fr": "Français"}
_BLANK = "\N{NO-BREAK SPACE}"
# What parts thousands and decimals.
_MARKS = {"en": (",", "."), "nl": (".", ","), "fr": (_BLANK, ",")}


@dataclass(frozen=True)
class Language:
    """One language: `say` a sentence, and write numbers, amounts and days as its readers do."""

    locale: Locale
    texts: dict[str, str] = field(repr=False)

    def say(self, key: str, **values: object) -> str:
        """Return a sentence; `values` fill its places. Raises KeyError for one that is not there."""
        return self.texts[key].format(**values)

    def plural(self, key: str, count: int) -> str:
        """Return `key.one` or `key.many` with the count in its place."""
        return self.say(f"{key}.{'one' if count == 1 else 'many'}", count=self.number(count))

    def find(self, key: str, otherwise: str) -> str:
        """Return a text, or the English one that stands elsewhere."""
        return self.texts.get(key, otherwise)

    def number(self, value: float, digits: int | None = None) -> str:
        """Return a number with at most so many decimals and no idle ones; six figures otherwise."""
        text = f"{value:,.6g}" if digits is None else f"{value:,.{digits}f}"
        if "e" in text:
            text = f"{value:,.0f}"
        if digits is not None and "." in text:
            text = text.rstrip("0").rstrip(".")
        return self._parted(text)

    def _parted(self, text: str) -> str:
        group, decimal = _MARKS[self.locale]
        return text.translate({ord(","): group, ord("."): decimal})

    def percent(self, fraction: float, digits: int = 2) -> str:
        """Return a fraction as a percentage, such as `12,5 %`."""
        return f"{self.number(fraction * 100, digits)}{_BLANK if self.locale == 'fr' else ' '}%"

    def amount(self, euros: float, currency: str = "EUR") -> str:
        """Return an amount in whole units: `EUR 2,450,000`, `€ 2.450.000`, `2 450 000 €`."""
        number = self.number(abs(euros), 0)
        sign = "-" if euros < 0 and number != "0" else ""
        if self.locale == "en":
            return f"{currency} {sign}{number}"
        return self._marked(f"{sign}{number}", currency)

    def _marked(self, number: str, currency: str) -> str:
        mark = "€" if currency == "EUR" else currency
        parts = (mark, number) if self.locale == "nl" else (number, mark)
        return _BLANK.join(parts)

    def money(self, amount: Money, *, whole: bool = True) -> str:
        """Return an amount of money in whole units, or to the cent."""
        if self.locale == "en":
            return amount.format(whole=whole)
        digits = minor_digits(amount.currency)
        units = amount.minor / 10**digits
        if whole:
            return self.amount(units, amount.currency)
        return self._marked(self._parted(f"{units:,.{digits}f}"), amount.currency)

    def day(self, moment: date) -> str:
        """Return a day: `31 December 2025`, `31 december 2025`, `1er janvier 2026`."""
        number = "1er" if self.locale == "fr" and moment.day == 1 else str(moment.day)
        return f"{number} {self.texts['months'].split()[moment.month - 1]} {moment.year}"

    def written(self, text: str) -> str:
        """Return a day that a source gives as `2025-12-31` in words; other text as it is."""
        try:
            return self.day(date.fromisoformat(text))
        except ValueError:
            return text


@cache
def language_of(locale: str) -> Language:
    """Return the language of a session; English for one that is not known."""
    known: Locale = locale if locale in LOCALES else "en"
    return Language(known, _read(known))


def _read(locale: str) -> dict[str, str]:
    path = Path(__file__).with_name(f"{locale}.toml")
    return dict(_flat(tomllib.loads(path.read_text(encoding="utf-8")), ""))


def _flat(table: dict[str, Any], above: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        name = f"{above}{key}"
        found += _flat(value, f"{name}.") if isinstance(value, dict) else [(name, value)]
    return found


ENGLISH = language_of("en")
