"""The screen of one person: rhythm, risk with its reasons, visits, profiles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from myriad.kit.money import Money
from myriad.products.keeper.views.facts import Evidence, PersonState
from myriad.products.keeper.views.today import TaskCard


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelNote:
    """Which model made the risk and how well it does here (AUC and ECE lie between 0 and 1)."""

    shipped: Literal["stack", "bgnbd", "gap"]
    version: str
    fitted_on: date | None = None
    customers: int | None = None
    auc_model: float | None = None
    auc_gap: float | None = None
    ece: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """The chance of no visit within 30, 60 and 90 days, with what is expected and what is lost."""

    churn_30: float
    churn_60: float
    churn_90: float
    expected_visits_90: float
    clv_12m: Money
    value_at_risk: Money
    p_alive: float | None = None
    expected_spend: Money | None = None
    reasons: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRow:
    """One day on which the person came, with what they paid net of refunds."""

    local_date: date
    net: Money
    services: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEvent:
    """Something that happened with this person, newest first in the timeline."""

    at: datetime
    kind: Literal["visit", "payment", "refund", "booking", "no_show", "cancelled", "task", "link"]
    title: str
    detail: str = ""
    amount: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedProfile:
    """One Square profile that belongs to the person; `link_id` when the tie can be undone."""

    customer_id: UUID
    ext_id: str
    name: str
    email: str | None = None
    phone: str | None = None
    source: str | None = None
    created_on: date | None = None
    link_id: UUID | None = None
    probability: float | None = None
    method: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerView:
    """The screen of one person. `risk` is None while there is too little history to say.

    `visit_days` are all visit days, oldest first; `visits` the latest 60, newest first.
    """

    person_id: UUID
    name: str
    state: PersonState
    currency: str
    business_date: date | None
    email: str | None = None
    phone: str | None = None
    contact_allowed: bool = True
    first_visit_on: date | None = None
    last_visit_on: date | None = None
    visit_count: int = 0
    visit_days: tuple[date, ...] = ()
    usual_gap_days: float | None = None
    spread_days: float | None = None
    gap_days: int | None = None
    spent_total: Money | None = None
    spent_average: Money | None = None
    next_booking_at: datetime | None = None
    risk: Risk | None = None
    model: ModelNote | None = None
    next_action: TaskCard | None = None
    visits: tuple[VisitRow, ...] = ()
    timeline: tuple[TimelineEvent, ...] = ()
    next_after: str | None = None
    profiles: tuple[LinkedProfile, ...] = ()
    possible_duplicates: int = 0
