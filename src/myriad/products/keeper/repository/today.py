"""The Today screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from myriad.kit.clock import utc_now
from myriad.kit.money import Money
from myriad.products.keeper.repository.accounts import AccountFacts, get_account
from myriad.products.keeper.repository.goals import list_paces
from myriad.products.keeper.repository.keys import date_part, join_key, split_key, uuid_part
from myriad.products.keeper.repository.preferences import preferences_from
from myriad.products.keeper.repository.proof import asked_of_saved, recent_days, saved_of
from myriad.products.keeper.repository.sql import QUERIES, Row, fetch, fetch_texts
from myriad.products.keeper.repository.tasks import cards_from, counted_tasks, open_cards
from myriad.products.keeper.repository.today_notices import today_notices
from myriad.products.keeper.settings import MINIMUM_CUSTOMERS
from myriad.products.keeper.views import (
    AnomalyRow,
    Change,
    Freshness,
    TodayView,
    WeekPoint,
)
from myriad.scale.data import ReadSession

_ANOMALY_DAYS, _ANOMALIES = 28, 10
_WEEKS = 26
# A comparison speaks of a time before only when the account already had customers then.
_NEEDS_DAYS = {"revenue": 56, "visits": 56, "people": 180}
_LATE_AFTER = timedelta(days=1)
# Each has one row whatever there is, and columns of its own.
_FIGURES = (
    "today_people",
    "active_people",
    "today_health",
    "task_counts",
    "booked_ahead",
    "waiting_assignments",
)
_FIGURES_SQL = "SELECT * FROM " + ", ".join(  # noqa: S608 - our own queries
    f"(\n{QUERIES[name]}\n) AS {name}" for name in _FIGURES
)


async def get_today(session: ReadSession, minimum_customers: int = MINIMUM_CUSTOMERS) -> TodayView:
    """Return what the owner should know and do now; raises NoAccountError.

    Up to `minimum_customers` nothing is said about who slips away.
    """
    account = await get_account(session)
    found = await _fetch(session, _asked(account))
    people, currency = found["today_people"][0], account.currency
    changes = _changes(found, account)
    health, runs = found["today_health"][0], found["last_agent_runs"]
    tasks, counted = cards_from(found["task_cards"], account), found["task_counts"][0]
    chosen = preferences_from(found["read_preferences"])
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
        done_today=int(counted["done_today"]),
        snoozed=int(counted["snoozed"]),
        weeks=_weeks(found["business_weeks"], account),
        revenue_28_days=changes["revenue"],
        visits_28_days=changes["visits"],
        active_customers=changes["people"],
        booked_ahead=found["booked_ahead"][0]["people"],
        anomalies=tuple(anomaly_row(row) for row in found["list_anomalies"]),
        notices=today_notices(health, found["connection_notices"], runs),
        is_measured=_is_measured(runs),
        last_whole_day=account.last_whole(account.day),
        saved=saved_of(found, account, *recent_days(account)),
        goals=await list_paces(session, account, chosen),
    )


async def _fetch(
    session: ReadSession, asked: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[Row]]:
    """Return the rows of every query; those that always have one row are asked as one."""
    figures = {name: value for query in _FIGURES for name, value in asked[query].items()}
    texts = {
        query: (QUERIES[query], values) for query, values in asked.items() if query not in _FIGURES
    }
    found = await fetch_texts(session, {"figures": (_FIGURES_SQL, figures), **texts})
    return {**found, **dict.fromkeys(_FIGURES, found["figures"])}


def _asked(account: AccountFacts) -> dict[str, dict[str, Any]]:
    """Return every query of the screen: they go out together."""
    day, whole = account.day, account.last_whole(account.day)
    return {
        "today_people": {"day": day},
        "business_weeks": {"day": day, "whole": whole, "monday": _first_monday(day)},
        "active_people": {"whole": whole},
        "today_health": {},
        "task_cards": open_cards(account),
        "task_counts": counted_tasks(account),
        "booked_ahead": {"day": day},
        "list_anomalies": {
            "first": day - timedelta(days=_ANOMALY_DAYS - 1),
            "last": day,
            "after_day": None,
            "after_id": None,
            "limit": _ANOMALIES,
        },
        "connection_notices": {},
        "last_agent_runs": {},
        "read_preferences": {},
        **asked_of_saved(*recent_days(account)),
    }


def _is_measured(runs: Sequence[Row]) -> bool:
    """Tell whether the analysis has ended, so that silence means that nobody is slipping."""
    return any(row["agent"] == "analysis" and row["state"] != "running" for row in runs)


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


def _first_monday(day: date) -> date:
    """Return the Monday from which the screen's weeks run."""
    first = day - timedelta(weeks=_WEEKS - 1)
    return first - timedelta(days=first.weekday())


def _weeks(rows: Sequence[Row], account: AccountFacts) -> tuple[WeekPoint, ...]:
    """Return every week up to the account's day, from the first with a visit."""
    known, monday = {row["week"]: row for row in rows}, _first_monday(account.day)
    first = min((week for week, row in known.items() if row["visits"]), default=_WEEKS)
    return tuple(
        WeekPoint(
            week_start=monday + timedelta(weeks=week),
            visits=known[week]["visits"] if week in known else 0,
            revenue=Money(known[week]["revenue"] if week in known else 0, account.currency),
        )
        for week in range(first, _WEEKS)
    )


def _freshness(account: AccountFacts, health: Row) -> Freshness:
    last = health["last_sync_at"]
    if health["backfills"]:
        stage = "syncing"
    elif last is None:
        stage = "never"
    else:
        stage = "late" if utc_now() - last > _LATE_AFTER else "fresh"
    return Freshness(stage=stage, last_sync_at=last, business_date=account.business_date)  # type: ignore[arg-type]


def _changes(found: Mapping[str, Sequence[Row]], account: AccountFacts) -> dict[str, Change]:
    """Return takings and visits of 28 days and people of 90 against those before."""
    people, weeks = found["active_people"][0], found["business_weeks"]
    first_day = people["first_day"]
    seen_days = (account.day - first_day).days if first_day else -1
    names = ("revenue", "visits")
    pairs = {
        name: tuple(sum(week[f"{name}_{when}"] for week in weeks) for when in ("now", "before"))
        for name in names
    }
    pairs["people"] = (people["people_now"], people["people_before"])
    return {
        name: Change(
            now=float(now), before=float(before) if seen_days >= _NEEDS_DAYS[name] else None
        )
        for name, (now, before) in pairs.items()
    }
