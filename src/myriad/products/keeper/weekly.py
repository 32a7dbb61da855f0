"""The week of an account: patterns and trends, its size, and what it lends to the network.

report = await run_week(runtime, tenant_id)         # idempotent for a week and its inputs
await publish_network(runtime)                      # once a week for the whole installation
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from myriad.kit.clock import utc_now
from myriad.products.keeper.network import FIGURES, OwnFit
from myriad.products.keeper.network.prior import LEAST_REPEATERS
from myriad.products.keeper.patterns import (
    WINDOW_DAYS,
    Association,
    Baskets,
    Mined,
    Trend,
    judge_trends,
    mine_pairs,
    mine_sequences,
)
from myriad.products.keeper.repository.accounts import AccountFacts, get_account
from myriad.products.keeper.repository.benchmarks import (
    PRIOR,
    STALE_AFTER,
    find_network_week,
    get_place,
    load_own_figures,
    lock_network,
    publish,
    set_size_band,
    store_contributions,
)
from myriad.products.keeper.repository.history import load_visits, lock_account
from myriad.products.keeper.repository.network_calls import lent_calls
from myriad.products.keeper.repository.patterns import (
    TREND_METRICS,
    find_search,
    get_search_digest,
    load_baskets,
    load_weekly_series,
    store_search,
    week_before,
)
from myriad.products.keeper.repository.sql import Row
from myriad.products.keeper.retention import bgnbd
from myriad.products.keeper.retention.bgnbd_likelihood import Summary
from myriad.products.keeper.retention.errors import NotEnoughHistoryError
from myriad.products.keeper.retention.history import Visits, history_at
from myriad.products.keeper.weekly_queue import enqueue_network, this_week
from myriad.scale.data import ReadSession, Session
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

SEARCH_VERSION = 1
_SEARCH_WEEKS = 104
_SHOWN_WEEKS = 52
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class WeekReport:
    """What the week's work did; `unchanged` when the same inputs had been searched before."""

    week_start: date
    patterns: int
    trends: int
    lent: int
    unchanged: bool


@dataclass(frozen=True, slots=True)
class Search:
    """Everything that one search found, as rows to keep."""

    facts: dict[str, int]
    patterns: list[dict[str, Any]]
    trends: list[dict[str, Any]]


async def run_week(runtime: Runtime, tenant_id: TenantId, *, again: bool = False) -> WeekReport:
    """Search the last whole week for one account and lend its figures if it has joined.

    The same week with the same inputs is not searched twice unless `again`. Raises NoAccountError.
    """
    database = runtime.database
    async with database.read_session(tenant_id) as session:
        account = await get_account(session)
        week = week_before(account.day)
        last = week + _WEEK - timedelta(days=1)
        digest = f"{SEARCH_VERSION}|{await get_search_digest(session, last)}"
        known = await find_search(session, week)
        unchanged = not again and known is not None and known["input_digest"] == digest
        inputs = None if unchanged else await _read(session, week, last)
        lent = await _lend(session, account)
    found = await asyncio.to_thread(_search, *inputs) if inputs else None
    async with database.session(tenant_id) as session:
        await lock_account(session)
        if found:
            await store_search(session, week, digest, found.facts, found.patterns, found.trends)
        await set_size_band(session, account.day)
        stored = await store_contributions(session, account.day, lent)
        await _ask_for_network(session, joined=stored > 0)
    patterns, trends = (len(found.patterns), len(found.trends)) if found else (0, 0)
    return WeekReport(week, patterns, trends, stored, unchanged)


async def lend_now(runtime: Runtime, tenant_id: TenantId) -> int:
    """Lend an account's figures of its present day; return how many, 0 when it has left again.

    The pools take them in with the next publication. Raises NoAccountError.
    """
    async with runtime.database.read_session(tenant_id) as session:
        account = await get_account(session)
        lent = await _lend(session, account)
    async with runtime.database.session(tenant_id) as session:
        await lock_account(session)
        await set_size_band(session, account.day)
        stored = await store_contributions(session, account.day, lent)
        await _ask_for_network(session, joined=stored > 0)
    return stored


async def publish_network(runtime: Runtime, *, again: bool = False) -> bool:
    """Publish this week's pools unless that was done; return whether it was done now."""
    week = this_week()
    async with runtime.database.crossing("publish what accounts compare") as session:
        known = await lock_network(session)
        if known is not None and known >= week and not again:
            return False
        await publish(session, week, utc_now().date() - STALE_AFTER)
    return True


async def _ask_for_network(session: Session, *, joined: bool) -> None:
    """Queue the publication when this week's is still to come and there is something to say."""
    known = await find_network_week(session)
    if known is None and not joined:
        return
    if known is None or known["week_start"] < this_week():
        await enqueue_network(session, this_week())


