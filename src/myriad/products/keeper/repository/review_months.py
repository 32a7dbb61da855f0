"""What customers wrote in a month, for reports; the review agent counted it for the day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from myriad.products.keeper.repository.sql import find
from myriad.products.keeper.views.reports import ReviewsMonth
from myriad.scale.data import ReadSession

_SHOWN = 3


async def find_review_month(session: ReadSession, day: date) -> dict[str, Any] | None:
    """Return the month of `day` as a report stores it, None without reviews."""
    row = await find(session, "review_month", day=day)
    if row is None:
        return None
    often = sorted(row["aspects"].items(), key=lambda item: (-int(item[1]), item[0]))
    return {
        "month": row["month"].isoformat(),
        "reviews": int(row["reviews"]),
        "rated": int(row["rated"]),
        "stars_total": int(row["stars_total"]),
        "negative": int(row["negative"]),
        "criticised": [[name, int(times)] for name, times in often[:_SHOWN]],
    }


def review_month_from(stored: Mapping[str, Any] | None) -> ReviewsMonth | None:
    """Return the month that a report holds; an older report holds none."""
    if stored is None:
        return None
    rated = stored["rated"]
    return ReviewsMonth(
        month=date.fromisoformat(stored["month"]),
        reviews=stored["reviews"],
        rated=rated,
        mean=stored["stars_total"] / rated if rated else None,
        negative=stored["negative"],
        criticised=tuple((name, times) for name, times in stored["criticised"]),
    )
