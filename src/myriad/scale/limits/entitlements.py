"""Entitlements: how much of a thing an account may do in a calendar month, kept in PostgreSQL.

Reserve in a transaction of its own before the work, commit in the transaction of the work's effect,
refund when it failed. A reservation that nobody ends is free again when it expires. The month is
the calendar month in the tenant's own zone. Counting is one row a metric, subject and month, whose
lock makes the count exact however many processes ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CursorResult

from myriad.kit.clock import get_zone, utc_now
from myriad.kit.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    TooManyRequestsError,
)
from myriad.kit.ids import new_id
from myriad.scale.data import ReadSession, Session
from myriad.scale.data.queries import NamedQueries
from myriad.scale.tenancy import TenantId

_QUERIES = NamedQueries.load(__package__)
EVERYBODY = UUID(int=0)
KEPT_FOR = timedelta(hours=1)
_DECEMBER = 12


class QuotaExceededError(TooManyRequestsError):
    """The month's allowance is used up; it begins anew at `resets_at`."""

    code = "quota_exceeded"
    title = "Monthly allowance used up"

    def __init__(self, metric: str, monthly_limit: int, resets_at: datetime, now: datetime) -> None:
        detail = (
            f"this month allows {monthly_limit:,} of {metric}, and all are used or under way; "
            f"the next month begins {resets_at.isoformat()}"
        )
        seconds = (resets_at - now).total_seconds()
        super().__init__(detail, seconds, metric=metric, monthly_limit=monthly_limit)
        self.metric = metric
        self.monthly_limit = monthly_limit
        self.resets_at = resets_at


class ReservationEndedError(ConflictError):
    """The reservation was refunded; what was given back cannot be used."""

    code = "reservation_ended"
    title = "Reservation ended"


@dataclass(frozen=True)
class Entitlement:
    """A thing that is counted by the month, and how much of it each plan allows.

    `metric` is a dotted name of small letters such as `shop.letters`. None allows it without
    limit; a plan that is not named gets `otherwise`.
    """

    metric: str
    by_plan: Mapping[str, int | None] = field(default_factory=dict)
    otherwise: int | None = None

    def allowed(self, plan: str) -> int | None:
        """Return how many a month of this plan allows."""
        return self.by_plan.get(plan, self.otherwise)


@dataclass(frozen=True, slots=True)
class Usage:
    """How a month stands: the limit (None: none), what was used, what is reserved now."""

    monthly_limit: int | None
    used: int
    reserved: int
    period_start: date
    resets_at: datetime

    @property
    def left(self) -> int | None:
        """What may still be reserved; None without limit."""
        if self.monthly_limit is None:
            return None
        return max(0, self.monthly_limit - self.used - self.reserved)


@dataclass(frozen=True, slots=True)
class _Terms:
    monthly_limit: int | None
    period_start: date
    resets_at: datetime


async def reserve(
    session: Session,
    tenant_id: TenantId,
    entitlement: Entitlement,
    *,
    amount: int = 1,
    subject_id: UUID = EVERYBODY,
    keep: timedelta = KEPT_FOR,
    now: datetime | None = None,
) -> UUID:
    """Set `amount` aside and return the reservation's id, or raise QuotaExceededError.

    `subject_id` counts apart within the tenant, such as for each user. Commit the session at once:
    until then others wait. `keep` should exceed the longest time that the work may take.
    """
    if amount < 1:
        raise InvalidInputError("reserve at least one")
    moment = now or utc_now()
    terms = await _terms(session, tenant_id, entitlement, moment)
    key = _key(tenant_id, entitlement, subject_id, terms)
    await _run(session, "open_entitlement_use", key)
    await _run(session, "expire_entitlement_reservations", {**key, "now": moment})
    facts = {**key, "id": new_id(), "amount": amount, "now": moment, "expires_at": moment + keep}
    facts["monthly_limit"] = terms.monthly_limit
    taken = (await _run(session, "reserve_entitlement", facts)).scalar_one_or_none()
    if taken is None:
        assert terms.monthly_limit is not None
        raise QuotaExceededError(entitlement.metric, terms.monthly_limit, terms.resets_at, moment)
    return UUID(str(taken))


