"""The insight agent: makes claims with predictions, and grades those whose horizon has come."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from myriad.products.keeper.agents import claims
from myriad.products.keeper.agents.context import Agent, AgentContext, Outcome
from myriad.products.keeper.agents.grading import asked_of_reach, grade_due, reach_of
from myriad.products.keeper.notify import Notice, raise_notice
from myriad.products.keeper.repository.columns import load_visit_columns
from myriad.products.keeper.repository.history import get_digest, know_until
from myriad.products.keeper.repository.muting import judge_kinds, list_muted_kinds
from myriad.products.keeper.repository.preferences import preferences_from
from myriad.products.keeper.repository.proof import measure_assignments
from myriad.products.keeper.repository.sql import Row, execute_rows, fetch, fetch_all
from myriad.products.keeper.repository.visit_figures import second_visits, top_share
from myriad.products.keeper.views.insights import URGENT_FROM
from myriad.products.keeper.wording import Wording
from myriad.scale.data import ReadSession, Session

_TREND_DAYS = 84
# Where a kind is dealt with, when that is not among the insights.
_PLACES = {"slipping_regulars": "/keeper/today"}


async def _digest(session: ReadSession, context: AgentContext) -> str:
    visits = await get_digest(session, "visits_digest", day=context.day)
    return visits + await get_digest(session, "metrics_digest", day=context.day)


async def _work(context: AgentContext) -> Outcome:
    day = context.day
    async with context.writing() as session:
        await know_until(session, day)
        whole = context.account.last_whole(day)
        read = await fetch_all(session, {**asked_of_reach(), **_asked(day, whole)})
        reach = reach_of(read, day)
        graded = await grade_due(session, day, reach)
        if not context.looks_back:
            graded += await measure_assignments(session, day, reach)
            await judge_kinds(session, day)
        if read["count_customers"][0]["people"] <= context.settings.minimum_customers:
            return Outcome(0, graded)
        made = await _claims(session, read, day, whole, context.account.currency)
    # No transaction is open while a model words the claims.
    found = await _worded(made, context.wording)
    async with context.writing() as session:
        muted = await list_muted_kinds(session)
        kept = [claim for claim in found if claim.kind not in muted]
        await execute_rows(session, "store_insights", [_row(claim, day) for claim in kept], day=day)
        if not context.looks_back:
            await _tell(session, kept, day)
    return Outcome(len(found), len(kept) + graded)


async def _worded(found: Sequence[claims.Claim], wording: Wording) -> list[claims.Claim]:
    """Return the claims as the wording phrases them, every number held against the evidence."""
    for claim in found:
        claims.check_numbers(claim)
    said = await asyncio.gather(*(wording.phrase(claim.claim, claim.evidence) for claim in found))
    return [_founded(claim, text) for claim, text in zip(found, said, strict=True)]


def _founded(claim: claims.Claim, text: str) -> claims.Claim:
    """Return the claim in these words, or in its own when they hold another number."""
    worded = replace(claim, claim=text)
    try:
        claims.check_numbers(worded)
    except claims.UnfoundedClaimError:
        return claim
    return worded


async def _tell(session: Session, found: Sequence[claims.Claim], day: date) -> None:
    """Bring urgent insights to open pages and mailboxes, once each."""
    for claim in found:
        if claim.priority >= URGENT_FROM:
            notice = Notice(
                kind="urgent_insight",
                dedup_key=f"insight:{_key(claim, day)}",
                level="high",
                title=claim.claim,
                detail=claim.predicted["sentence"],
                href=_PLACES.get(claim.kind, "/keeper/insights"),
            )
            await raise_notice(session, notice)


def _asked(day: date, whole: date) -> dict[str, dict[str, Any]]:
    """Return the queries that claims rest on beside the visits: they go out together."""
    return {
        "count_customers": {},
        "slipping_people": {"day": day},
        "visit_days": {"first": whole - timedelta(days=_TREND_DAYS - 1), "last": whole},
        "read_preferences": {},
    }


async def _claims(
    session: ReadSession,
    read: Mapping[str, Sequence[Row]],
    day: date,
    whole: date,
    currency: str,
) -> list[claims.Claim]:
    """Return what there is to claim on `day`; weeks and weekdays end with the last `whole` day."""
    visits = await load_visit_columns(session, day)
    days = read["visit_days"]
    newcomers = second_visits(visits, day - timedelta(days=180), day - timedelta(days=90))
    best = top_share(visits, day - timedelta(days=364), day)
    churn = await fetch(session, "churn_of", day=day, person_ids=best["top_ids"])
    made = [
        claims.slipping(read["slipping_people"], day, currency),
        claims.trend(
            _between(days, whole, 27, 0),
            _between(days, whole, 55, 28),
            [_between(days, whole, 7 * w + 6, 7 * w)["visits"] for w in range(11, -1, -1)],
            day,
            currency,
            preferences_from(read["read_preferences"]).open_share(day + timedelta(days=1), 28),
        ),
        claims.quiet_day(_weekdays(days), day),
        claims.second_visit(newcomers, day),
        claims.best_customers(best, [row["churn_90"] for row in churn], day, currency),
    ]
    return [claim for claim in made if claim is not None]


def _between(days: Sequence[Row], day: date, first: int, last: int) -> Row:
    """Return visits and net from `first` to `last` days before `day`."""
    since, until = day - timedelta(days=first), day - timedelta(days=last)
    own = [row for row in days if since <= row["local_date"] <= until]
    return {name: sum(row[name] for row in own) for name in ("visits", "net")}


def _weekdays(days: Sequence[Row]) -> list[Row]:
    """Return visits of each weekday (1 is Monday) over the twelve weeks that `days` are."""
    totals = dict.fromkeys(range(1, 8), 0)
    for row in days:
        totals[row["local_date"].isoweekday()] += row["visits"]
    weeks = _TREND_DAYS // 7
    return [
        {"weekday": weekday, "visits": total / weeks, "total": total, "days": weeks}
        for weekday, total in totals.items()
    ]


def _row(claim: claims.Claim, day: date) -> dict[str, Any]:
    return {
        "kind": claim.kind,
        "claim": claim.claim,
        "evidence": claim.evidence,
        "predicted": claim.predicted,
        "horizon_date": claim.horizon_date,
        "priority": claim.priority,
        "dedup_key": _key(claim, day),
    }


def _key(claim: claims.Claim, day: date) -> str:
    """Return what makes a claim the same claim: its kind and the week."""
    year, week, _ = day.isocalendar()
    return f"{claim.kind}:{year}-W{week:02d}"


INSIGHT = Agent("insight", 3, _digest, _work)
