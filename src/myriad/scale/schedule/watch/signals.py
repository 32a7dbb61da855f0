"""An event says that things may have changed: look at once where its source deserves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from myriad.kit.clock import utc_now
from myriad.scale.data import Session
from myriad.scale.jobs import enqueue
from myriad.scale.schedule.adaptive.events import (
    SourceRecord,
    change_probability,
    is_worth_a_look,
)
from myriad.scale.schedule.ensure import run
from myriad.scale.schedule.watch.looks import record_of
from myriad.scale.schedule.watch.plans import WatchPlan, check_name, get_plan
from myriad.scale.tenancy import current_tenant

SIGNAL_CLASS = "high"
_LONGEST_SOURCE = 100


@dataclass(frozen=True)
class Signalled:
    """What became of a signal: watched things it spoke of, and those looked at at once."""

    known: int
    at_once: int


async def note_signal(
    session: Session,
    kind: str,
    source: str,
    item_ids: Sequence[UUID],
    now: datetime | None = None,
) -> Signalled:
    """Remember that `source` says these things may have changed, and look at once where it pays.

    A look pays when the chance of a change, given the source's record, the thing's rate and the
    time since its last look, weighs more than the look's share of the price. Such things go into
    jobs of class high; the others wait for their turn, and every signal is graded at the next
    look. A source that speaks again before that look adds nothing.
    """
    check_name("source", source, _LONGEST_SOURCE)
    plan, now = await get_plan(session, kind), now or utc_now()
    place = {"tenant_id": current_tenant(), "kind": kind, "now": now, "source": source}
    await run(session, "add_source", place)
    named = place | {"item_ids": sorted(set(item_ids))}
    rows = (await run(session, "lock_items", named)).all()
    if not rows:
        return Signalled(0, 0)
    sources = await run(session, "list_sources", place)
    (record,) = (record_of(row) for row in sources if row.source == source)
    new = [row for row in rows if source not in row.signals]
    urgent = [row.item_id for row in new if _pays(row, record, plan)]
    await run(session, "note_signals", named)
    await _look_at_once(session, plan, source, urgent)
    return Signalled(len(rows), len(urgent))


def _pays(row: Row[Any], record: SourceRecord, plan: WatchPlan) -> bool:
    age_days = max(row.elapsed_days or 0.0, 0.0)
    chance = change_probability(row.rate, age_days, record.recall, record.false_alarms_per_day)
    return bool(is_worth_a_look(chance, row.weight, plan.price, row.interval_days))


async def _look_at_once(
    session: Session, plan: WatchPlan, source: str, item_ids: Sequence[UUID]
) -> None:
    for start in range(0, len(item_ids), plan.bundle_size):
        items = [str(one) for one in item_ids[start : start + plan.bundle_size]]
        payload = {"kind": plan.kind, "items": items, "source": source}
        await enqueue(session, plan.task, payload, job_class=SIGNAL_CLASS)
