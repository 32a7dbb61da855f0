"""The Customers screen: everybody, searched, filtered and sorted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from myriad.kit.money import Money
from myriad.products.keeper.views.facts import CustomerSort, PersonState


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFilter:
    """What the Customers screen is asked for; `query` matches a name, e-mail or phone by prefix."""

    query: str = ""
    state: PersonState | None = None
    sort: CustomerSort = "value_at_risk"
    after: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRow:
    """One person in the list. `months` are visits in each of the last 12 months, oldest first."""

    person_id: UUID
    name: str
    state: PersonState
    visits: int
    email: str | None = None
    phone: str | None = None
    last_visit_on: date | None = None
    usual_gap_days: float | None = None
    churn_60: float | None = None
    clv_12m: Money | None = None
    value_at_risk: Money | None = None
    months: tuple[int, ...] = ()
    profiles: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersView:
    """One page of people. `counts` are people by state under the same search, `total` their sum."""

    filter: CustomerFilter
    currency: str
    total: int
    counts: dict[str, int] = field(default_factory=dict)
    value_at_risk: Money | None = None
    rows: tuple[CustomerRow, ...] = ()
    next_after: str | None = None
    business_date: date | None = None
