"""The Insights screen: claims, what they rest on, what they predict, how they were graded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from myriad.products.keeper.views.facts import Evidence

URGENT_FROM = 80
"""The priority from which an insight is worth acting on before the next night."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightCard:
    """A claim with its numbers and a prediction that will be graded on `horizon_date`."""

    id: UUID
    kind: str
    claim: str
    business_date: date
    prediction: str
    horizon_date: date
    evidence: tuple[Evidence, ...] = ()
    grade: Literal["waiting", "right", "wrong", "void"] = "waiting"
    graded_at: datetime | None = None
    outcome: str | None = None
    series: tuple[float, ...] = ()
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KindScore:
    """How often one kind of insight came true; a muted kind is neither made nor shown.

    `low` and `high` bound the share by a 90 % interval, None before the first grade. `void` could
    not be graded. A muted kind is tried again on `retry_on`, None when only a person may decide.
    """

    kind: str
    right: int
    graded: int
    muted: bool = False
    low: float | None = None
    high: float | None = None
    waiting: int = 0
    void: int = 0
    muted_on: date | None = None
    retry_on: date | None = None
    reason: str = ""
    muted_by: Literal["keeper", "owner"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightsView:
    """One page of insights, the most important first, and how past ones were graded."""

    insights: tuple[InsightCard, ...] = ()
    scores: tuple[KindScore, ...] = ()
    goal: float = 0.75
    enough_history: bool = True
    next_after: str | None = None
