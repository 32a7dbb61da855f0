"""The account: whose day it is, in which money and zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from myriad.kit.clock import local_date, utc_now
from myriad.products.keeper.errors import NoAccountError
from myriad.products.keeper.repository.sql import (
    QUERIES,
    Row,
    execute,
    execute_soon,
    fetch,
    fetch_all,
    find,
    get,
)
from myriad.scale.data import ReadSession, Session

_LARGE, _MEDIUM = 3000, 500


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """One account; `business_date` is the day of the last run, None before the first."""

    tenant_id: UUID
    slug: str
    name: str
    timezone: str
    vertical: str
    currency: str
    business_date: date | None
    settings: dict[str, Any]

    @property
    def as_of(self) -> date | None:
        """The day that every run looks at when the data are a log of the past, else None."""
        fixed = self.settings.get("as_of")
        return date.fromisoformat(fixed) if fixed else None

    @property
    def job_id(self) -> UUID | None:
        """The newest sync or run that was put into the queue, or None."""
        job_id = self.settings.get("job_id")
        return UUID(job_id) if job_id else None

    @property
    def today(self) -> date:
        """The present day in the account's own zone."""
        return local_date(utc_now(), self.timezone)

    def last_whole(self, day: date) -> date:
        """Return the last day up to `day` that is over: a day that still runs is half a day."""
        return min(day, self.today - timedelta(days=1))

    @property
    def is_behind(self) -> bool:
        """Whether the agents have not run for the present (or the fixed) day."""
        return self.business_date is None or self.business_date < (self.as_of or self.today)

    @property
    def day(self) -> date:
        """The day that screens speak of: that of the last run, or today before the first."""
        return self.business_date or self.today


@dataclass(frozen=True, slots=True)
class DataSpan:
    """The first and last day with a completed payment, and in which currency they were."""

    first_day: date | None
    last_day: date | None
    sales: int
    currency: str | None


async def get_account(session: ReadSession) -> AccountFacts:
    """Return the tenant's account, or raise NoAccountError."""
    return account_from(await fetch(session, "get_account"))


def account_from(rows: Sequence[Row]) -> AccountFacts:
    """Return the same from the rows of "get_account"."""
    if not rows:
        raise NoAccountError("this tenant has no Keeper account yet; connect Square first")
    return AccountFacts(**rows[0])


async def find_account(session: ReadSession) -> AccountFacts | None:
    """Return the tenant's account, or None."""
    row = await find(session, "get_account")
    return AccountFacts(**row) if row else None


async def open_account(session: Session, *, vertical: str = "spa", currency: str = "USD") -> None:
    """Open the account of this tenant unless it is open."""
    await execute(session, "open_account", vertical=vertical, currency=currency)


async def set_setting(session: Session, name: str, value: str) -> None:
    """Keep one setting of the account."""
    await execute(session, "set_setting", name=name, value=value)


async def set_business_date(session: Session, day: date, currency: str | None) -> None:
    """Move the account on to `day`, never back, and into the size band of its active customers.

    Active is who came in the last 365 days; before the first visits are known, everybody is.
    """
    people = (await get(session, "count_active_people", day=day))["people"]
    await _set_business_date(session, day, int(people), currency)


async def move_on(session: Session, day: date, known: str) -> None:
    """Move the account on to `day` as `set_business_date` does, in the currency of most payments.

    Only where some are not in the `known` one are they counted.
    """
    asked: dict[str, dict[str, Any]] = {
        "takes_other_currencies": {"currency": known},
        "count_active_people": {"day": day},
    }
    found = await fetch_all(session, asked)
    is_mixed = found["takes_other_currencies"][0]["is_mixed"]
    currency = (await get_data_span(session)).currency if is_mixed else None
    await _set_business_date(session, day, int(found["count_active_people"][0]["people"]), currency)


async def _set_business_date(
    session: Session, day: date, people: int, currency: str | None
) -> None:
    band = size_band(people or await count_customers(session))
    await execute_soon(session, "set_business_date", day=day, size_band=band, currency=currency)


def size_band(people: int) -> str:
    """Return the band of an account with so many active customers."""
    return "large" if people >= _LARGE else "medium" if people >= _MEDIUM else "small"


async def count_customers(session: ReadSession) -> int:
    """Return how many persons the account has."""
    return int((await get(session, "count_customers"))["people"])


async def get_data_span(session: ReadSession) -> DataSpan:
    """Return the days that the account's payments span."""
    return DataSpan(**await get(session, "data_span"))


async def list_accounts(crossing: ReadSession) -> list[AccountFacts]:
    """Return every account; needs a session that crosses tenants."""
    connection = await crossing.connection()
    found = await connection.exec_driver_sql(QUERIES["list_accounts"])
    return [AccountFacts(**row) for row in found.mappings()]
