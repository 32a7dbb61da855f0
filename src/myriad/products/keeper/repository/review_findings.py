"""What the review agent reads and writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from myriad.products.keeper.repository.sql import Row, execute, execute_rows, fetch
from myriad.scale.data import ReadSession, Session

AT_ONCE = 5_000


async def load_reviews(session: ReadSession, day: date) -> list[Row]:
    """Return reviews up to `day` that are new or changed, and those young enough to be rematched."""
    return await fetch(session, "reviews_to_examine", day=day, limit=AT_ONCE)


async def load_visits_near(session: ReadSession, first: date, day: date) -> list[Row]:
    """Return (person_id, local_date, names, services, staff) of visits from `first` to `day`."""
    return await fetch(session, "visits_near", first=first, day=day)


async def store_examined(session: Session, rows: Sequence[Mapping[str, Any]]) -> int:
    """Keep what was found about reviews; return how many changed."""
    return await execute_rows(session, "store_examined", rows) if rows else 0


async def store_summary(session: Session, day: date, until: datetime) -> int:
    """Replace the months as known on `day`, which ends at `until`; return how many there are."""
    await execute(session, "clear_review_summary", day=day)
    return await execute(session, "store_review_summary", day=day, until=until)
