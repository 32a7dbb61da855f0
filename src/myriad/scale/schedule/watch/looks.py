"""What a look teaches: each thing's rate and next look, and how far to believe its signals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row

from myriad.kit.clock import utc_now
from myriad.scale.data import ReadSession, Session
from myriad.scale.schedule.adaptive.events import SourceRecord
from myriad.scale.schedule.adaptive.policy import FIRST_INTERVAL_DAYS, interval_days
from myriad.scale.schedule.adaptive.rate import Array, Evidence, change_rate
from myriad.scale.schedule.ensure import run
from myriad.scale.schedule.watch.plans import get_plan
from myriad.scale.tenancy import current_tenant

# Looks closer together than an hour, as of a job that ran twice, count as an hour apart.
_LEAST_DAYS = 1 / 24
_Rows = Sequence[Row[Any]]


@dataclass(frozen=True)
class Look:
    """One look at one thing: had it changed since the look before?"""

    item_id: UUID
    changed: bool


async def record_looks(
    session: Session, kind: str, looks: Sequence[Look], now: datetime | None = None
) -> int:
    """Store what looks found, plan each thing's next, and return how many things were known.

    The first look at a thing has nothing to compare with: it starts the clock, and the next comes a
    week later. A look grades every source of events: it signalled or not, and the thing had changed or not.
    """
    plan, now = await get_plan(session, kind), now or utc_now()
    changed = {look.item_id: look.changed for look in looks}
    place = {"tenant_id": current_tenant(), "kind": kind, "now": now}
    rows = (await run(session, "lock_items", place | {"item_ids": list(changed)})).all()
    if rows:
        evidence = _evidence_after(rows, changed)
        rates = change_rate(evidence)
        days = interval_days(rates, [row.weight for row in rows], plan.price)
        days = np.where(_is_first(rows), FIRST_INTERVAL_DAYS, days)
        await run(session, "store_looks", place | _columns(rows, evidence, rates, days))
        await _grade_sources(session, place, [r for r in rows if r.elapsed_days], changed)
    return len(rows)


def _evidence_after(rows: _Rows, changed: Mapping[UUID, bool]) -> Evidence:
    known = Evidence(
        np.array([row.changes for row in rows], dtype=np.float64),
        np.array([row.unchanged_days for row in rows], dtype=np.float64),
    )
    looked = known.after_look(
        [_elapsed(row) for row in rows],
        [changed[row.item_id] for row in rows],
        [bool(row.signals) for row in rows],
    )
    is_first = _is_first(rows)
    return Evidence(
        np.where(is_first[:, None], known.changes, looked.changes),
        np.where(is_first, known.unchanged_days, looked.unchanged_days),
    )


def _is_first(rows: _Rows) -> NDArray[np.bool_]:
    return np.array([row.elapsed_days is None for row in rows])


def _elapsed(row: Row[Any]) -> float:
    return max(row.elapsed_days or 0.0, _LEAST_DAYS)


def _columns(rows: _Rows, evidence: Evidence, rates: Array, days: Array) -> dict[str, Any]:
    by_interval = evidence.changes.T.tolist()
    names = ("changes_1", "changes_3", "changes_7", "changes_30")
    return dict(zip(names, by_interval, strict=True)) | {
        "item_ids": [row.item_id for row in rows],
        "unchanged_days": evidence.unchanged_days.tolist(),
        "rates": rates.tolist(),
        "intervals": days.astype(int).tolist(),
    }


async def _grade_sources(
    session: Session, place: dict[str, Any], rows: _Rows, changed: Mapping[UUID, bool]
) -> None:
    if not rows:
        return
    hits, days = [changed[row.item_id] for row in rows], [_elapsed(row) for row in rows]
    for source in (await run(session, "lock_sources", place)).all():
        told = [source.source in row.signals for row in rows]
        record = record_of(source).after_looks(told, hits, days)
        await run(session, "store_source", place | asdict(record) | {"source": source.source})


def record_of(row: Row[Any]) -> SourceRecord:
    """Return a source's record as it counts now."""
    stored = SourceRecord(row.hits, row.misses, row.false_alarms, row.watched_days)
    return stored.faded(max(row.age_days, 0.0))


async def list_sources(session: ReadSession, kind: str) -> dict[str, SourceRecord]:
    """Return how well each source of events about the kind has done, by its name."""
    place = {"tenant_id": current_tenant(), "kind": kind, "now": utc_now()}
    rows = await run(session, "list_sources", place)
    return {row.source: record_of(row) for row in rows}
