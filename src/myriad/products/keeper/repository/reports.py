"""Reports: computed once, stored as numbers with a digest, shown from there."""

from __future__ import annotations

import hashlib
import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from myriad.kit.errors import NotFoundError
from myriad.kit.money import Money
from myriad.products.keeper.repository.accounts import AccountFacts
from myriad.products.keeper.repository.customers import list_customers
from myriad.products.keeper.repository.insights import list_period_insights
from myriad.products.keeper.repository.keys import date_part, join_key, split_key, uuid_part
from myriad.products.keeper.repository.sql import Row, fetch, find, get
from myriad.products.keeper.repository.today import list_anomalies
from myriad.products.keeper.views import (
    AnomalyRow,
    Change,
    CustomerFilter,
    CustomerRow,
    DayPoint,
    Evidence,
    InsightCard,
    ReportKind,
    ReportRow,
    ReportsView,
    ReportView,
    ServiceRow,
)
from myriad.scale.data import ReadSession, Session

PAGE = 20
_SERVICES, _SLIPPING, _ANOMALIES = 8, 8, 10
_CHART_DAYS = 31
BEFORE: dict[ReportKind, str] = {
    "daily": "the day before",
    "weekly": "the same days of the week before",
    "monthly": "the same days of the month before",
}


async def list_reports(
    session: ReadSession,
    kind: ReportKind | None = None,
    after: str | None = None,
    limit: int = PAGE,
) -> ReportsView:
    """Return one page of reports, newest first."""
    day, report_id = split_key(after, 2)
    rows = await fetch(
        session,
        "list_reports",
        kind=kind,
        after_day=date_part(day),
        after_id=uuid_part(report_id),
        limit=limit + 1,
    )
    more, rows = len(rows) > limit, rows[:limit]
    return ReportsView(
        kind=kind,
        rows=tuple(_row(row) for row in rows),
        next_after=join_key(rows[-1]["period_end"], rows[-1]["id"]) if more else None,
    )


async def get_report(session: ReadSession, report_id: UUID) -> ReportView:
    """Return one report, or raise NotFoundError."""
    row = await find(session, "get_report", report_id=report_id)
    if row is None:
        raise NotFoundError("no such report")
    return _view(row)


async def find_newest_report(session: ReadSession, kind: ReportKind | None) -> ReportView | None:
    """Return the newest report of a kind, or None."""
    row = await find(session, "newest_report", kind=kind)
    return _view(row) if row else None


async def store_report(
    session: Session, kind: ReportKind, first: date, last: date, numbers: dict[str, Any]
) -> int:
    """Keep a report; return 1 when its numbers are new, 0 when they were known."""
    row = await find(
        session,
        "store_report",
        kind=kind,
        period_start=first,
        period_end=last,
        numbers=numbers,
        digest=digest_of(numbers),
    )
    return 1 if row else 0


