"""Reports: computed once, stored as numbers with a digest, shown from there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from myriad.kit.errors import NotFoundError
from myriad.kit.money import Money
from myriad.products.keeper.repository.goals import paces_from
from myriad.products.keeper.repository.keys import date_part, join_key, split_key, uuid_part
from myriad.products.keeper.repository.proof import saved_from
from myriad.products.keeper.repository.report_parts import undone_work
from myriad.products.keeper.repository.review_months import review_month_from
from myriad.products.keeper.repository.sql import Row, execute_rows, fetch, find
from myriad.products.keeper.views import (
    AnomalyRow,
    Change,
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


async def store_reports(
    session: Session, last: date, firsts: Mapping[ReportKind, date], found: Mapping[ReportKind, Any]
) -> int:
    """Keep the reports up to `last`; return how many have numbers that were not known."""
    rows = [
        {
            "kind": kind,
            "period_start": firsts[kind],
            "period_end": last,
            "numbers": numbers,
            "digest": digest_of(numbers),
        }
        for kind, numbers in found.items()
    ]
    return await execute_rows(session, "store_reports", rows)


def digest_of(numbers: dict[str, Any]) -> str:
    """Return the SHA-256 of the numbers in canonical JSON."""
    text = json.dumps(numbers, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


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
        saved=saved_from(numbers.get("saved"), currency),
        goals=paces_from(numbers.get("goals", ())),
        reviews=review_month_from(numbers.get("reviews")),
        reconciled=numbers["cents_off"] == 0 if checked else None,
        cents_off=numbers["cents_off"] if checked else None,
        partial=tuple(undone_work(item) for item in numbers["partial"]),
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
