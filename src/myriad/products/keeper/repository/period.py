"""The numbers of a period as plain JSON, computed from what was known on its last day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from myriad.kit.money import Money
from myriad.products.keeper.repository.accounts import AccountFacts
from myriad.products.keeper.repository.columns import VisitColumns, load_visit_columns
from myriad.products.keeper.repository.goals import list_known_paces, paces_json
from myriad.products.keeper.repository.insights import insight_card
from myriad.products.keeper.repository.proof import asked_of_saved, saved_json, saved_of
from myriad.products.keeper.repository.report_parts import (
    anomaly_json,
    insight_json,
    partial_json,
    slipping_json,
)
from myriad.products.keeper.repository.review_months import review_month_json
from myriad.products.keeper.repository.sql import QUERIES, Row, fetch_texts
from myriad.products.keeper.repository.today import anomaly_row
from myriad.products.keeper.repository.visit_figures import people_counts
from myriad.products.keeper.views import AnomalyRow, InsightCard, ReportKind
from myriad.products.keeper.views.preferences import Preferences
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
class _Wanted:
    """The periods that end on one day; `before` is what each is compared with."""

    last: date
    periods: Mapping[ReportKind, date]

    @property
    def own(self) -> list[tuple[date, date]]:
        return [(first, self.last) for first in self.periods.values()]

    @property
    def before(self) -> list[tuple[date, date]]:
        return [period_before(kind, first, self.last) for kind, first in self.periods.items()]


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
    session: ReadSession,
    account: AccountFacts,
    chosen: Preferences,
    wanted: Mapping[date, Mapping[ReportKind, date]],
    seen: date,
) -> dict[date, dict[ReportKind, dict[str, Any]]]:
    """Return the numbers of periods as plain JSON, by last day and kind.

    `wanted` names by last day the first day of each period. No takings and no visits after a last
    day are read; who slips away, and what is missing, stands as the run of `seen` left it. The
    caller has laid down what was known on that day (`history.know_until`). All queries go out
    together.
    """
    days = [_Wanted(last, periods) for last, periods in wanted.items()]
    texts = {name: (QUERIES[name], facts) for name, facts in _asked_of_all(days).items()}
    for day in days:
        asked = _asked_of_day(day, seen).items()
        texts |= {f"{name} {day.last}": (QUERIES[name], facts) for name, facts in asked}
    rows, found, spans, own = await fetch_texts(session, texts), {}, 0, 0
    visits = await load_visit_columns(session, seen)
    for day in days:
        goals = paces_json(await list_known_paces(session, account, day.last, chosen))
        shared = _shared(_of_day(rows, day), account, day.last, goals)
        counts = _counts(rows["period_counts"][spans:], visits, day)
        known = _known(rows, day, shared, counts, own)
        found[day.last] = {
            kind: _numbers(kind, account, known, day, place)
            for place, kind in enumerate(day.periods)
        }
        spans, own = spans + 2 * len(day.own), own + len(day.own)
    return found


def _asked_of_all(days: Sequence[_Wanted]) -> dict[str, dict[str, Any]]:
    """Return the queries that answer for the periods of all days at once."""
    spans = [span for day in days for span in (*day.own, *day.before)]
    own = [span for day in days for span in day.own]
    last = max(day.last for day in days)
    since = min(*(first for first, _ in spans), *(_chart_first(d.last, d.last) for d in days))
    of_own = _columns(own)
    return {
        "known_daily_totals": {"first": since, "last": last},
        "period_counts": _columns(spans),
        "services_between": of_own
        | {"since": min(of_own["firsts"]), "until": last, "limit": _SERVICES},
        "period_insights": of_own,
        "first_sale_day": {},
    }


def _columns(spans: Sequence[tuple[date, date]]) -> dict[str, Any]:
    return {"firsts": [first for first, _ in spans], "lasts": [last for _, last in spans]}


def _asked_of_day(day: _Wanted, seen: date) -> dict[str, dict[str, Any]]:
    """Return the queries that answer for one last day; people stand as the run of `seen` left them."""
    last, firsts = day.last, [first for first, _ in day.own]
    return {
        "list_anomalies": {
            "first": min(firsts),
            "last": last,
            "after_day": None,
            "after_id": None,
            "limit": _ANOMALIES,
        },
        "state_counts": {"day": seen},
        "slipping_most": {"day": seen, "limit": _SLIPPING},
        "review_month": {"day": seen, "month": last.replace(day=1)},
        "unfinished_agents": {"day": seen},
        **asked_of_saved(last.replace(day=1), last),
    }


def _of_day(rows: Mapping[str, list[Row]], day: _Wanted) -> dict[str, list[Row]]:
    """Return the rows of `_asked_of_day` by their queries' names."""
    ending = f" {day.last}"
    return {key.removesuffix(ending): found for key, found in rows.items() if key.endswith(ending)}


def _shared(
    found: Mapping[str, list[Row]], account: AccountFacts, last: date, goals: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return what is the same in every report of a day."""
    return {
        "currency": account.currency,
        "account": account.name,
        "states": {row["state"]: row["people"] for row in found["state_counts"]},
        "slipping": slipping_json(found["slipping_most"]),
        "saved": saved_json(saved_of(found, account, last.replace(day=1), last)),
        "goals": goals,
        "reviews": review_month_json(found["review_month"]),
        "partial": partial_json(found["unfinished_agents"]),
    }


def _counts(rows: Sequence[Row], visits: VisitColumns, day: _Wanted) -> list[Row]:
    """Return what is counted of the day's own periods and of those before, which `rows` begin with."""
    counted = people_counts(visits, [*day.own, *day.before])
    return [row | people for row, people in zip(rows[: len(counted)], counted, strict=True)]


def _known(
    rows: Mapping[str, list[Row]],
    day: _Wanted,
    shared: dict[str, Any],
    counts: list[Row],
    own: int,
) -> _Known:
    """Return what the rows say of a day before whose own periods so many others stand."""
    return _Known(
        days={row["local_date"]: row for row in rows["known_daily_totals"]},
        counts=counts,
        services=[row | {"number": row["number"] - own} for row in rows["services_between"]],
        anomalies=tuple(anomaly_row(row) for row in rows[f"list_anomalies {day.last}"]),
        insights=[
            tuple(insight_card(row) for row in rows["period_insights"] if row["number"] == number)
            for number in range(own + 1, own + 1 + len(day.own))
        ],
        first_day=rows["first_sale_day"][0]["first_day"],
        shared=shared,
    )


def _numbers(
    kind: ReportKind,
    account: AccountFacts,
    known: _Known,
    day: _Wanted,
    place: int,
) -> dict[str, Any]:
    (first, last), (before, before_last) = day.own[place], day.before[place]
    counts, counts_before = known.counts[place], known.counts[len(day.own) + place]
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
        "anomalies": [anomaly_json(row) for row in known.anomalies if row.local_date >= first],
        "insights": [insight_json(card) for card in known.insights[place]],
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
