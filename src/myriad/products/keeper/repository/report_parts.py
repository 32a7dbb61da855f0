"""Parts of a report as plain JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from myriad.products.keeper.repository.sql import Row
from myriad.products.keeper.views import AnomalyRow, InsightCard, UndoneWork


def slipping_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return who is slipping away with the most money at stake, as the list of customers has it."""
    return [
        {
            "person_id": str(row["person_id"]),
            "name": row["name"],
            "state": row["state"],
            "visits": row["visits"],
            "last_visit_on": row["last_visit_on"].isoformat(),
            "usual_gap_days": row["usual_gap_days"],
            "churn_60": row["churn_60"],
            "value_at_risk": row["value_at_risk"],
        }
        for row in rows
    ]


def partial_json(rows: Sequence[Row]) -> list[dict[str, str | None]]:
    """Return which agents did not do all of their work that day, and why."""
    return [
        {"agent": row["agent"], "error": row["error"]}
        for row in rows
        if row["state"] in ("failed", "partial")
    ]


def undone_work(item: dict[str, str | None] | str) -> UndoneWork:
    """Return one of `partial_json` as it is stored; old reports hold it as `Agent: why`."""
    if isinstance(item, str):
        agent, _, error = item.partition(": ")
        return UndoneWork(agent.lower(), error or None)
    return UndoneWork(str(item["agent"]), item["error"])


def anomaly_json(row: AnomalyRow) -> dict[str, Any]:
    """Return an unusual day."""
    return {
        "id": str(row.id),
        "day": row.local_date.isoformat(),
        "metric": row.metric,
        "observed": row.observed,
        "expected": row.expected,
        "effect": row.effect,
        "q_value": row.q_value,
    }


def insight_json(card: InsightCard) -> dict[str, Any]:
    """Return an insight with its facts and its grade."""
    return {
        "id": str(card.id),
        "kind": card.kind,
        "claim": card.claim,
        "day": card.business_date.isoformat(),
        "prediction": card.prediction,
        "horizon": card.horizon_date.isoformat(),
        "grade": card.grade,
        "facts": [{"label": fact.label, "value": fact.value} for fact in card.evidence],
    }