async def commit(
    session: Session,
    tenant_id: TenantId,
    reservation_id: UUID,
    *,
    amount: int | None = None,
    now: datetime | None = None,
) -> None:
    """Count the reservation as used: `amount` when the work took another than was reserved.

    A second time changes nothing. Raises ReservationEndedError after a refund, NotFoundError for
    an unknown id.
    """
    if amount is not None and amount < 0:
        raise InvalidInputError("an amount is never negative")
    await _end(session, tenant_id, reservation_id, "committed", amount, now)


async def refund(
    session: Session, tenant_id: TenantId, reservation_id: UUID, *, now: datetime | None = None
) -> None:
    """Give the reservation back, committed or not; a second time changes nothing."""
    await _end(session, tenant_id, reservation_id, "refunded", None, now)


async def get_usage(
    session: ReadSession,
    tenant_id: TenantId,
    entitlement: Entitlement,
    *,
    subject_id: UUID = EVERYBODY,
    now: datetime | None = None,
) -> Usage:
    """Return how the present month stands; reservations that have expired do not count."""
    moment = now or utc_now()
    terms = await _terms(session, tenant_id, entitlement, moment)
    facts = {**_key(tenant_id, entitlement, subject_id, terms), "now": moment}
    row = (await _run(session, "entitlement_usage", facts)).one_or_none()
    used, reserved = (0, 0) if row is None else (int(row.used), int(row.reserved))
    return Usage(terms.monthly_limit, used, reserved, terms.period_start, terms.resets_at)


async def set_limit(
    session: Session, tenant_id: TenantId, metric: str, monthly_limit: int | None
) -> None:
    """Let this tenant have another limit than its plan's; None means without limit."""
    if monthly_limit is not None and monthly_limit < 0:
        raise InvalidInputError("a monthly limit is 0 or more, or none")
    facts = {"tenant_id": tenant_id, "metric": metric, "monthly_limit": monthly_limit}
    await _run(session, "set_entitlement", facts)


async def clear_limit(session: Session, tenant_id: TenantId, metric: str) -> None:
    """Let the plan decide again."""
    await _run(session, "clear_entitlement", {"tenant_id": tenant_id, "metric": metric})


def month_around(moment: datetime, zone: str) -> tuple[date, datetime]:
    """Return the first day of the calendar month in `zone`, and when the next begins, in UTC."""
    place = get_zone(zone)
    local = moment.astimezone(place)
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    is_december = first.month == _DECEMBER
    year, month = (first.year + 1, 1) if is_december else (first.year, first.month + 1)
    return first.date(), first.replace(year=year, month=month).astimezone(UTC)


async def _terms(
    session: ReadSession, tenant_id: TenantId, entitlement: Entitlement, moment: datetime
) -> _Terms:
    facts = {"tenant_id": tenant_id, "metric": entitlement.metric}
    row = (await _run(session, "entitlement_terms", facts)).one_or_none()
    if row is None:
        raise NotFoundError("there is no such account")
    limit = row.monthly_limit if row.is_set else entitlement.allowed(row.plan)
    return _Terms(limit, *month_around(moment, row.timezone))


async def _end(
    session: Session,
    tenant_id: TenantId,
    reservation_id: UUID,
    state: str,
    amount: int | None,
    now: datetime | None,
) -> None:
    facts: dict[str, Any] = {"tenant_id": tenant_id, "id": reservation_id, "state": state}
    facts |= {"amount": amount, "now": now or utc_now()}
    changed = (await _run(session, "end_entitlement_reservation", facts)).one_or_none()
    if changed is not None:
        return
    found = (await _run(session, "entitlement_reservation_state", facts)).scalar_one_or_none()
    if found is None:
        raise NotFoundError("there is no such reservation")
    if found != state:
        raise ReservationEndedError(f"the reservation is {found} already")


def _key(
    tenant_id: TenantId, entitlement: Entitlement, subject_id: UUID, terms: _Terms
) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "metric": entitlement.metric,
        "subject_id": subject_id,
        "period_start": terms.period_start,
    }


async def _run(
    session: ReadSession, query: str, parameters: Mapping[str, Any]
) -> CursorResult[Any]:
    connection = await session.connection()
    return await connection.exec_driver_sql(_QUERIES[query], dict(parameters))
