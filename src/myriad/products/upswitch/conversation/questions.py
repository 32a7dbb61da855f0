"""The questions that need no model: which comes next, and why it is asked.

Only what is missing is asked, what moves the value most first. What is proposed and waits for a
yes, and what somebody did not know, is not asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date

from myriad.kit.clock import utc_now
from myriad.products.upswitch.conversation.keys import (
    HISTORY,
    KEYS,
    MARKET_PAY,
    OPERATING_INCOME,
    OWNER_PAY,
    REVENUES,
    Key,
)
from myriad.products.upswitch.conversation.normalising import base_period, held, number_held
from myriad.products.upswitch.languages import ENGLISH, Language
from myriad.products.upswitch.views.sessions import FactView

Facts = Sequence[FactView]


@dataclass(frozen=True, slots=True)
class Question:
    """One question about a key; `why` says what it does to the value."""

    key: Key
    period: str
    text: str
    why: str

    @property
    def choices(self) -> tuple[str, ...]:
        """The answers that there are, when there are few."""
        return self.key.choices


def _has_owner(facts: Facts) -> bool:
    return held(facts, "normalisation.owner_pay") is None


def _owner_is_paid(facts: Facts) -> bool:
    return _has_owner(facts) and number_held(facts, OWNER_PAY) is not None


def _always(_facts: Facts) -> bool:
    return True


_SCRIPT: dict[str, Callable[[Facts], bool]] = {
    REVENUES: _always,
    OPERATING_INCOME: _always,
    f"{HISTORY}depreciation_and_amortization": _always,
    "input_sheet.book_value_of_debt": _always,
    "input_sheet.cash_and_marketable_securities": _always,
    OWNER_PAY: _has_owner,
    MARKET_PAY: _owner_is_paid,
    "normalisation.rent": _always,
    "normalisation.one_off": _always,
    "input_sheet.revenue_growth_next_year": _always,
    "input_sheet.target_operating_margin": _always,
    "due_diligence.largest_customer_share": _always,
    "market_approach.sector": _always,
}


def next_question(
    facts: Facts, skipped: Collection[str] = (), language: Language = ENGLISH
) -> Question | None:
    """Return what to ask next, or None when all that matters was answered or skipped."""
    return next(iter(open_questions(facts, skipped, language)), None)


def open_questions(
    facts: Facts, skipped: Collection[str] = (), language: Language = ENGLISH
) -> list[Question]:
    """Return every question that is still open, in the order in which they are asked."""
    period = base_period(facts) or _proposed_period(facts) or default_period(utc_now().date())
    return [
        _question(name, period, language)
        for name, applies in _SCRIPT.items()
        if name not in skipped and applies(facts) and not _is_known(facts, name, period)
    ]


def script_length(facts: Facts) -> int:
    """Return how many questions the script has for this company, answered ones included."""
    return sum(applies(facts) for applies in _SCRIPT.values())


def _is_known(facts: Facts, name: str, period: str) -> bool:
    wanted = period if KEYS[name].is_yearly else ""
    return any(fact.key == name and fact.period == wanted for fact in facts)


def _proposed_period(facts: Facts) -> str:
    return max((fact.period for fact in facts if fact.key == REVENUES), default="")


def default_period(today: date) -> str:
    """Return the last day of the last whole calendar year, in which most financial years end."""
    return f"{today.year - 1}-12-31"


def _question(name: str, period: str, language: Language) -> Question:
    key = KEYS[name]
    text = language.say(f"question.{name}", day=language.day(date.fromisoformat(period)))
    return Question(key, period if key.is_yearly else "", text, language.say(f"why.{name}"))
