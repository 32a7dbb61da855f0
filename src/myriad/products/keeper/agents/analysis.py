"""The analysis agent: who comes back, who will not, which days were odd, and whom to call."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

from myriad.products.keeper.agents.anomalies import find_anomalies
from myriad.products.keeper.agents.calling import choose_tasks, pages_of, places_at_stake
from myriad.products.keeper.agents.context import Agent, AgentContext, Outcome
from myriad.products.keeper.agents.measures import (
    Columns,
    as_metrics,
    bare_columns,
    bare_fit,
    fit_facts,
    measure,
    metric_columns,
    read_earlier,
    require_customers,
)
from myriad.products.keeper.repository.benchmarks import find_prior
from myriad.products.keeper.repository.columns import (
    BookingColumns,
    VisitColumns,
    load_booking_columns,
    load_visit_columns,
)
from myriad.products.keeper.repository.history import (
    find_earlier_fit,
    get_country,
    get_digest,
    is_anybody_reachable,
    load_daily_totals,
    load_people,
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
        visits = await load_visit_columns(session, day)
        bookings = await load_booking_columns(session, day, visits.people)
        first = day - timedelta(days=_ANOMALY_HISTORY_DAYS - 1)
        totals = await load_daily_totals(session, first, last_whole_day(context))
        country = await get_country(session)
        chosen = await read_preferences(session)
        earlier = read_earlier(await find_earlier_fit(session, day, MODEL_VERSION))
        prior = await find_prior(session, context.account.vertical, day)
    start = earlier, Parameters(*prior) if prior else None
    columns, facts = await asyncio.to_thread(_measure, visits, bookings, context, *start)
    odd = await asyncio.to_thread(find_anomalies, totals, _JUDGED_DAYS, country, chosen)
    async with context.writing() as session:
        await store_metrics(session, day, columns)
        await store_model_fit(session, day, facts)
        await store_anomalies(session, day - timedelta(days=_JUDGED_DAYS - 1), day, odd)
        made = 0
        if not context.looks_back:
            made = await make_tasks(session, context, columns, currency)
        await refresh_statistics(session)
    return Outcome(visits.size, len(columns["state"]) + len(odd) + made)


def last_whole_day(context: AgentContext) -> date:
    """Return the run's day, or the day before while it still runs: half a day looks like a bad one."""
    return min(context.day, context.account.today - timedelta(days=1))


def _measure(
    visits: VisitColumns,
    bookings: BookingColumns,
    context: AgentContext,
    earlier: Earlier,
    prior: Parameters | None,
) -> tuple[Columns, dict[str, Any]]:
    minimum = context.settings.minimum_customers
    try:
        require_customers(visits, minimum)
        measured = measure(visits, bookings, context.day, earlier=earlier, prior=prior)
    except NotEnoughHistoryError as error:
        columns = bare_columns(visits, context.day)
        repeaters = sum(1 for x in columns["x"] if x > 0)
        return columns, bare_fit(len(columns["x"]), repeaters, error.detail)
    return metric_columns(measured), fit_facts(measured)


async def make_tasks(
    session: Session, context: AgentContext, columns: Columns, currency: str
) -> int:
    """Close the tasks that are answered, choose new ones from the day's numbers; return how many."""
    await close_tasks(session, context.day)
    room = await count_room(session, context.day, context.settings.tasks_per_day)
    if room <= 0:
        return 0
    allocation = await get_allocation(session)
    arms = await list_current_arms(session, context.day) if allocation else {}
    reachable = await is_anybody_reachable(session)
    rows, made = as_metrics(columns, places_at_stake(columns)), 0
    for page in pages_of(rows, await list_busy_people(session, context.day)):
        people = await load_people(session, context.day, [row["person_id"] for row in page])
        chosen = choose_tasks(
            page,
            {row["id"]: row for row in people},
            day=context.day,
            room=room - made,
            currency=currency,
            allocation=allocation,
            arms=arms,
            nobody_reachable=not reachable,
        )
        await store_assignments(session, chosen.entries)
        await store_tasks(session, chosen.tasks)
        made += len(chosen.tasks)
        if made >= room:
            break
    return made


ANALYSIS = Agent("analysis", 1, _digest, _work)
