"""The Insights screen: claims, what they rest on, what they predict, how they were graded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from myriad.products.keeper.views.facts import Evidence


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


@dataclass(frozen=True, slots=True, kw_only=True)
class KindScore:
    """How often one kind of insight came true; muted kinds are made but not shown on Today."""

    kind: str
    right: int
    graded: int
    muted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightsView:
    """One page of insights, the most important first, and how past ones were graded."""

    insights: tuple[InsightCard, ...] = ()
    scores: tuple[KindScore, ...] = ()
    enough_history: bool = True
    next_after: str | None = None
