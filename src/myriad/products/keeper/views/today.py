"""The Today screen: whom to call, why, and how the business goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from myriad.kit.money import Money
from myriad.products.keeper.views.facts import (
    Change,
    Freshness,
    Notice,
    PersonState,
    TaskAnswer,
    TaskState,
)
from myriad.products.keeper.views.goals import GoalPace
from myriad.products.keeper.views.proof import Saved


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCard:
    """One person to win back: who, what it is worth, why, and how to reach them.

    `reason` is one sentence. `visits` are the latest visit days, oldest first, at most 24;
    `usual_gap_days` is the person's own median gap and `spread_days` its median deviation.
    `answer` is how the call ended, None when nobody said.
    """

    id: UUID
    person_id: UUID
    person_name: str
    value_at_risk: Money
    title: str
    reason: str
    business_date: date
    state: TaskState = "open"
    answer: TaskAnswer | None = None
    snoozed_until: date | None = None
    last_visit_on: date | None = None
    usual_gap_days: float | None = None
    spread_days: float | None = None
    visits: tuple[date, ...] = ()
    phone: str | None = None
    email: str | None = None
    contact_allowed: bool = True
    person_state: PersonState = "slowing"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekPoint:
    """One week: the Monday it begins on, visits, and net takings."""

    week_start: date
    visits: int
    revenue: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyRow:
    """A day that was out of the ordinary. `effect` is observed/expected - 1; money in minor units."""

    id: UUID
    local_date: date
    metric: Literal["visits", "revenue", "bookings"]
    observed: float
    expected: float
    effect: float
    q_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TodayView:
    """The Today screen. `tasks` holds at most five, the dearest first; `weeks` oldest first.

    `slipping` counts the people slowing or likely lapsed and `slipping_value` is what they are
    worth a year. With up to 30 customers, or where too few came back, `enough_history` is False
    and no task is made.
    `is_measured` is False until the analysis of `business_date` has ended. Figures of 28 and 90
    days end with `last_whole_day`.
    `value_at_risk` is the sum over the open tasks of today. `saved` is what calls saved among those
    whose horizon came within the last 28 days, None before anybody was on the list.
    """

    business_date: date | None
    currency: str
    customers: int
    enough_history: bool
    slipping: int
    slipping_value: Money
    value_at_risk: Money
    freshness: Freshness
    tasks: tuple[TaskCard, ...] = ()
    done_today: int = 0
    snoozed: int = 0
    weeks: tuple[WeekPoint, ...] = ()
    revenue_28_days: Change | None = None
    visits_28_days: Change | None = None
    active_customers: Change | None = None
    booked_ahead: int = 0
    anomalies: tuple[AnomalyRow, ...] = ()
    notices: tuple[Notice, ...] = ()
    is_measured: bool = True
    last_whole_day: date | None = None
    saved: Saved | None = None
    goals: tuple[GoalPace, ...] = ()
