"""The analysis agent: who comes back, who will not, which days were odd, and whom to call."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from myriad.products.keeper.agents.anomalies import find_anomalies
from myriad.products.keeper.agents.calling import choose_tasks
from myriad.products.keeper.agents.context import Agent, AgentContext, Outcome
from myriad.products.keeper.agents.measures import (
    bare_fit,
    bare_metrics,
    fit_facts,
    measure,
    metrics,
    read_earlier,
    require_customers,
)
from myriad.products.keeper.repository.benchmarks import find_prior
from myriad.products.keeper.repository.history import (
    find_earlier_fit,
    get_country,
    get_digest,
    load_bookings,
    load_daily_totals,
    load_people,
    load_visits,
    refresh_statistics,
    store_anomalies,
    store_metrics,
    store_model_fit,
)
from myriad.products.keeper.repository.preferences import read_preferences
from myriad.products.keeper.repository.proof import (
    get_allocation,
    list_current_arms,
    store_assignments,
)
from myriad.products.keeper.repository.sql import Row
from myriad.products.keeper.repository.tasks import (
    close_tasks,
    count_room,
    list_busy_people,
    store_tasks,
)
from myriad.products.keeper.retention.bgnbd import Parameters
from myriad.products.keeper.retention.earlier import Earlier
from myriad.products.keeper.retention.errors import NotEnoughHistoryError
from myriad.products.keeper.retention.fit import MODEL_VERSION
from myriad.scale.data import ReadSession, Session

_ANOMALY_HISTORY_DAYS = 400
_JUDGED_DAYS = 28


async def _digest(session: ReadSession, context: AgentContext) -> str:
    visits = await get_digest(session, "visits_digest", day=context.day)
    data = await get_digest(session, "data_digest", day=context.day)
    chosen = await get_digest(session, "preferences_digest")
    prior = await find_prior(session, context.account.vertical, context.day)
    return f"{MODEL_VERSION}|{visits}|{data}|{chosen}|{prior}"


async def _work(context: AgentContext) -> Outcome:
    day, currency = context.day, context.account.currency
    async with context.reading() as session:
        visits = await load_visits(session, day)
        bookings = await load_bookings(session, day)
        people = {row["id"]: row for row in await load_people(session, day)}
        first = day - timedelta(days=_ANOMALY_HISTORY_DAYS - 1)
        totals = await load_daily_totals(session, first, day)
        country = await get_country(session)
        chosen = await read_preferences(session)
        earlier = read_earlier(await find_earlier_fit(session, day, MODEL_VERSION))
        prior = await find_prior(session, context.account.vertical, day)
    start = earlier, Parameters(*prior) if prior else None
    rows, facts = await asyncio.to_thread(_measure, visits, bookings, context, *start)
    odd = await asyncio.to_thread(find_anomalies, totals, _JUDGED_DAYS, country, chosen)
    async with context.writing() as session:
        await store_metrics(session, day, rows)
        await store_model_fit(session, day, facts)
        await store_anomalies(session, day - timedelta(days=_JUDGED_DAYS - 1), day, odd)
        made = 0
        if not context.looks_back:
            made = await make_tasks(session, context, rows, people, currency)
        await refresh_statistics(session)
    return Outcome(len(visits), len(rows) + len(odd) + made)


def _measure(
    visits: list[Row],
    bookings: list[Row],
    context: AgentContext,
    earlier: Earlier,
    prior: Parameters | None,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    minimum = context.settings.minimum_customers
    try:
        require_customers(visits, minimum)
        measured = measure(visits, bookings, context.day, earlier=earlier, prior=prior)
    except NotEnoughHistoryError as error:
        rows = bare_metrics(visits, context.day) if visits else []
        repeaters = sum(1 for row in rows if row["x"] > 0)
        return rows, bare_fit(len(rows), repeaters, error.detail)
    return metrics(measured, context.account.currency), fit_facts(measured)


async def make_tasks(
    session: Session,
    context: AgentContext,
    rows: list[dict[str, Any]],
    people: dict[Any, Row],
    currency: str,
) -> int:
    """Close the tasks that are answered, choose new ones from the day's numbers; return how many."""
    await close_tasks(session, context.day)
    room = await count_room(session, context.day, context.settings.tasks_per_day)
    allocation = await get_allocation(session)
    chosen = choose_tasks(
        rows,
        people,
        day=context.day,
        busy=await list_busy_people(session, context.day),
        room=room,
        currency=currency,
        allocation=allocation,
        arms=await list_current_arms(session, context.day) if allocation else {},
    )
    await store_assignments(session, chosen.entries)
    await store_tasks(session, chosen.tasks)
    return len(chosen.tasks)


ANALYSIS = Agent("analysis", 1, _digest, _work)
