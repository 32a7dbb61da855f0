"""The Connections screen: how the data comes in, and whether it is right."""

from __future__ import annotations

from typing import Any, Literal

from myriad.kit.money import Money
from myriad.products.keeper.repository.accounts import AccountFacts, find_account
from myriad.products.keeper.repository.consents import find_newest_consent
from myriad.products.keeper.repository.keys import join_key, moment_part, split_key, uuid_part
from myriad.products.keeper.repository.sql import QUERIES, Row, fetch, find, get
from myriad.products.keeper.views import (
    AgentRow,
    ConnectionCard,
    ConnectionsView,
    CursorRow,
    DriftRow,
    JobProgress,
    ScopeRow,
)
from myriad.scale.data import ReadSession, Session
from myriad.scale.jobs.status import find_job

SCOPES = (
    ("MERCHANT_PROFILE_READ", "Name, currency and locations of the business", True),
    ("CUSTOMERS_READ", "The customer directory", True),
    ("PAYMENTS_READ", "Payments and refunds", True),
    ("ORDERS_READ", "What was sold", True),
    ("ITEMS_READ", "Names of services and articles", True),
    ("EMPLOYEES_READ", "Team members", True),
    ("TIMECARDS_READ", "Working hours", True),
    ("APPOINTMENTS_READ", "Appointments made through this app", True),
    ("APPOINTMENTS_ALL_READ", "All appointments (paid Appointments plan)", True),
    ("APPOINTMENTS_BUSINESS_SETTINGS_READ", "Opening hours and services", True),
)


async def get_connections(session: ReadSession) -> ConnectionsView:
    """Return every connection with its cursors, checks and the agents' last runs."""
    account = await find_account(session)
    currency = account.currency if account else "USD"
    rows = await fetch(session, "list_connections")
    cursors = await fetch(session, "list_cursors")
    health = await get(session, "connection_health")
    drift = await fetch(session, "list_drift")
    job = await _progress(session, account)
    return ConnectionsView(
        currency=currency,
        connections=tuple(_card(row, cursors, health, drift, currency) for row in rows),
        agents=await list_last_runs(session),
        job=job,
    )


async def find_live_job(session: ReadSession) -> JobProgress | None:
    """Return the account's job that waits or runs, or None."""
    job = await _progress(session, await find_account(session))
    return job if job and job.state in ("queued", "running") else None


async def _progress(session: ReadSession, account: AccountFacts | None) -> JobProgress | None:
    consent = await find_newest_consent(session)
    if consent and consent["outcome"] == "failed":
        return _refused(consent)
    job_id = account.job_id if account else None
    if consent and consent["outcome"] == "waiting":
        job_id = consent["job_id"]
    status = await find_job(session, job_id) if job_id else None
    if status is None:
        return None
    return JobProgress(
        job_id=status.id,
        title=_TITLES.get(status.task, status.task),
        state=_job_state(status.state),
        done=status.progress_done or 0,
        total=status.progress_total,
        message=status.message or "",
        started_at=status.started_at,
    )


def _refused(consent: Row) -> JobProgress:
    """A consent that Square did not turn into a permission, told as the job that tried."""
    return JobProgress(
        job_id=consent["job_id"],
        title=_TITLES["keeper.square.connect"],
        state="failed",
        done=0,
        total=None,
        message=consent["message"] or "",
        started_at=consent["created_at"],
    )


def _job_state(state: str) -> Literal["queued", "running", "done", "failed"]:
    if state == "succeeded":
        return "done"
    if state == "running":
        return "running"
    return "failed" if state in ("dead", "cancelled") else "queued"


_TITLES = {
    "keeper.account.sync": "Reading from Square",
    "keeper.account.run": "Looking at your customers",
    "keeper.links.apply": "Joining profiles",
    "keeper.person.erase": "Erasing a person",
    "keeper.square.connect": "Connecting to Square",
    "keeper.square.disconnect": "Giving the permission back to Square",
}