def digest_of(numbers: dict[str, Any]) -> str:
    """Return the SHA-256 of the numbers in canonical JSON."""
    text = json.dumps(numbers, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


async def compute_numbers(
    session: ReadSession, account: AccountFacts, kind: ReportKind, first: date, last: date
) -> dict[str, Any]:
    """Return the numbers of a period as plain JSON; reads nothing after `last`.

    The caller has laid down what was known then (`history.know_until`).
    """
    before, before_last = period_before(kind, first, last)
    now_row = await get(session, "period_numbers", first=first, last=last)
    before_row = await get(session, "period_numbers", first=before, last=before_last)
    span = await get(session, "data_span")
    known = span["first_day"] is not None and span["first_day"] <= before
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
    rows = []
    for state in ("slowing", "likely_lapsed"):
        view = await list_customers(session, CustomerFilter(state=state, limit=_SLIPPING), day)
        rows += [row for row in view.rows if row.value_at_risk and row.value_at_risk.minor > 0]
    rows.sort(key=lambda row: -(row.value_at_risk.minor if row.value_at_risk else 0))
    return [
        {
            "person_id": str(row.person_id),
            "name": row.name,
            "state": row.state,
            "visits": row.visits,
            "last_visit_on": row.last_visit_on.isoformat() if row.last_visit_on else None,
            "usual_gap_days": row.usual_gap_days,
            "churn_60": row.churn_60,
            "value_at_risk": row.value_at_risk.minor if row.value_at_risk else 0,
        }
        for row in rows[:_SLIPPING]
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


def _row(row: Row) -> ReportRow:
    numbers = row["numbers"]
    return ReportRow(
        id=row["id"],
        kind=row["kind"],
        period_start=row["period_start"],
        period_end=row["period_end"],
        created_at=row["created_at"],
        revenue=Money(numbers["revenue"]["now"], numbers["currency"]),
        visits=numbers["visits"]["now"],
        headline=numbers["headline"],
    )


def _view(row: Row) -> ReportView:
    numbers, currency = row["numbers"], row["numbers"]["currency"]
    tasks = numbers["tasks"]
    checked = numbers["days_checked"]
    return ReportView(
        id=row["id"],
        kind=row["kind"],
        period_start=row["period_start"],
        period_end=row["period_end"],
        created_at=row["created_at"],
        currency=currency,
        digest=row["digest"],
        headline=numbers["headline"],
        revenue=Change(**numbers["revenue"]),
        visits=Change(**numbers["visits"]),
        average_ticket=Change(**numbers["average_ticket"]),
        new_customers=Change(**numbers["new_customers"]),
        returning_share=Change(**numbers["returning_share"]),
        days=tuple(_day(item, currency) for item in numbers["days"]),
        services=tuple(
            ServiceRow(
                name=item["name"],
                quantity=item["quantity"],
                revenue=Money(item["revenue"], currency),
            )
            for item in numbers["services"]
        ),
        states=numbers["states"],
        tasks_made=tasks["made"],
        tasks_done=tasks["done"],
        won_back=tasks["won_back"],
        won_back_revenue=Money(tasks["won_back_revenue"], currency),
        anomalies=tuple(_anomaly(item) for item in numbers["anomalies"]),
        insights=tuple(_insight(item) for item in numbers["insights"]),
        slipping=tuple(_slipping_row(item, currency) for item in numbers["slipping"]),
        reconciled=numbers["cents_off"] == 0 if checked else None,
        cents_off=numbers["cents_off"] if checked else None,
        partial=tuple(numbers["partial"]),
    )


def _day(item: dict[str, Any], currency: str) -> DayPoint:
    return DayPoint(
        local_date=date.fromisoformat(item["day"]),
        visits=item["visits"],
        revenue=Money(item["revenue"], currency),
    )


def _anomaly(item: dict[str, Any]) -> AnomalyRow:
    facts = {name: item[name] for name in ("metric", "observed", "expected", "effect", "q_value")}
    return AnomalyRow(id=UUID(item["id"]), local_date=date.fromisoformat(item["day"]), **facts)


def _insight(item: dict[str, Any]) -> InsightCard:
    return InsightCard(
        id=UUID(item["id"]),
        kind=item["kind"],
        claim=item["claim"],
        business_date=date.fromisoformat(item["day"]),
        prediction=item["prediction"],
        horizon_date=date.fromisoformat(item["horizon"]),
        grade=item["grade"],
        evidence=tuple(Evidence(label=f["label"], value=f["value"]) for f in item["facts"]),
    )


def _slipping_row(item: dict[str, Any], currency: str) -> CustomerRow:
    last = item["last_visit_on"]
    return CustomerRow(
        person_id=UUID(item["person_id"]),
        name=item["name"],
        state=item["state"],
        visits=item["visits"],
        last_visit_on=date.fromisoformat(last) if last else None,
        usual_gap_days=item["usual_gap_days"],
        churn_60=item["churn_60"],
        value_at_risk=Money(item["value_at_risk"], currency),
    )
