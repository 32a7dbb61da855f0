"""The numbers of a period as plain JSON, computed from what was known on its last day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from myriad.kit.money import Money
from myriad.products.keeper.repository.accounts import AccountFacts, find_first_sale_day
from myriad.products.keeper.repository.goals import list_known_paces, paces_json
from myriad.products.keeper.repository.insights import list_period_insights
from myriad.products.keeper.repository.proof import get_saved, saved_json
from myriad.products.keeper.repository.review_months import find_review_month
from myriad.products.keeper.repository.sql import Row, fetch
from myriad.products.keeper.repository.today import list_anomalies
from myriad.products.keeper.views import AnomalyRow, InsightCard, ReportKind
from myriad.scale.data import ReadSession

_SERVICES, _SLIPPING, _ANOMALIES = 8, 8, 10
_CHART_DAYS = 31
_TASKS = ("made", "done", "won_back", "won_back_revenue")
BEFORE: dict[ReportKind, str] = {
    "daily": "the day before",
    "weekly": "the same days of the week before",
    "monthly": "the same days of the month before",
}


@dataclass(frozen=True, slots=True)
class _Known:
    """What several periods up to the same day are made of, read once for all of them."""

    days: dict[date, Row]
    counts: list[Row]
    services: list[Row]
    anomalies: tuple[AnomalyRow, ...]
    insights: list[tuple[InsightCard, ...]]
    first_day: date | None
    shared: dict[str, Any]


async def compute_numbers(
    session: ReadSession, account: AccountFacts, periods: Mapping[ReportKind, date], last: date
) -> dict[ReportKind, dict[str, Any]]:
    """Return the numbers of the periods from the given days to `last` as plain JSON, by kind.

    Reads nothing after `last`. The caller has laid down what was known then
    (`history.know_until`).
    """
    spans = [(first, last) for first in periods.values()]
    spans += [period_before(kind, first, last) for kind, first in periods.items()]
    known = await _read(session, account, spans, len(periods), last)
    return {
        kind: _numbers(kind, account, known, spans, place) for place, kind in enumerate(periods)
    }


async def _read(
    session: ReadSession,
    account: AccountFacts,
    spans: Sequence[tuple[date, date]],
    periods: int,
    last: date,
) -> _Known:
    firsts, lasts = [first for first, _ in spans], [end for _, end in spans]
    own = firsts[:periods]
    since = min(*firsts, _chart_first(last, last))
    days = await fetch(session, "known_daily_totals", first=since, last=last)
    anomalies, _ = await list_anomalies(session, min(own), last, None, _ANOMALIES)
    return _Known(
        days={row["local_date"]: row for row in days},
        counts=await fetch(
            session, "period_counts", firsts=firsts, lasts=lasts, since=since, until=last
        ),
        services=await fetch(
            session,
            "services_between",
            firsts=own,
            lasts=lasts[:periods],
            since=min(own),
            until=last,
            limit=_SERVICES,
        ),
        anomalies=anomalies,
        insights=await list_period_insights(session, own, last),
        first_day=await find_first_sale_day(session),
        shared=await _shared(session, account, last),
    )


async def _shared(session: ReadSession, account: AccountFacts, last: date) -> dict[str, Any]:
    """Return what is the same in every report of a day."""
    states = await fetch(session, "state_counts", day=last)
    return {
        "currency": account.currency,
        "account": account.name,
        "states": {row["state"]: row["people"] for row in states},
        "slipping": await _slipping(session, last),
        "saved": saved_json(await get_saved(session, account, last.replace(day=1), last)),
        "goals": paces_json(await list_known_paces(session, account, last)),
        "reviews": await find_review_month(session, last),
        "partial": await _partial(session, last),
    }


def _numbers(
    kind: ReportKind,
    account: AccountFacts,
    known: _Known,
    spans: Sequence[tuple[date, date]],
    place: int,
) -> dict[str, Any]:
    (first, last), (before, before_last) = spans[place], spans[len(spans) // 2 + place]
    counts, counts_before = known.counts[place], known.counts[len(spans) // 2 + place]
    has_before = known.first_day is not None and known.first_day <= before
    numbers: dict[str, Any] = {
        **known.shared,
        **_changes(
            _sum(known, first, last) | counts,
            _sum(known, before, before_last) | counts_before if has_before else None,
        ),
        "days": _chart(known, first, last),
        "services": [
            {name: row[name] for name in ("name", "quantity", "revenue")}
            for row in known.services
            if row["number"] == place + 1
        ],
        "tasks": {name: int(counts[name]) for name in _TASKS},
        "anomalies": [_anomaly_json(row) for row in known.anomalies if row.local_date >= first],
        "insights": [_insight_json(card) for card in known.insights[place]],
        "days_checked": counts["days_checked"],
        "cents_off": counts["cents_off"],
    }
    numbers["headline"] = _headline(kind, numbers, account.currency)
    return numbers


def _sum(known: _Known, first: date, last: date) -> Row:
    """Return revenue, visits and sales from `first` to `last`."""
    rows = [row for day, row in known.days.items() if first <= day <= last]
    return {name: sum(row[name] for row in rows) for name in ("revenue", "visits", "sales")}


def _chart(known: _Known, first: date, last: date) -> list[dict[str, Any]]:
    since = _chart_first(first, last)
    return [
        {"day": day.isoformat(), "visits": row["visits"], "revenue": row["revenue"]}
        for day, row in known.days.items()
        if since <= day <= last
    ][-_CHART_DAYS:]


def _chart_first(first: date, last: date) -> date:
    return min(first, last - timedelta(days=13))


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
    span = {"daily": "", "weekly": " this week", "monthly": " this month"}[kind]
    text = f"{money} from {visits:,} visit{'' if visits == 1 else 's'}{span}"
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
