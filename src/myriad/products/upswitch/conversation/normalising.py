"""The adjustments that facts make to each year, and what they do to EBITDA. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from myriad.products.upswitch.conversation.keys import (
    HISTORY,
    KEYS,
    MARKET_PAY,
    OPERATING_INCOME,
    OWNER_PAY,
    REVENUES,
)
from myriad.products.upswitch.views.sessions import FactView

AdjustmentKind = Literal["owner_pay", "rent", "one_off", "other"]
KINDS: tuple[AdjustmentKind, ...] = ("owner_pay", "rent", "one_off", "other")


@dataclass(frozen=True, slots=True)
class AdjustmentLine:
    """`amount` in EUR is added to the operating income of its year."""

    kind: AdjustmentKind
    label: str
    amount: float
    evidence: str


@dataclass(frozen=True, slots=True)
class NormalisedYear:
    """EBITDA of one year in EUR, before and after; None where the result is not known."""

    period: str
    operating_income: float | None
    depreciation: float
    lines: tuple[AdjustmentLine, ...]

    @property
    def before(self) -> float | None:
        """EBITDA as in the accounts."""
        return None if self.operating_income is None else self.operating_income + self.depreciation

    @property
    def after(self) -> float | None:
        """EBITDA as a buyer would have it."""
        before = self.before
        return None if before is None else before + sum(line.amount for line in self.lines)


def held(facts: Sequence[FactView], key: str, period: str | None = None) -> FactView | None:
    """Return the confirmed fact of a key, of that year or of the latest; None when there is none."""
    found = [
        fact
        for fact in facts
        if fact.key == key and fact.confirmed and period in (None, fact.period)
    ]
    return max(found, key=lambda fact: fact.period, default=None)


def number_held(facts: Sequence[FactView], key: str, period: str | None = None) -> float | None:
    """Return the confirmed number of a key, or None."""
    fact = held(facts, key, period)
    return None if fact is None else float(fact.value)


def base_period(facts: Sequence[FactView]) -> str:
    """Return the last day of the year that the valuation starts from; empty when nothing says."""
    years = [
        fact.period for fact in facts if fact.confirmed and fact.key in (REVENUES, OPERATING_INCOME)
    ]
    return max(years, default="")


def periods(facts: Sequence[FactView]) -> tuple[str, ...]:
    """Return the financial years that confirmed facts tell of, the newest first."""
    yearly = {fact.period for fact in facts if fact.period and fact.confirmed}
    return tuple(sorted(yearly, reverse=True))


def adjustments_of(facts: Sequence[FactView], period: str) -> tuple[AdjustmentLine, ...]:
    """Return the adjustments of one year.

    Owner's pay that was not given itself is what owners took less what managers would cost; that
    is known of the last year only.
    """
    lines = []
    for kind in KINDS:
        fact = held(facts, f"normalisation.{kind}", period)
        if fact is not None and float(fact.value):
            label = KEYS[f"normalisation.{kind}"].label
            lines.append(AdjustmentLine(kind, label, float(fact.value), fact.evidence))
        elif fact is None and kind == "owner_pay" and period == base_period(facts):
            lines += _owner_pay(facts)
    return tuple(lines)


def _owner_pay(facts: Sequence[FactView]) -> list[AdjustmentLine]:
    paid, market = number_held(facts, OWNER_PAY), number_held(facts, MARKET_PAY)
    if paid is None or market is None or paid == market:
        return []
    evidence = f"EUR {paid:,.0f} taken, EUR {market:,.0f} for hired managers"
    return [AdjustmentLine("owner_pay", "Owner's pay", paid - market, evidence)]


def normalise(facts: Sequence[FactView]) -> tuple[NormalisedYear, ...]:
    """Return every year with its adjustments, the newest first."""
    base = base_period(facts)
    return tuple(
        NormalisedYear(
            period,
            _operating_income(facts, period, base),
            number_held(facts, f"{HISTORY}depreciation_and_amortization", period) or 0.0,
            adjustments_of(facts, period),
        )
        for period in periods(facts)
    )


def _operating_income(facts: Sequence[FactView], period: str, base: str) -> float | None:
    if period == base:
        return number_held(facts, OPERATING_INCOME, period)
    return number_held(facts, f"{HISTORY}operating_income", period)