async def _read(session: ReadSession, week: date, last: date) -> tuple[list[Row], list[Row]]:
    first = week - (_SEARCH_WEEKS - 1) * _WEEK
    return await load_baskets(session, first, last), await load_weekly_series(session, first, last)


def _search(bought: Sequence[Row], weeks: Sequence[Row]) -> Search:
    baskets = Baskets.of(
        (row["person_id"], row["local_date"].toordinal(), row["staff"], row["items"])
        for row in bought
    )
    pairs, sequences = mine_pairs(baskets), mine_sequences(baskets)
    series: dict[str, list[float]] = {
        metric: [math.nan if row[metric] is None else row[metric] for row in weeks]
        for metric in TREND_METRICS
    }
    patterns = [_pattern_row("pair", one) for one in pairs.found]
    patterns += [_pattern_row("sequence", one) for one in sequences.found]
    trends = [_trend_row(trend, series[trend.name]) for trend in judge_trends(series)]
    return Search(_facts(baskets, pairs, sequences, len(weeks)), patterns, trends)


def _facts(baskets: Baskets, pairs: Mined, sequences: Mined, weeks: int) -> dict[str, int]:
    return {
        "baskets": baskets.count,
        "items": len(baskets.items),
        "people": pairs.people,
        "visits": sequences.units,
        "pairs_tested": pairs.tested,
        "sequences_tested": sequences.tested,
        "weeks_of_data": weeks,
    }


def _pattern_row(kind: str, one: Association) -> dict[str, Any]:
    return {
        "kind": kind,
        "first_item": one.first,
        "second_item": one.second,
        "total": one.total,
        "first_count": one.first_count,
        "second_count": one.second_count,
        "both_count": one.both_count,
        "people": one.people,
        "expected": one.expected,
        "lift": one.lift,
        "lift_in_month": one.lift_by["month"],
        "lift_by_staff": one.lift_by.get("staff"),
        "lift_early": one.lift_early,
        "lift_late": one.lift_late,
        "p_value": one.p_value,
        "q_value": one.q_value,
        "either_way": one.either_way,
        "window_days": WINDOW_DAYS if kind == "sequence" else None,
    }


def _trend_row(trend: Trend, points: Sequence[float]) -> dict[str, Any]:
    return {
        "metric": trend.name,
        "weeks": trend.weeks,
        "method": trend.method,
        "level": trend.level,
        "slope": trend.slope,
        "slope_low": trend.low,
        "slope_high": trend.high,
        "p_value": trend.p_value,
        "q_value": trend.q_value,
        "clear": trend.clear,
        "points": [None if math.isnan(value) else value for value in points[-_SHOWN_WEEKS:]],
    }


async def _lend(session: ReadSession, account: AccountFacts) -> list[dict[str, Any]]:
    """Return the rows that the account lends: nothing unless it has joined."""
    place = await get_place(session)
    if not place["network_opt_in"]:
        return []
    own = await load_own_figures(session, account.day)
    rows = [_lent(name, own[name], account.currency) for name in FIGURES if name in own]
    rows += await lent_calls(session, account.day)
    fit = await asyncio.to_thread(_own_fit, await load_visits(session, account.day), account.day)
    return rows + ([_lent_fit(fit)] if fit else [])


def _lent(name: str, row: Mapping[str, Any], currency: str) -> dict[str, Any]:
    return {
        "metric": name,
        "currency": currency if FIGURES[name].unit == "money" else "",
        "value": row["value"],
        "weight": row["weight"],
        "detail": {},
    }


def _lent_fit(fit: OwnFit) -> dict[str, Any]:
    r, alpha, a, b = fit.parameters
    return {
        "metric": PRIOR,
        "currency": "",
        "value": float(fit.repeaters),
        "weight": fit.repeaters,
        "detail": {"r": r, "alpha": alpha, "a": a, "b": b},
    }


def _own_fit(visits: Sequence[Row], day: date) -> OwnFit | None:
    """Return the account's own fit, without any prior; None where it rests on too few."""
    people: dict[Any, int] = {}
    codes = [people.setdefault(row["person_id"], len(people)) for row in visits]
    days = np.array([row["local_date"].toordinal() for row in visits], dtype=np.int64)
    history = history_at(Visits.of(codes, days, [row["net"] for row in visits]), day.toordinal())
    if int((history.x > 0).sum()) < LEAST_REPEATERS:
        return None
    try:
        found = bgnbd.fit(Summary.of(history.x, history.t_x, history.age))
    except NotEnoughHistoryError:
        return None
    fit = OwnFit(found.parameters.values, found.repeaters)
    return fit if fit.is_usable else None
