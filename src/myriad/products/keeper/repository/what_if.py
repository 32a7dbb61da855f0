"""What what-ifs are reckoned from."""

from __future__ import annotations

from datetime import date

from myriad.products.keeper.repository.sql import fetch
from myriad.scale.data import ReadSession


async def load_day_sums(
    session: ReadSession, first: date, last: date
) -> list[tuple[date, int, int]]:
    """Return (day, visits of known people, their net takings) of each day that had any."""
    rows = await fetch(session, "day_sums", first=first, last=last)
    return [(row["local_date"], int(row["visits"]), int(row["net"])) for row in rows]
