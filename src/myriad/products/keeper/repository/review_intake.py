"""Reviews on their way in: stored once for each change, kept apart when they make no sense."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from myriad.products.keeper.repository.sql import Row, execute, execute_rows, fetch
from myriad.scale.data import Session

_JUDGED = ("id", "p_negative")


async def keep_apart(
    session: Session, refused: Sequence[Mapping[str, Any]], sound_ids: Sequence[str]
) -> None:
    """Put refused rows (ext_id, reason, body) into quarantine and let out what is sound now."""
    await execute(session, "release_reviews", ext_ids=list(sound_ids))
    unique = {(row["ext_id"], row["reason"]): row for row in refused}
    if unique:
        await execute_rows(session, "keep_reviews_apart", list(unique.values()))


async def store_reviews(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Store reviews and return those that are new or changed, with the stars they had before."""
    if not rows:
        return []
    stored = await fetch(session, "store_reviews", rows=list(rows))
    await execute(session, "store_source_replies", rows=list(rows))
    return stored


async def store_scores(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep the chance that each review (`id`, `p_negative`) is a complaint."""
    if rows:
        judged = [{name: row[name] for name in _JUDGED} for row in rows]
        await execute_rows(session, "store_review_scores", judged)


async def store_alerts(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Keep alerts and return (review_id, changed_at) of those that were not raised before."""
    if not rows:
        return []
    return await fetch(session, "store_review_alerts", rows=list(rows))


async def mark_missing(
    session: Session, source: str, location: str, seen: Sequence[str], before: datetime
) -> int:
    """Mark reviews as deleted that a complete reading, begun at `before`, has not met."""
    return await execute(
        session,
        "mark_missing_reviews",
        source=source,
        location=location,
        seen=list(seen),
        before=before,
    )
