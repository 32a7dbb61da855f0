"""The Today screen."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from myriad.kit.clock import utc_now
from myriad.kit.money import Money
from myriad.products.keeper.repository.accounts import AccountFacts, get_account
from myriad.products.keeper.repository.goals import list_paces
from myriad.products.keeper.repository.keys import date_part, join_key, split_key, uuid_part
from myriad.products.keeper.repository.proof import get_recent_saved
from myriad.products.keeper.repository.sql import Row, fetch, get
from myriad.products.keeper.repository.tasks import count_tasks, list_cards
from myriad.products.keeper.settings import MINIMUM_CUSTOMERS
from myriad.products.keeper.views import (
    AnomalyRow,
    Change,
    Freshness,
    Notice,
    TodayView,
    WeekPoint,
)
from myriad.scale.data import ReadSession

_ANOMALY_DAYS = 28
_LATE_AFTER = timedelta(days=1)
_CONNECTIONS = "/keeper/connections"


async def get_today(session: ReadSession, minimum_customers: int = MINIMUM_CUSTOMERS) -> TodayView:
    """Return what the owner should know and do now; raises NoAccountError.

    Up to `minimum_customers` nothing is said about who slips away.
    """
    account = await get_account(session)
    people = await get(session, "today_people", day=account.day)
    changes = await get(session, "changes", day=account.day)
    health = await get(session, "today_health")
    tasks = await list_cards(session, account)
    done, snoozed = await count_tasks(session, account)
    currency = account.currency
    return TodayView(
        business_date=account.business_date,
        currency=currency,
        customers=people["customers"],
        enough_history=people["customers"] > minimum_customers and not people["is_too_thin"],
        slipping=people["slipping"],
        slipping_value=Money(people["slipping_value"], currency),
        value_at_risk=Money(sum(task.value_at_risk.minor for task in tasks), currency),
        freshness=_freshness(account, health),
        tasks=tasks,
        done_today=done,
        snoozed=snoozed,
        weeks=await _weeks(session, account),
        revenue_28_days=_change(changes, "revenue", account.day, 56),
        visits_28_days=_change(changes, "visits", account.day, 56),
        active_customers=_change(changes, "people", account.day, 180),
        booked_ahead=(await get(session, "booked_ahead", day=account.day))["people"],
        anomalies=await list_recent_anomalies(session, account.day),
        notices=await list_notices(session, health),
        is_measured=await _is_measured(session),
        saved=await get_recent_saved(session, account),
        goals=await list_paces(session, account),
    )


async def _is_measured(session: ReadSession) -> bool:
    """Tell whether the analysis has ended, so that silence means that nobody is slipping."""
    rows = await fetch(session, "last_agent_runs")
    return any(row["agent"] == "analysis" and row["state"] != "running" for row in rows)


async def list_recent_anomalies(
    session: ReadSession, last: date, days: int = _ANOMALY_DAYS
) -> tuple[AnomalyRow, ...]:
    """Return the unusual days of the last `days` up to `last`, newest first."""
    rows, _ = await list_anomalies(session, last - timedelta(days=days - 1), last, None, 10)
    return rows


async def list_anomalies(
    session: ReadSession, first: date, last: date, after: str | None, limit: int
) -> tuple[tuple[AnomalyRow, ...], str | None]:
    """Return one page of unusual days, newest first, and the key of the next page."""
    day, row_id = split_key(after, 2)
    rows = await fetch(
        session,
        "list_anomalies",
        first=first,
        last=last,
        after_day=date_part(day),
        after_id=uuid_part(row_id),
        limit=limit + 1,
    )
    more = len(rows) > limit
    shown = tuple(anomaly_row(row) for row in rows[:limit])
    return shown, join_key(shown[-1].local_date, shown[-1].id) if more else None


def anomaly_row(row: Row) -> AnomalyRow:
    """Return a row of the table as the screens show it."""
    return AnomalyRow(
        id=UUID(str(row["id"])),
        local_date=row["local_date"],
        metric=row["metric"],
        observed=row["observed"],
        expected=row["expected"],
        effect=row["effect"],
        q_value=row["q_value"],
    )


async def list_notices(session: ReadSession, health: Row) -> tuple[Notice, ...]:
    """Return what is wrong with the data, the gravest first."""
    found = [
        notice
        for row in await fetch(session, "connection_notices")
        for notice in _connection_notices(row)
    ]
    if health["days_off"]:
        found.append(
            Notice(
                level="danger",
                title="Totals differ from Square",
                detail=f"{health['days_off']} closed days do not agree to the cent.",
                action_label="See the days",
                action_href=_CONNECTIONS,
            )
        )
    if health["quarantined"]:
        found.append(
            Notice(
                level="info",
                title="Some objects were set aside",
                detail=f"{health['quarantined']} objects from Square make no sense and "
                "are counted nowhere.",
                action_label="See them",
                action_href=_CONNECTIONS,
            )
        )
    found += await _failed_agents(session)
    order = {"danger": 0, "warning": 1, "info": 2}
    return tuple(sorted(found, key=lambda notice: order[notice.level]))


def _connection_notices(row: Row) -> list[Notice]:
    if row["status"] == "revoked":
        return [
            Notice(
                level="danger",
                title="Square access was revoked",
                detail="Your data stays, nothing new is read until you connect again.",
                action_label="Connect again",
                action_href=_CONNECTIONS,
            )
        ]
    if row["status"] == "error":
        return [
            Notice(
                level="danger",
                title="Square cannot be read",
                detail=row["notice"] or "The last sync failed.",
                action_label="See the connection",
                action_href=_CONNECTIONS,
            )
        ]
    if row["notice"]:
        return [Notice(level="warning", title="About your Square plan", detail=row["notice"])]
    return []


async def _failed_agents(session: ReadSession) -> list[Notice]:
    rows = await fetch(session, "last_agent_runs")
    return [
        Notice(
            level="warning",
            title=f"The {row['agent']} agent did not finish",
            detail=f"{row['error'] or 'It failed.'} What you see is what the others found.",
        )
        for row in rows
        if row["state"] in ("failed", "partial")
    ]


async def _weeks(session: ReadSession, account: AccountFacts) -> tuple[WeekPoint, ...]:
    rows = await fetch(session, "weeks", day=account.day)
    points = [
        WeekPoint(
            week_start=row["week_start"],
            visits=row["visits"],
            revenue=Money(row["revenue"], account.currency),
        )
        for row in rows
    ]
    first = next((place for place, point in enumerate(points) if point.visits), len(points))
    return tuple(points[first:])


def _freshness(account: AccountFacts, health: Row) -> Freshness:
    last = health["last_sync_at"]
    if health["backfills"]:
        stage = "syncing"
    elif last is None:
        stage = "never"
    else:
        stage = "late" if utc_now() - last > _LATE_AFTER else "fresh"
    return Freshness(stage=stage, last_sync_at=last, business_date=account.business_date)  # type: ignore[arg-type]


def _change(row: Row, what: str, day: date, needs_days: int) -> Change:
    first = row["first_day"]
    known = first is not None and (day - first).days >= needs_days
    before = float(row[f"{what}_before"]) if known else None
    return Change(now=float(row[f"{what}_now"]), before=before)
