"""The numbers of a period as plain JSON, computed from what was known on its last day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from myriad.kit.money import Money
from myriad.products.keeper.repository.accounts import AccountFacts
from myriad.products.keeper.repository.goals import list_known_paces, paces_json
from myriad.products.keeper.repository.insights import list_period_insights
from myriad.products.keeper.repository.proof import get_saved, saved_json
from myriad.products.keeper.repository.sql import Row, fetch, get
from myriad.products.keeper.repository.today import list_anomalies
from myriad.products.keeper.views import AnomalyRow, InsightCard, ReportKind
from myriad.scale.data import ReadSession

_SERVICES, _SLIPPING, _ANOMALIES = 8, 8, 10
_CHART_DAYS = 31
BEFORE: dict[ReportKind, str] = {
    "daily": "the day before",
    "weekly": "the same days of the week before",
    "monthly": "the same days of the month before",
}


async def compute_numbers(
    session: ReadSession, account: AccountFacts, kind: ReportKind, first: date, last: date
) -> dict[str, Any]:
    """Return the numbers of a period as plain JSON; reads nothing after `last`.

    The caller has laid down what was known then (`history.know_until`).
    """
    before, before_last = period_before(kind, first, last)
    now_row = await get(session, "period_numbers", first=first, last=last)
    before_row = await get(session, "period_numbers", first=before, last=before_last)
    first_day = (await get(session, "first_sale_day"))["first_day"]
    known = first_day is not None and first_day <= before
    drift = await get(session, "drift_between", first=first, last=last)
    tasks = await get(session, "task_results", first=first, last=last)
    chart_first = min(first, last - timedelta(days=13))
    days = await fetch(session, "known_daily_totals", first=chart_first, last=last)
    anomalies, _ = await list_anomalies(session, first, last, None, _ANOMALIES)
    numbers: dict[str, Any] = {
        "currency": account.currency,
        "account": account.name,
        **_changes(now_row, before_row if known else None),
        "days": [
            {
                "day": row["local_date"].isoformat(),
                "visits": row["visits"],
                "revenue": row["revenue"],
            }
            for row in days[-_CHART_DAYS:]
        ],
        "services": await fetch(
            session, "services_between", first=first, last=last, limit=_SERVICES
        ),
        "states": {
            row["state"]: row["people"] for row in await fetch(session, "state_counts", day=last)
        },
        "tasks": {name: int(tasks[name]) for name in tasks},
        "anomalies": [_anomaly_json(row) for row in anomalies],
        "insights": [
            _insight_json(card) for card in await list_period_insights(session, first, last)
        ],
        "slipping": await _slipping(session, last),
        "saved": saved_json(await get_saved(session, account, last.replace(day=1), last)),
        "goals": paces_json(await list_known_paces(session, account, last)),
        "days_checked": drift["days"],
        "cents_off": drift["cents_off"],
        "partial": await _partial(session, last),
    }
    numbers["headline"] = _headline(kind, numbers, account.currency)
    return numbers


def period_before(kind: ReportKind, first: date, last: date) -> tuple[date, date]:
    """Return the same days of the day, week or month before, so that like meets like."""
    if kind == "monthly":
        month = (first - timedelta(days=1)).replace(day=1)
        return month, min(month + (last - first), first - timedelta(days=1))
    shift = timedelta(days=7 if kind == "weekly" else 1)
    return first - shift, last - shift


def _changes(now: Row, before: Row | None) -> dict[str, Any]:
    def pair(of: Any) -> dict[str, float | None]:
        return {"now": of(now), "before": of(before) if before else None}

    return {
        "revenue": pair(lambda row: int(row["revenue"])),
        "visits": pair(lambda row: int(row["visits"])),
        "average_ticket": pair(
            lambda row: round(row["revenue"] / row["sales"]) if row["sales"] else 0
        ),
        "new_customers": pair(lambda row: int(row["new_customers"])),
        "returning_share": pair(
            lambda row: round(1 - row["new_customers"] / row["people"], 4) if row["people"] else 0.0
        ),
    }


async def _slipping(session: ReadSession, day: date) -> list[dict[str, Any]]:
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
        for row in await fetch(session, "slipping_most", day=day, limit=_SLIPPING)
    ]


async def _partial(session: ReadSession, day: date) -> list[str]:
    return [
        f"{row['agent'].capitalize()}: {row['error'] or 'did not finish'}"
        for row in await fetch(session, "unfinished_agents", day=day)
        if row["state"] in ("failed", "partial")
    ]


def _headline(kind: ReportKind, numbers: dict[str, Any], currency: str) -> str:
    revenue, visits = numbers["revenue"], numbers["visits"]["now"]
    money = Money(revenue["now"], currency).format(whole=True)
    span = {"daily": "today", "weekly": "this week", "monthly": "this month"}[kind]
    text = f"{money} from {visits:,} visits {span}"
    if revenue["before"]:
        change = revenue["now"] / revenue["before"] - 1
        word = "up" if change >= 0 else "down"
        text += f", {word} {abs(change):.0%} on {BEFORE[kind]}"
    return text + "."


def _anomaly_json(row: AnomalyRow) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "day": row.local_date.isoformat(),
        "metric": row.metric,
        "observed": row.observed,
        "expected": row.expected,
        "effect": row.effect,
        "q_value": row.q_value,
    }


def _insight_json(card: InsightCard) -> dict[str, Any]:
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
