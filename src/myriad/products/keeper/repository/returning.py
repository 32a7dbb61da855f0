"""One person between two nights: what they paid, how often they came, what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from myriad.products.keeper.repository.sql import Row, execute, fetch, find, get
from myriad.scale.data import ReadSession, Session


async def find_payment_of_event(session: ReadSession, event_id: str) -> str | None:
    """Return Square's id of the payment that a webhook event carries, or None."""
    row = await find(session, "payment_of_event", event_id=event_id)
    return row["ext_id"] if row else None


async def find_payment(session: ReadSession, ext_id: str) -> Row | None:
    """Return a payment and whose it is; None while that is unknown."""
    return await find(session, "payment_of_person", ext_id=ext_id)


async def load_person(
    session: ReadSession, person_id: UUID, day: date
) -> tuple[list[Row], list[Row]]:
    """Return the visits and bookings of one person that a run for `day` would know."""
    visits = await fetch(session, "visits_of_person", person_id=person_id, day=day)
    bookings = await fetch(session, "bookings_of_person", person_id=person_id, day=day)
    return visits, bookings


async def store_visit(session: Session, person_id: UUID, local_date: date, net: int | None) -> None:
    """Make one visit what the payments say, None for a day without one."""
    if net is None:
        await execute(session, "drop_visit", person_id=person_id, local_date=local_date)
    else:
        await execute(session, "store_visit", person_id=person_id, local_date=local_date, net=net)


async def find_metrics(session: ReadSession, person_id: UUID, day: date) -> Row | None:
    """Return what the run of `day` found about one person, or None."""
    return await find(session, "metrics_of_person", person_id=person_id, day=day)


async def find_fit(session: ReadSession, day: date) -> Row | None:
    """Return the models that were fitted on `day`, or None."""
    return await find(session, "fit_of_day", day=day)


async def find_usual_cadence(session: ReadSession, day: date) -> tuple[float, float] | None:
    """Return the account's usual interval and the gap that is late, in days, as of `day`."""
    row = await find(session, "usual_cadence", day=day)
    return (row["interval_days"], row["late_after_days"]) if row else None


async def replace_metrics(session: Session, day: date, row: Mapping[str, Any]) -> None:
    """Make one person's metrics of `day` new."""
    await execute(session, "replace_metrics_of_person", day=day, **row)


async def close_tasks_of(
    session: Session, person_id: UUID, local_date: date, paid_at: datetime
) -> bool:
    """Close the call for somebody who came after it was made; return whether there was one."""
    return (
        await execute(
            session,
            "close_task_of_person",
            person_id=person_id,
            local_date=local_date,
            paid_at=paid_at,
        )
        > 0
    )


async def are_agents_at_work(session: ReadSession) -> bool:
    """Whether a run is under way, which may have read before this payment came."""
    return int((await get(session, "agents_at_work"))["running"]) > 0
