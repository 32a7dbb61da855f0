"""Valuations in words: one sentence, and each figure as people write it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from myriad.kit.money import Money, minor_digits
from myriad.products.upswitch.languages import ENGLISH, Language
from myriad.products.upswitch.views.valuations import (
    AssumedKind,
    Assumption,
    Origin,
    ValuationKind,
    ValuationRow,
    ValuationView,
)

ORIGINS: dict[Origin, str] = {
    "user": "said by you",
    "registry": "filed accounts",
    "llm": "understood by a model, confirmed by you",
    "default": "default",
}
KINDS: dict[ValuationKind, str] = {
    "session": "from a conversation",
    "document": "from a document",
    "scenario": "what if",
    "replay": "under other parameters",
    "watch": "after a new filing",
}
LEVERS = {
    "wacc": "cost of capital",
    "g": "growth in perpetuity",
    "growth": "growth, years 2 to 5",
    "margin": "operating margin",
    "sales_to_capital": "sales to capital",
    "riskfree": "riskfree rate after year 10",
    "tax": "effective tax rate",
}
FLAG_ADVICE = "Have an answer ready before a buyer asks."


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
        return f"{language.number(value * 100, 2)} %"
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


def caused(label: str) -> str:
    """Return the cause of a step of a waterfall in words."""
    return named(label.replace("input_sheet.", "").replace("_", " "))


def step(lever: str, size: float, language: Language = ENGLISH) -> str:
    """Return how far a lever was moved, such as `2 points` or `0.2`."""
    if lever == "sales_to_capital":
        return language.number(size)
    return language.say("report.points", size=language.number(size * 100))


def percent(share: float, language: Language = ENGLISH) -> str:
    """Return a fraction as a percentage without idle digits."""
    return figure(share, "rate", language=language)


def day(moment: date) -> str:
    """Return a day such as `30 September 2026`."""
    return f"{moment.day} {moment:%B %Y}"


def said_by_people(rows: Sequence[Assumption]) -> str:
    """Return how much of the valuation rests on defaults, in a sentence."""
    known = [row for row in rows if row.value is not None]
    defaults = sum(row.origin == "default" for row in known)
    if not known:
        return "It came as a whole document: what each figure rests on stands in the proof."
    if not defaults:
        return f"All {len(known)} figures were said by somebody or filed."
    return f"{defaults} of {len(known)} figures are defaults; each can be said otherwise."


def compared(before: ValuationRow | ValuationView, after: ValuationRow | ValuationView) -> str:
    """Return how one valuation differs from another, in a sentence."""
    change = after.middle - before.middle
    if change.minor == 0:
        return "Both come to the same value, to the cent"
    share = f" ({change.minor / before.middle.minor:+.0%})" if before.middle.minor else ""
    word = "more" if change.minor > 0 else "less"
    amount = Money(abs(change.minor), change.currency).format(whole=True)
    return f"{amount}{share} {word}, and why"
