"""Queries over every account, for operators: each needs a database, and crosses tenants aloud."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from myriad.products.keeper.repository.sql import QUERIES
from myriad.products.keeper.views.operations import (
    DAYS,
    HOURS,
    SETTLED_HOURS,
    SYNC_BOUND_SECONDS,
    Accuracy,
    Drift,
    Load,
    Syncs,
    Week,
)
from myriad.scale.data import Database

_DAY = timedelta(days=1)
_DRIFT_DAYS, _GRADED_DAYS, _MODEL_DAYS = 35, 90, 30


async def _rows(database: Database, name: str, **parameters: Any) -> list[dict[str, Any]]:
    return await database.crossing_rows(
        "measure Keeper over all accounts", QUERIES[name], parameters
    )


async def count_accounts(database: Database) -> int:
    """Return how many accounts there are."""
    return int((await _rows(database, "count_accounts"))[0]["accounts"])


async def load_week(database: Database) -> Week:
    """Return what the schedules start in each slot and hour of a week."""
    slots = await _rows(database, "schedule_slots")
    hours = await _rows(database, "schedule_hours")
    return Week(_by_slot(slots), _by_hour(hours))


def _by_slot(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[int, int], Load]:
    found: dict[tuple[int, int], Load] = defaultdict(Load)
    for row in rows:
        days = (row["weekday"],) if row["every"] == "weekly" else range(DAYS)
        for day in days:
            found[day, row["slot"]] += _load(row)
    return dict(found)


def _by_hour(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[int, int], Load]:
    """Spread each rhythm over the week; the next fire tells the hour, as the zones' clocks stand."""
    found: dict[tuple[int, int], Load] = defaultdict(Load)
    for row in rows:
        days = (row["weekday"],) if row["every"] == "weekly" else range(DAYS)
        hours = range(HOURS) if row["every"] == "hourly" else (row["hour"],)
        for day in days:
            for hour in hours:
                found[day, hour] += _load(row)
    return dict(found)


def _load(row: Mapping[str, Any]) -> Load:
    return Load(int(row["accounts"]), float(row["seconds"]))


async def load_syncs(database: Database, now: datetime) -> Syncs:
    """Return how long the syncs of the last 24 hours took, over all accounts."""
    row = (await _rows(database, "sync_seconds", bound=SYNC_BOUND_SECONDS, since=now - _DAY))[0]
    p95 = row["p95_seconds"]
    return Syncs(int(row["ended"]), None if p95 is None else float(p95), int(row["over_bound"]))


async def load_drift(database: Database, today: date) -> Drift:
    """Return by how much closed, settled days differ from Square."""
    last = today - timedelta(hours=SETTLED_HOURS) - _DAY
    first = today - timedelta(days=_DRIFT_DAYS)
    row = (await _rows(database, "drift_totals", first=first, last=last))[0]
    return Drift(int(row["days"]), int(row["accounts"]), int(row["cents"]))


async def load_accuracy(database: Database, now: datetime) -> Accuracy:
    """Return how many insights were graded lately, and how many were right."""
    since = now - timedelta(days=_GRADED_DAYS)
    row = (await _rows(database, "insight_accuracy", since=since))[0]
    return Accuracy(int(row["graded"]), int(row["right"]))


async def load_work(database: Database, now: datetime) -> list[dict[str, Any]]:
    """Return (name, plan, seconds, rows, model_usd_micros) of every account.

    These are a day's work, its rows of Square's, and what language models cost in thirty days
    (millionths of a US dollar, days of UTC as the ledger of `scale/ai` has them).
    """
    last = now.astimezone(UTC).date()
    first = last - timedelta(days=_MODEL_DAYS - 1)
    return await _rows(database, "account_work", since=now - _DAY, first=first, last=last)


async def measure_bytes(database: Database) -> float:
    """Return the bytes that Keeper's tables and their indexes take."""
    return float((await _rows(database, "stored_bytes"))[0]["bytes"])
