"""The Insights screen, and the numbers that insights rest on."""

from __future__ import annotations

from typing import Literal

from myriad.products.keeper.proof.accuracy import GOAL, accuracy
from myriad.products.keeper.repository.accounts import count_customers
from myriad.products.keeper.repository.keys import (
    date_part,
    join_key,
    number_part,
    split_key,
    uuid_part,
)
from myriad.products.keeper.repository.sql import Row, fetch
from myriad.products.keeper.settings import MINIMUM_CUSTOMERS
from myriad.products.keeper.views import Evidence, InsightCard, InsightsView, KindScore
from myriad.products.keeper.views.insights import URGENT_FROM
from myriad.scale.data import ReadSession

PAGE = 20


async def list_insights(
    session: ReadSession,
    after: str | None = None,
    limit: int = PAGE,
    minimum_customers: int = MINIMUM_CUSTOMERS,
) -> InsightsView:
    """Return one page of insights, those of the latest day first, the most important first.

    Up to `minimum_customers` none are made, and the page says so.
    """
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
        goal=GOAL,
        enough_history=await count_customers(session) > minimum_customers,
        next_after=join_key(last["business_date"], last["priority"], last["id"]) if last else None,
    )


async def list_scores(session: ReadSession) -> tuple[KindScore, ...]:
    """Return how often each kind of insight came true, and which kinds are silent and why."""
    return tuple(_score(row) for row in await fetch(session, "insight_scores"))


def _score(row: Row) -> KindScore:
    right, graded = row["right_count"] or 0, row["graded"] or 0
    share, is_muted = accuracy(right, graded), row["muted_on"] is not None
    return KindScore(
        kind=row["kind"],
        right=right,
        graded=graded,
        muted=is_muted,
        low=share.low if share else None,
        high=share.high if share else None,
        waiting=row["waiting"] or 0,
        void=row["void"] or 0,
        muted_on=row["muted_on"],
        retry_on=row["retry_on"],
        reason=row["reason"] or "" if is_muted else "",
        muted_by=_muted_by(row["decided_by"]) if is_muted else None,
    )


def _muted_by(decided_by: str) -> Literal["keeper", "owner"]:
    return "keeper" if decided_by == "keeper" else "owner"


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
        urgent=row["priority"] >= URGENT_FROM,
    )


def _grade(row: Row) -> Literal["waiting", "right", "wrong", "void"]:
    if row["graded_at"] is None:
        return "waiting"
    if row["correct"] is None:
        return "void"
    return "right" if row["correct"] else "wrong"
