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


@dataclass(frozen=True, slots=True)
class _Asked:
    name: str
    text: str
    why: str
    applies: Callable[[Facts], bool] = lambda _facts: True


def _has_owner(facts: Facts) -> bool:
    return held(facts, "normalisation.owner_pay") is None


def _owner_is_paid(facts: Facts) -> bool:
    return _has_owner(facts) and number_held(facts, OWNER_PAY) is not None


_SCRIPT = (
    _Asked(
        REVENUES,
        "What was the turnover of the financial year to {day}, without VAT?",
        "Everything else is measured against it.",
    ),
    _Asked(
        OPERATING_INCOME,
        "What was the operating result of that year, before interest and tax?",
        "Both methods start from it.",
    ),
    _Asked(
        f"{HISTORY}depreciation_and_amortization",
        "How much depreciation is in that result?",
        "It is added back for EBITDA, to which buyers' multiples apply.",
    ),
    _Asked(
        "input_sheet.book_value_of_debt",
        "How much does the company owe to banks, leasing companies and lenders?",
        "Debt is taken off the value of the business, euro for euro.",
    ),
    _Asked(
        "input_sheet.cash_and_marketable_securities",
        "How much money has it in the bank?",
        "Cash is added to the value of the business, euro for euro.",
    ),
    _Asked(
        OWNER_PAY,
        "What do the owners who work there take in a year, with cars, pensions and management fees?",
        "A buyer has to pay somebody for that work, so the result is brought to market pay.",
        _has_owner,
    ),
    _Asked(
        MARKET_PAY,
        "And what would hired managers cost for the same work, with employer's contributions?",
        "The difference to what the owners take changes EBITDA of every year to come.",
        _owner_is_paid,
    ),
    _Asked(
        "normalisation.rent",
        "How much more rent a year does the company pay to its owners than the market asks? Zero if "
        "it rents from strangers, a minus if it pays less.",
        "Rent that is too high hides profit, rent that is too low invents it.",
    ),
    _Asked(
        "normalisation.one_off",
        "Which costs of that year will not come again, in all? A minus for income that will not.",
        "One-off items say nothing about the years that a buyer pays for.",
    ),
    _Asked(
        "input_sheet.revenue_growth_next_year",
        "By how much will turnover grow over the next twelve months?",
        "Growth moves the cash flow method more than any other answer.",
    ),
    _Asked(
        "input_sheet.target_operating_margin",
        "Which share of turnover will be left as operating result in five years, once plans have "
        "worked out?",
        "Half of the value lies in the years after the plan.",
    ),
    _Asked(
        "due_diligence.largest_customer_share",
        "Which share of turnover comes from the largest customer?",
        "Above a quarter a buyer asks for a lower price.",
    ),
    _Asked(
        "market_approach.sector",
        "Which of these is closest to what the company does?",
        "Multiples differ by sector.",
    ),
)


def next_question(facts: Facts, skipped: Collection[str] = ()) -> Question | None:
    """Return what to ask next, or None when all that matters was answered or skipped."""
    return next(iter(open_questions(facts, skipped)), None)


def open_questions(facts: Facts, skipped: Collection[str] = ()) -> list[Question]:
    """Return every question that is still open, in the order in which they are asked."""
    period = base_period(facts) or _proposed_period(facts) or default_period(utc_now().date())
    return [
        _question(asked, period)
        for asked in _SCRIPT
        if asked.name not in skipped
        and asked.applies(facts)
        and not _is_known(facts, asked.name, period)
    ]


def script_length(facts: Facts) -> int:
    """Return how many questions the script has for this company, answered ones included."""
    return sum(asked.applies(facts) for asked in _SCRIPT)


def _is_known(facts: Facts, name: str, period: str) -> bool:
    wanted = period if KEYS[name].is_yearly else ""
    return any(fact.key == name and fact.period == wanted for fact in facts)


def _proposed_period(facts: Facts) -> str:
    return max((fact.period for fact in facts if fact.key == REVENUES), default="")


def default_period(today: date) -> str:
    """Return the last day of the last whole calendar year, in which most financial years end."""
    return f"{today.year - 1}-12-31"


def _question(asked: _Asked, period: str) -> Question:
    key = KEYS[asked.name]
    day = date.fromisoformat(period)
    words = asked.text.format(day=f"{day.day} {day:%B %Y}") if "{" in asked.text else asked.text
    return Question(key, period if key.is_yearly else "", words, asked.why)
