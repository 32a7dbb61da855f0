"""Somebody has just paid: their visit, state and task are brought up to date at once.

Only that person is looked at, with the models that the night has fitted and its anchor, so that the
chances are those of what ships; tonight all customers together may move them a little. A second
call with the same payment changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from myriad.kit.money import Money
from myriad.products.keeper.agents.measures import (
    Measured,
    as_metrics,
    bare_columns,
    metric_columns,
    read_earlier,
)
from myriad.products.keeper.notify import Notice, raise_notice
from myriad.products.keeper.repository.accounts import AccountFacts, find_account
from myriad.products.keeper.repository.columns import VisitColumns
from myriad.products.keeper.repository.history import lock_account
from myriad.products.keeper.repository.returning import (
    close_tasks_of,
    find_fit,
    find_metrics,
    find_payment,
    find_usual_cadence,
    load_person,
    replace_metrics,
    store_visit,
)
from myriad.products.keeper.repository.sql import Row
from myriad.products.keeper.retention.bookings import Bookings
from myriad.products.keeper.retention.errors import NotEnoughHistoryError
from myriad.products.keeper.retention.history import Visits
from myriad.products.keeper.retention.single import describe_person
from myriad.scale.data import Session

AWAY = ("slowing", "likely_lapsed", "lapsed")


@dataclass(frozen=True, slots=True)
class Returned:
    """What a payment changed: the states before and after, and whether a call was closed.

    A state is None where nothing is known of the person on the account's business date.
    """

    person_id: UUID
    before: str | None
    after: str | None
    closed: bool
    told: bool


async def refresh_payer(session: Session, payment_ext_id: str) -> Returned | None:
    """Bring the person who made this payment up to date; None when nothing can be said.

    That is so while the payment is not completed or nobody's, for a log of the past, and for a
    day that is still to come.
    """
    account = await find_account(session)
    payment = await find_payment(session, payment_ext_id)
    if account is None or account.as_of or payment is None or payment["status"] != "COMPLETED":
        return None
    if payment["local_date"] > account.today:
        return None
    await lock_account(session)
    person_id, paid_on = payment["person_id"], payment["local_date"]
    await _store_visit(session, person_id, paid_on, account.today)
    before, after = await _refresh_metrics(session, account, person_id, paid_on)
    paid_at = payment["ext_created_at"]
    closed = await close_tasks_of(session, person_id, paid_on, paid_at)
    told = False
    if paid_on == account.today and before is not None and before["state"] in AWAY:
        told = await raise_notice(session, _notice(payment, before))
    return Returned(person_id, before["state"] if before else None, after, closed, told)


async def _store_visit(session: Session, person_id: UUID, paid_on: date, today: date) -> None:
    visits, _ = await load_person(session, person_id, today)
    net = next((row["net"] for row in visits if row["local_date"] == paid_on), None)
    await store_visit(session, person_id, paid_on, net)


async def _refresh_metrics(
    session: Session, account: AccountFacts, person_id: UUID, paid_on: date
) -> tuple[Row | None, str | None]:
    """Return what the night said and the state now; what comes after its day is tonight's."""
    day = account.business_date
    if day is None:
        return None, None
    before = await find_metrics(session, person_id, day)
    visits, bookings = await load_person(session, person_id, day)
    if paid_on > day or not visits:
        return before, str(before["state"]) if before else None
    usual = await find_usual_cadence(session, day)
    row = measure_person(visits, bookings, day, await find_fit(session, day), usual)
    await replace_metrics(session, day, row)
    return before, str(row["state"])


def measure_person(
    visits: Sequence[Row],
    bookings: Sequence[Row],
    day: date,
    fit: Row | None,
    usual: tuple[float, float] | None,
) -> dict[str, Any]:
    """Return the row of person_metrics of the one person whose visits and bookings these are."""
    known = read_earlier(fit)
    try:
        found = describe_person(
            Visits.of(
                [0] * len(visits),
                [row["local_date"].toordinal() for row in visits],
                [row["net"] for row in visits],
            ),
            Bookings.of(
                [0] * len(bookings),
                [row["made"].toordinal() for row in bookings],
                [row["start"].toordinal() for row in bookings],
                [row["no_show"] for row in bookings],
            ),
            day.toordinal(),
            known,
            usual,
        )
    except NotEnoughHistoryError:
        return as_metrics(bare_columns(VisitColumns.of(visits), day))[0]
    return as_metrics(metric_columns(Measured((visits[0]["person_id"],), found)))[0]


def _notice(payment: Row, before: Row) -> Notice:
    name = " ".join(payment["display_name"].split())[:80]
    paid = Money(payment["amount"], payment["currency"]).format()
    person_id = payment["person_id"]
    return Notice(
        kind="payment",
        dedup_key=f"payment:{person_id}:{payment['local_date']}",
        level="high",
        title=f"{name or 'A customer'} is back after {before['gap_days']:,} days",
        detail=f"They have just paid {paid}. Keeper has taken them off the call list.",
        href=f"/keeper/customers/{person_id}",
        person_id=person_id,
    )