async def list_last_runs(session: ReadSession) -> tuple[AgentRow, ...]:
    """Return the last run of each agent."""
    return tuple(agent_row(row) for row in await fetch(session, "last_agent_runs"))


async def list_merchant_connections(crossing: ReadSession, merchant_id: str) -> list[Row]:
    """Return (tenant_id, id, base_url) of the connections to a seller; needs to cross tenants."""
    connection = await crossing.connection()
    found = await connection.exec_driver_sql(QUERIES["find_merchant"], {"merchant_id": merchant_id})
    return [dict(row) for row in found.mappings()]


async def store_webhook_event(
    session: Session, event_id: str, kind: str, body: dict[str, Any]
) -> bool:
    """Keep a verified event; False when it was here before."""
    stored = await find(session, "store_webhook_event", event_id=event_id, type=kind, body=body)
    return stored is not None


async def list_cursor_rows(
    session: ReadSession, after: str | None, limit: int
) -> tuple[list[CursorRow], str | None]:
    """Return one page of how far each object is read at each location, and the next page's key."""
    name, location, connection_id = split_key(after, 3)
    rows = await fetch(
        session,
        "page_cursors",
        after_object=name,
        after_location=location,
        after_connection=uuid_part(connection_id),
        limit=limit + 1,
    )
    more, rows = len(rows) > limit, rows[:limit]
    last = rows[-1] if more else None
    key = None
    if last:
        key = join_key(last["object"], last["location_ext_id"], last["connection_id"])
    return [_cursor(row) for row in rows], key


def agent_row(row: Row) -> AgentRow:
    """Return a run of an agent as the screens show it."""
    names = AgentRow.__dataclass_fields__
    return AgentRow(**{name: row[name] for name in names})


def _card(
    row: Row, cursors: list[Row], health: Row, drift: list[Row], currency: str
) -> ConnectionCard:
    granted = set(row["scopes"])
    return ConnectionCard(
        id=row["id"],
        provider=row["provider"],
        merchant_id=row["merchant_id"],
        merchant_name=row["merchant_name"],
        status=row["status"],
        connected_at=row["created_at"],
        token_refreshed_at=row["refreshed_at"],
        token_expires_at=row["expires_at"],
        scopes=tuple(
            ScopeRow(name=name, purpose=purpose, granted=name in granted, required=required)
            for name, purpose, required in SCOPES
        ),
        cursors=tuple(_cursor(c) for c in cursors if c["connection_id"] == row["id"]),
        plan_notice=row["plan_flags"].get("notice"),
        notice=row["notice"],
        days_checked=health["days_checked"],
        drift=tuple(
            DriftRow(
                local_date=day["local_date"],
                location=day["location"],
                ours=Money(day["ours"], currency),
                square=Money(day["square"], currency),
            )
            for day in drift
        ),
        quarantined=health["quarantined"],
        webhooks_24_hours=health["webhooks_24_hours"],
        last_webhook_at=health["last_webhook_at"],
    )


def _cursor(row: Row) -> CursorRow:
    return CursorRow(
        object=row["object"],
        location=row["location"] or row["location_ext_id"] or None,
        phase=row["phase"],
        rows=row["rows"],
        share=None,
        last_ok_at=row["last_ok_at"],
        lag_seconds=row["lag_seconds"],
        error=row["error"],
    )


async def list_agent_runs(
    session: ReadSession, after: str | None, limit: int
) -> tuple[list[AgentRow], str | None]:
    """Return one page of agent runs, newest first, and the key of the next page."""
    at, run_id = split_key(after, 2)
    rows = await fetch(
        session,
        "list_agent_runs",
        after_at=moment_part(at),
        after_id=uuid_part(run_id),
        limit=limit + 1,
    )
    more, rows = len(rows) > limit, rows[:limit]
    next_after = join_key(rows[-1]["started_at"], rows[-1]["id"]) if more else None
    return [agent_row(row) for row in rows], next_after
