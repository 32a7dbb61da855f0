"""Patterns and trends: what the weekly search reads, what it keeps, and the Patterns screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, get_args

from myriad.products.keeper.repository.accounts import get_account
from myriad.products.keeper.repository.keys import join_key, number_part, split_key, uuid_part
from myriad.products.keeper.repository.sql import (
    Row,
    execute,
    execute_rows,
    fetch,
    find,
    get,
)
from myriad.products.keeper.views.patterns import (
    PatternKind,
    PatternRow,
    PatternsView,
    TrendMetric,
    TrendRow,
    Unit,
)
from myriad.scale.data import ReadSession, Session

SHOWN = 20
TREND_METRICS: tuple[TrendMetric, ...] = get_args(TrendMetric)
TREND_UNITS: Mapping[TrendMetric, Unit] = {
    "takings": "money",
    "visits": "number",
    "new_customers": "number",
    "average_service": "money",
    "retail_share": "share",
}
_SEARCH_COLUMNS = (
    "baskets",
    "items",
    "people",
    "visits",
    "pairs_tested",
    "sequences_tested",
    "weeks_of_data",
)


def week_before(day: date) -> date:
    """Return the Monday of the last whole week (Monday to Sunday) that ended by `day`."""
    return day + timedelta(days=1) - timedelta(days=(day.toordinal() % 7) + 7)


async def load_baskets(session: ReadSession, first: date, last: date) -> list[Row]:
    """Return (person_id, local_date, staff, items) of what was sold in between."""
    return await fetch(session, "load_baskets", first=first, last=last)


async def load_weekly_series(session: ReadSession, first: date, last: date) -> list[Row]:
    """Return one row for each whole week from `first`, a Monday, to `last`, a Sunday."""
    return await fetch(session, "weekly_series", first=first, last=last)


async def get_search_digest(session: ReadSession, day: date) -> str:
    """Return the digest of everything that a search as of `day` reads."""
    return str((await get(session, "patterns_digest", day=day))["digest"])


async def find_search(session: ReadSession, week: date | None = None) -> Row | None:
    """Return the facts of the search of that week, or of the newest, or None."""
    return await find(session, "find_pattern_week", week=week)


async def store_search(
    session: Session,
    week: date,
    digest: str,
    facts: Mapping[str, int],
    patterns: Sequence[Mapping[str, Any]],
    trends: Sequence[Mapping[str, Any]],
) -> None:
    """Replace what the search of `week` found; keep sixty weeks."""
    counted = {name: facts.get(name, 0) for name in _SEARCH_COLUMNS}
    await execute(session, "store_pattern_week", week=week, digest=digest, **counted)
    await execute(session, "clear_patterns", week=week)
    await execute(session, "clear_trends", week=week)
    await execute_rows(session, "store_patterns", patterns, week=week)
    await execute_rows(session, "store_trends", trends, week=week)
    await execute(session, "thin_pattern_weeks", week=week)


async def get_patterns(session: ReadSession) -> PatternsView:
    """Return what the newest search found; raises NoAccountError."""
    account = await get_account(session)
    search = await find_search(session)
    if search is None:
        return PatternsView(currency=account.currency)
    week = search["week_start"]
    pairs, _ = await list_patterns(session, "pair", None, SHOWN)
    sequences, _ = await list_patterns(session, "sequence", None, SHOWN)
    return PatternsView(
        currency=account.currency,
        week_start=week,
        searched_at=search["updated_at"],
        **{name: search[name] for name in _SEARCH_COLUMNS},
        pairs=pairs,
        sequences=sequences,
        trends=await list_trends(session, week),
    )


async def list_patterns(
    session: ReadSession, kind: PatternKind | None, after: str | None, limit: int
) -> tuple[tuple[PatternRow, ...], str | None]:
    """Return one page of the newest search's patterns, the surest first, and the next key."""
    search = await find_search(session)
    if search is None:
        return (), None
    q_value, lift, row_id = split_key(after, 3)
    rows = await fetch(
        session,
        "list_patterns",
        week=search["week_start"],
        kind=kind,
        after_q=number_part(q_value),
        after_lift=number_part(lift),
        after_id=uuid_part(row_id),
        limit=limit + 1,
    )
    shown = tuple(_pattern_row(row) for row in rows[:limit])
    last = shown[-1] if len(rows) > limit else None
    return shown, join_key(repr(last.q_value), repr(last.lift), last.id) if last else None


async def list_trends(session: ReadSession, week: date) -> tuple[TrendRow, ...]:
    """Return the trends of a week's search in the order of the screen."""
    rows = {row["metric"]: row for row in await fetch(session, "list_trends", week=week)}
    return tuple(_trend_row(rows[metric]) for metric in TREND_METRICS if metric in rows)


def _pattern_row(row: Row) -> PatternRow:
    return PatternRow(**{name: row[name] for name in PatternRow.__slots__})


def _trend_row(row: Row) -> TrendRow:
    names = [name for name in TrendRow.__slots__ if name not in ("unit", "points")]
    return TrendRow(
        **{name: row[name] for name in names},
        unit=TREND_UNITS[row["metric"]],
        points=tuple(row["points"]),
    )
