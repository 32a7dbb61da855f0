"""The account's own reviews that show what its unhappy customers write."""

from __future__ import annotations

from myriad.products.keeper.repository.sql import fetch
from myriad.scale.data import ReadSession


async def load_starred(session: ReadSession, limit: int) -> list[tuple[str, int]]:
    """Return (text, stars) of the newest reviews that have both."""
    return [
        (row["text"], row["stars"]) for row in await fetch(session, "starred_texts", limit=limit)
    ]
