"""The Reports screen and one report."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from myriad.kit.money import Money
from myriad.products.keeper.views.customers import CustomerRow
from myriad.products.keeper.views.facts import Change, ReportKind
from myriad.products.keeper.views.goals import GoalPace
from myriad.products.keeper.views.insights import InsightCard
from myriad.products.keeper.views.proof import Saved
from myriad.products.keeper.views.today import AnomalyRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """One report in the list."""

    id: UUID
    kind: ReportKind
    period_start: date
    period_end: date
    created_at: datetime
    revenue: Money
    visits: int
    headline: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsView:
    """One page of reports, newest first; `kind` when only one kind was asked for."""

    kind: ReportKind | None = None
    rows: tuple[ReportRow, ...] = ()
    next_after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPoint:
    """One day of a report."""

    local_date: date
    visits: int
    revenue: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRow:
    """One service or article of a report, net of refunds."""

    name: str
    quantity: int
    revenue: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewsMonth:
    """What customers wrote in a month, as far as it was known on the report's last day.

    `mean` is that of `rated` reviews, None without any; `criticised` maps what was criticised to
    how often, the most frequent first.
    """

    month: date
    reviews: int
    rated: int
    mean: float | None
    negative: int
    criticised: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class UndoneWork:
    """An agent that did not do all of its work, and why in a sentence, where that is known."""

    agent: str
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """One report: the stored numbers and their digest, the same that the PDF carries.

    `saved` is what calls saved among those whose horizon came in the month up to the last day.
    `reconciled` tells whether every closed day of the period equals Square to the cent.
    """

    id: UUID
    kind: ReportKind
    period_start: date
    period_end: date
    created_at: datetime
    currency: str
    digest: str
    headline: str
    revenue: Change
    visits: Change
    average_ticket: Change
    new_customers: Change
    returning_share: Change
    days: tuple[DayPoint, ...] = ()
    services: tuple[ServiceRow, ...] = ()
    states: dict[str, int] = field(default_factory=dict)
    tasks_made: int = 0
    tasks_done: int = 0
    won_back: int = 0
    won_back_revenue: Money | None = None
    anomalies: tuple[AnomalyRow, ...] = ()
    insights: tuple[InsightCard, ...] = ()
    slipping: tuple[CustomerRow, ...] = ()
    saved: Saved | None = None
    goals: tuple[GoalPace, ...] = ()
    reviews: ReviewsMonth | None = None
    reconciled: bool | None = None
    cents_off: int | None = None
    partial: tuple[UndoneWork, ...] = ()
