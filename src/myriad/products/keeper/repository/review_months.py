"""What customers wrote in a month, for reports; the review agent counted it for the day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from myriad.products.keeper.repository.sql import Row
from myriad.products.keeper.views.reports import ReviewsMonth

_SHOWN = 3


def review_month_json(rows: Sequence[Row]) -> dict[str, Any] | None:
    """Return the row of "review_month" as a report stores it, None without reviews."""
    if not rows:
        return None
    row = rows[0]
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
