"""The Insights screen, and the numbers that insights rest on."""

from __future__ import annotations

from datetime import date
from typing import Literal

from myriad.products.keeper.repository.accounts import count_customers
from myriad.products.keeper.repository.keys import (
    date_part,
    join_key,
    number_part,
    split_key,
    uuid_part,
)
from myriad.products.keeper.repository.sql import Row, fetch
from myriad.products.keeper.repository.today import MINIMUM_CUSTOMERS
from myriad.products.keeper.views import Evidence, InsightCard, InsightsView, KindScore
from myriad.scale.data import ReadSession

PAGE = 20
_MUTED_BELOW, _MUTED_AFTER = 0.5, 8


async def list_insights(
    session: ReadSession, after: str | None = None, limit: int = PAGE
) -> InsightsView:
    """Return one page of insights, those of the latest day first, the most important first."""
    day, priority, insight_id = split_key(after, 3)
    rows = await fetch(
        session,
        "list_insights",
        after_day=date_part(day),
        after_priority=int(number_part(priority) or 0),
        after_id=uuid_part(insight_id),
        limit=limit + 1,
    )
    more, rows = len(rows) > limit, rows[:limit]
    last = rows[-1] if more else None
    return InsightsView(
        insights=tuple(insight_card(row) for row in rows),
        scores=await list_scores(session),
        enough_history=await count_customers(session) > MINIMUM_CUSTOMERS,
        next_after=join_key(last["business_date"], last["priority"], last["id"]) if last else None,
    )


async def list_scores(session: ReadSession) -> tuple[KindScore, ...]:
    """Return how often each kind of insight came true; kinds that seldom do are muted."""
    return tuple(
        KindScore(
            kind=row["kind"],
            right=row["right_count"],
            graded=row["graded"],
            muted=row["graded"] >= _MUTED_AFTER
            and row["right_count"] < _MUTED_BELOW * row["graded"],
        )
        for row in await fetch(session, "insight_scores")
    )


async def list_period_insights(
    session: ReadSession, first: date, last: date
) -> tuple[InsightCard, ...]:
    """Return the most important insights of a period."""
    rows = await fetch(session, "period_insights", first=first, last=last)
    return tuple(insight_card(row) for row in rows)


def insight_card(row: Row) -> InsightCard:
    """Return a row of the table as the screens show it."""
    predicted = row["predicted"]
    return InsightCard(
        id=row["id"],
        kind=row["kind"],
        claim=row["claim"],
        business_date=row["business_date"],
        prediction=str(predicted.get("sentence", "")),
        horizon_date=row["horizon_date"],
        evidence=tuple(
            Evidence(label=item["label"], value=item["value"])
            for item in row["evidence"].get("facts", [])
        ),
        grade=_grade(row),
        graded_at=row["graded_at"],
        outcome=predicted.get("outcome"),
        series=tuple(row["evidence"].get("series", [])),
    )


def _grade(row: Row) -> Literal["waiting", "right", "wrong", "void"]:
    if row["graded_at"] is None:
        return "waiting"
    if row["correct"] is None:
        return "void"
    return "right" if row["correct"] else "wrong"
