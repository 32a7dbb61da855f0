"""Reviews for tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from myriad.kit.clock import utc_now
from myriad.products.keeper.reviewing import GivenReview, Intake, take_in
from tests.products.keeper.ledger import Shop


def review(ext_id: str = "r1", stars: int | None = 5, text: str = "", **facts: Any) -> GivenReview:
    """Return a review of an hour ago."""
    at = facts.pop("at", utc_now() - timedelta(hours=1))
    return GivenReview(
        **{
            "source": "google",
            "ext_id": ext_id,
            "stars": stars,
            "text": text,
            "reviewed_at": at,
            "changed_at": at,
            "author": "Ann Miller",
            **facts,
        }
    )


def later(moment: datetime, minutes: int = 5) -> datetime:
    """Return the moment some minutes after another."""
    return moment + timedelta(minutes=minutes)


async def intake(shop: Shop, *rows: GivenReview) -> Intake:
    """Take the reviews in as one transaction."""
    async with shop.runtime.database.session(shop.tenant_id) as session:
        return await take_in(session, rows)
