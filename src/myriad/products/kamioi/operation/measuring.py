"""Quality measured from counts, hour by hour, and read back."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from myriad.products.kamioi.operation.quality import Audited, Covered, Decisions, Quality, Queue
from myriad.products.kamioi.repository import sql as queries
from myriad.scale.data import ReadSession, Session

RECENT_DAYS, BEFORE_DAYS = 7, 28
KEPT_DAYS = 400
# An hourly job that is two hours late is not running: the page then counts for itself.
STALE = timedelta(hours=2)


async def measure(session: ReadSession, now: datetime) -> Quality:
    """Return the quality of mapping as it stands; reads every string in use."""
    recent = now.date() - timedelta(days=RECENT_DAYS - 1)
    found = await queries.fetch_all(
        session,
        {
            "quality_coverage": {},
            "quality_audits": {},
            "quality_decisions": {
                "recent": recent,
                "since": recent - timedelta(days=BEFORE_DAYS),
            },
            "quality_overrides": {},
            "quality_queue": {"now": now},
        },
    )
    return Quality(
        measured_at=now,
        covered=msgspec.convert(found["quality_coverage"], tuple[Covered, ...]),
        audits=msgspec.convert(found["quality_audits"], tuple[Audited, ...]),
        decisions=msgspec.convert(found["quality_decisions"], tuple[Decisions, ...]),
        overridden=found["quality_overrides"][0]["descriptors"],
        queue=msgspec.convert(found["quality_queue"][0], Queue),
    )


async def keep(session: Session, now: datetime) -> Quality:
    """Measure and keep it for this hour; what is older than 400 days goes."""
    quality = await measure(session, now)
    await queries.execute(session, "put_quality", now=now, facts=msgspec.to_builtins(quality))
    await queries.execute(session, "forget_quality", before=now - timedelta(days=KEPT_DAYS))
    return quality


async def get_quality(session: ReadSession, now: datetime) -> Quality:
    """Return what the hourly job measured last, or measure now where it has not lately."""
    row = await queries.find(session, "find_quality")
    if row is not None and now - row["measured_at"] < STALE:
        return _read(row["facts"])
    return await measure(session, now)


async def list_days(session: ReadSession, since: datetime) -> list[tuple[date, Quality]]:
    """Return the last measurement of each day from `since` on."""
    rows = await queries.fetch(session, "list_quality_days", since=since)
    return [(row["day"], _read(row["facts"])) for row in rows]


def _read(facts: Any) -> Quality:
    return msgspec.convert(facts, Quality, strict=False)
