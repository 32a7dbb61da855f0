"""Today and Customers as object mappers are mostly used: the peer of the bench of pages.

Keeper's own models and row security. Whole objects are loaded and added up in Python; what belongs
to a shown row is asked for when the row is reached, as a lazy relationship does.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from myriad.products.keeper.models.account import Account
from myriad.products.keeper.models.findings import Anomaly, PersonMetrics, Task
from myriad.products.keeper.models.ledger import Payment
from myriad.products.keeper.models.people import Customer, Person, Visit
from myriad.scale.data import ReadSession

SHOWN = 50


async def today_by_objects(session: ReadSession) -> tuple[object, ...]:
    """Return people slipping, 26 weeks of takings and visits, the first tasks and odd days."""
    day = await _day(session)
    people = await _people(session)
    metrics = await _metrics(session, day)
    slipping = [m for m in metrics if m.state in ("slowing", "likely_lapsed") and m.x > 0]
    first = day - timedelta(days=200)
    paid = select(Payment).where(Payment.status == "COMPLETED", Payment.local_date >= first)
    payments = (await session.scalars(paid)).all()
    visits = (await session.scalars(select(Visit).where(Visit.local_date >= first))).all()
    takings: Counter[tuple[int, int]] = Counter()
    for payment in payments:
        takings[payment.local_date.isocalendar()[:2]] += payment.amount - payment.refunded
    weeks = Counter(visit.local_date.isocalendar()[:2] for visit in visits)
    active = {visit.person_id for visit in visits if visit.local_date > day - timedelta(days=90)}
    open_tasks = select(Task).where(Task.state == "open", Task.due_date >= day)
    tasks = (await session.scalars(open_tasks.order_by(Task.value_at_risk.desc()).limit(5))).all()
    cards = [(task, await _shown(session, task.person_id)) for task in tasks]
    odd = select(Anomaly).where(Anomaly.local_date > day - timedelta(days=28))
    anomalies = (await session.scalars(odd)).all()
    return len(people), len(slipping), takings, weeks, len(active), cards, anomalies


async def customers_by_objects(session: ReadSession) -> tuple[object, ...]:
    """Return the first page of people by value at risk, and how many are in which state."""
    people = await _people(session)
    metrics = {m.person_id: m for m in await _metrics(session, await _day(session))}
    states = Counter(metrics[p.id].state if p.id in metrics else "unknown" for p in people)
    risks = {p.id: metrics[p.id].value_at_risk if p.id in metrics else 0 for p in people}
    ordered = sorted(people, key=lambda person: (-risks[person.id], person.id))[:SHOWN]
    return states, [(person, await _shown(session, person.id)) for person in ordered]


async def _day(session: ReadSession) -> date:
    account = (await session.scalars(select(Account))).one()
    return account.business_date or date.today()  # noqa: DTZ011 - every account has run


async def _people(session: ReadSession) -> list[Person]:
    query = select(Person).where(Person.merged_into_id.is_(None))
    return list((await session.scalars(query)).all())


async def _metrics(session: ReadSession, day: date) -> list[PersonMetrics]:
    query = select(PersonMetrics).where(PersonMetrics.business_date == day)
    return list((await session.scalars(query)).all())


async def _shown(session: ReadSession, person_id: UUID) -> tuple[int, Counter[tuple[int, int]]]:
    """Return how many profiles a person has, and their visits by month."""
    profiles = (
        await session.scalars(select(Customer).where(Customer.person_id == person_id))
    ).all()
    visits = (await session.scalars(select(Visit).where(Visit.person_id == person_id))).all()
    return len(profiles), Counter((v.local_date.year, v.local_date.month) for v in visits)
