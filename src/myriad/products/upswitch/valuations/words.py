"""Valuations in words: one sentence, and each figure as people write it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from myriad.kit.money import Money, minor_digits
from myriad.products.upswitch.languages import ENGLISH, Language
from myriad.products.upswitch.languages.notes import noted, sourced
from myriad.products.upswitch.views.valuations import (
    AssumedKind,
    Assumption,
    ValuationRow,
    ValuationView,
)

_YEAR = re.compile(r"market_approach\.history\.(\d{4}-\d\d-\d\d)\.(\w+)")


def sentence(view: ValuationRow | ValuationView, language: Language = ENGLISH) -> str:
    """Return the valuation in one sentence, with its range."""
    names = ("middle", "low", "high")
    ends = {name: rounded(getattr(view, name), language) for name in names}
    key = "report.sentence" if view.middle.minor else "report.nothing"
    return language.say(key, company=view.company_name, **ends)


def rounded(amount: Money, language: Language = ENGLISH) -> str:
    """Return an amount to three figures, because nobody knows a value to the euro."""
    unit = 10 ** minor_digits(amount.currency)
    units = amount.minor / unit
    if abs(units) < 1000:
        return language.money(amount)
    digits = len(str(int(abs(units)))) - 3
    near = round(units / 10**digits) * 10**digits
    return language.money(Money(int(near) * unit, amount.currency))


def signed(amount: Money, language: Language = ENGLISH) -> str:
    """Return an amount with its sign, a true minus for what it takes off."""
    text = language.money(Money(abs(amount.minor), amount.currency))
    return f"\N{MINUS SIGN}{text}" if amount.minor < 0 else f"+{text}"


def figure(
    value: float | str | None,
    kind: AssumedKind,
    currency: str = "EUR",
    language: Language = ENGLISH,
) -> str:
    """Return one assumption's value as people write it."""
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, str):
        return language.find(f"choice.{value}", value)
    if kind in ("rate", "share"):
        return language.percent(value)
    if kind == "amount":
        return language.money(Money(round(value * 10 ** minor_digits(currency)), currency))
    return language.number(value, 2)


def assumed(row: Assumption, currency: str = "EUR", language: Language = ENGLISH) -> str:
    """Return an assumption's value."""
    return figure(row.value, row.kind, currency, language)


def instead_of(row: Assumption, currency: str = "EUR", language: Language = ENGLISH) -> str:
    """Return the default that was overridden, or nothing."""
    return figure(row.default, row.kind, currency, language) if row.is_override else ""


def named(label: str, language: Language = ENGLISH) -> str:
    """Return the label of a method or an input with its capitals."""
    label = language.find(f"method.{label}", label)
    text = label.replace("ebitda", "EBITDA").replace("ebit multiple", "EBIT multiple")
    return text[:1].upper() + text[1:]


def note(text: str, language: Language = ENGLISH) -> str:
    """Return a note of a valuation or of a method, beginning with a capital."""
    return named(noted(text, language))


def labelled(row: Assumption, language: Language = ENGLISH) -> str:
    """Return what a figure is called, with the year of one that has a year."""
    of_year = _YEAR.fullmatch(row.path)
    if of_year is None:
        return language.find(f"label.{row.path}", row.label)
    name = language.find(f"label.market_approach.history.{of_year[2]}", "")
    return f"{name} {of_year[1]}" if name else row.label


def grounded(text: str, language: Language = ENGLISH) -> str:
    """Return a source or a ground in a language; one that no sentence knows as it is."""
    return language.find(f"ground.{text}", sourced(text, language))


def reckoned(
    code: str, formula: str, figures: Mapping[str, float], language: Language = ENGLISH
) -> str:
    """Return how a point of attack was reckoned; as it was kept where its figures were not."""
    text = language.find(f"reckoned.{code}", "")
    if not text or not figures:
        return formula
    shown = {name: _in_formula(name, value, language) for name, value in figures.items()}
    return text.format(**shown)


def _in_formula(name: str, value: float, language: Language) -> str:
    if name in ("share", "chance"):
        return language.percent(value, 0)
    return language.number(value, 2 if name in ("multiple", "years") else 0)


def titled(row: ValuationRow | ValuationView, language: Language = ENGLISH) -> str:
    """Return the title of a valuation, or how it came about."""
    return row.title or language.say(f"kind.{row.kind}")


def caused(label: str, language: Language = ENGLISH) -> str:
    """Return the cause of a step of a waterfall in words."""
    plain = named(label.replace("input_sheet.", "").replace("_", " "))
    return language.find(f"label.{label}", plain)


def step(lever: str, size: float, language: Language = ENGLISH) -> str:
    """Return how far a lever was moved, such as `2 points` or `0.2`."""
    if lever == "sales_to_capital":
        return language.number(size)
    return language.say("report.points", size=language.number(size * 100))


def percent(share: float, language: Language = ENGLISH) -> str:
    """Return a fraction as a percentage without idle digits."""
    return figure(share, "rate", language=language)


def said_by_people(rows: Sequence[Assumption], language: Language = ENGLISH) -> str:
    """Return how much of the valuation rests on defaults, in a sentence."""
    known = [row for row in rows if row.value is not None]
    defaults = sum(row.origin == "default" for row in known)
    if not known:
        return language.say("result.rests_document")
    if not defaults:
        return language.say("result.rests_all", all=len(known))
    return language.say("result.rests_defaults", defaults=defaults, all=len(known))


def compared(
    before: ValuationRow | ValuationView,
    after: ValuationRow | ValuationView,
    language: Language = ENGLISH,
) -> str:
    """Return how one valuation differs from another, in a sentence."""
    change = after.middle - before.middle
    if change.minor == 0:
        return language.say("result.same_value")
    share = f" ({change.minor / before.middle.minor:+.0%})" if before.middle.minor else ""
    amount = language.money(Money(abs(change.minor), change.currency))
    key = "result.more" if change.minor > 0 else "result.less"
    return language.say(key, amount=f"{amount}{share}")
