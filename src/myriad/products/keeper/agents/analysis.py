"""The analysis agent: who comes back, who will not, which days were odd, and whom to call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from myriad.products.keeper.agents.anomalies import DayModels, judge_days
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
from myriad.products.keeper.repository.analysis import load_inputs, store_analysis
from myriad.products.keeper.repository.benchmarks import find_prior
from myriad.products.keeper.repository.calling import read_calling
from myriad.products.keeper.repository.columns import (
    BookingColumns,
    VisitColumns,
    load_visit_columns,
    unpack_bookings,
)
from myriad.products.keeper.repository.history import (
    get_digest,
    load_people,
    refresh_statistics,
)
from myriad.products.keeper.repository.proof import store_assignments
from myriad.products.keeper.repository.sql import Row
from myriad.products.keeper.repository.tasks import (
    close_tasks,
    count_room,
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
    prior = await _find_prior(session, context)
    return f"{MODEL_VERSION}|{visits}|{data}|{chosen}|{prior}"


async def _find_prior(
    session: ReadSession, context: AgentContext
) -> tuple[float, float, float, float] | None:
    """Return what the network says of such accounts, asked once a run."""
    if "prior" not in context.shared:
        found = await find_prior(session, context.account.vertical, context.day)
        context.shared["prior"] = found
    prior: tuple[float, float, float, float] | None = context.shared["prior"]
    return prior


async def _work(context: AgentContext) -> Outcome:
    day, currency = context.day, context.account.currency
    span = day - timedelta(days=_ANOMALY_HISTORY_DAYS - 1), last_whole_day(context)
    async with context.reading() as session:
        visits = await load_visit_columns(session, day)
        read = await load_inputs(session, day, span, MODEL_VERSION)
        prior = await _find_prior(session, context)
    earlier = read_earlier(read.earlier)
    if context.again:
        earlier = replace(earlier, judged=None)
    start = earlier, Parameters(*prior) if prior else None
    bookings = unpack_bookings(read.bookings, day, visits.people)
    columns, facts = await asyncio.to_thread(_measure, visits, bookings, context, *start)
    totals = daily_totals(visits, read.revenue, *span)
    known = None if context.again else _day_models(read.earlier)
    wishes = read.country, read.chosen
    odd, models = await asyncio.to_thread(judge_days, totals, _JUDGED_DAYS, *wishes, known)
    facts["detail"]["days"] = models and models.as_dict()
    async with context.writing() as session:
        judged_from = day - timedelta(days=_JUDGED_DAYS - 1)
        await store_analysis(session, day, columns, facts, odd, judged_from)
        made = 0
        if not context.looks_back:
            made = await make_tasks(session, context, columns, currency)
        context.shared["calls"] = made
        await refresh_statistics(session)
    return Outcome(visits.size, len(columns["state"]) + len(odd) + made)


def _day_models(fit: Row | None) -> DayModels | None:
    """Return what another night's row of model_fit says that days were judged by."""
    known = fit and fit["detail"].get("days")
    return DayModels.from_dict(known) if known else None


def daily_totals(
    visits: VisitColumns, revenue: Mapping[int, int], first: date, last: date
) -> list[Row]:
    """Return (local_date, visits, revenue) of every day from `first` to `last`."""
    start, days = first.toordinal(), (last - first).days + 1
    place = visits.day - start
    counts = np.bincount(place[(place >= 0) & (place < days)], minlength=max(days, 0))
    return [
        {
            "local_date": first + timedelta(days=number),
            "visits": count,
            "revenue": revenue.get(start + number, 0),
        }
        for number, count in enumerate(counts.tolist()[:days])
    ]


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
    rows = as_metrics(columns, places_at_stake(columns)) if room > 0 else []
    if not rows:
        return 0
    known = await read_calling(session, context.day)
    made = 0
    for page in pages_of(rows, known.busy):
        people = await load_people(session, context.day, [row["person_id"] for row in page])
        chosen = choose_tasks(
            page,
            {row["id"]: row for row in people},
            day=context.day,
            room=room - made,
            currency=currency,
            allocation=known.allocation,
            arms=known.arms,
            nobody_reachable=not known.is_anybody_reachable,
        )
        await store_assignments(session, chosen.entries)
        await store_tasks(session, chosen.tasks)
        made += len(chosen.tasks)
        if made >= room:
            break
    return made


ANALYSIS = Agent("analysis", 1, _digest, _work)
