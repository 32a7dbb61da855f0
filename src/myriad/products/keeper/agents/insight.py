"""The insight agent: makes claims with predictions, and grades those whose horizon has come."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from myriad.products.keeper.agents import claims
from myriad.products.keeper.agents.context import Agent, AgentContext, Outcome
from myriad.products.keeper.repository.accounts import count_customers, get_data_span
from myriad.products.keeper.repository.history import get_digest, know_until
from myriad.products.keeper.repository.preferences import read_preferences
from myriad.products.keeper.repository.sql import Row, execute, execute_many, fetch, get
from myriad.scale.data import ReadSession, Session

Measure = Callable[[ReadSession, dict[str, Any]], Awaitable[float]]


async def _digest(session: ReadSession, context: AgentContext) -> str:
    visits = await get_digest(session, "visits_digest", day=context.day)
    return visits + await get_digest(session, "metrics_digest", day=context.day)


async def _work(context: AgentContext) -> Outcome:
    async with context.writing() as session:
        await know_until(session, context.day)
        graded = await grade_due(session, context.day)
        if await count_customers(session) <= context.settings.minimum_customers:
            return Outcome(0, graded)
        found = await make_claims(session, context.day, context.account.currency)
        for claim in found:
            claims.check_numbers(claim)
        await execute_many(session, "store_insight", [_row(claim, context.day) for claim in found])
    return Outcome(len(found), len(found) + graded)


async def make_claims(session: ReadSession, day: date, currency: str) -> list[claims.Claim]:
    """Return what can be claimed on `day`, each number read from the database."""
    made = [
        claims.slipping(await fetch(session, "slipping_people", day=day), day, currency),
        claims.trend(
            await _between(session, day, 27, 0),
            await _between(session, day, 55, 28),
            [(await _between(session, day, 7 * w + 6, 7 * w))["visits"] for w in range(11, -1, -1)],
            day,
            currency,
            (await read_preferences(session)).open_share(day + timedelta(days=1), 28),
        ),
        claims.quiet_day(
            await fetch(session, "weekday_profile", first=day - timedelta(days=83), last=day), day
        ),
        claims.second_visit(await _cohort(session, day), day),
        await _best_customers(session, day, currency),
    ]
    return [claim for claim in made if claim is not None]


async def grade_due(session: Session, day: date) -> int:
    """Grade every insight whose horizon has come and whose period is in the data."""
    span = await get_data_span(session)
    graded = 0
    for row in await fetch(session, "due_insights", day=day):
        predicted = row["predicted"]
        if span.last_day is None or span.last_day < row["horizon_date"] - timedelta(days=7):
            continue
        measured = await _MEASURES[predicted["measure"]](session, {**predicted, "day": day})
        correct = predicted["low"] <= measured <= predicted["high"]
        outcome = f"It was {_words(predicted['measure'], measured)}."
        await execute(
            session,
            "grade_insight",
            insight_id=row["id"],
            correct=correct,
            outcome=outcome,
            measured=measured,
        )
        graded += 1
    return graded


async def _between(session: ReadSession, day: date, first: int, last: int) -> Row:
    """Return visits, net and people from `first` to `last` days before `day`."""
    return await get(
        session,
        "visits_between",
        day=day,
        first=day - timedelta(days=first),
        last=day - timedelta(days=last),
    )


async def _cohort(session: ReadSession, day: date) -> Row:
    return await get(
        session,
        "second_visit_share",
        day=day,
        first=day - timedelta(days=180),
        last=day - timedelta(days=90),
    )


async def _best_customers(session: ReadSession, day: date, currency: str) -> claims.Claim | None:
    row = await get(session, "top_share", first=day - timedelta(days=364), last=day)
    churn = await fetch(session, "churn_of", day=day, person_ids=row["top_ids"])
    return claims.best_customers(row, [item["churn_90"] for item in churn], day, currency)


async def _returned(session: ReadSession, predicted: dict[str, Any]) -> float:
    row = await get(
        session,
        "returned_between",
        day=predicted["day"],
        first=date.fromisoformat(predicted["first"]),
        last=date.fromisoformat(predicted["last"]),
        person_ids=[UUID(person_id) for person_id in predicted["person_ids"]],
    )
    return float(row["people"])


async def _visits(session: ReadSession, predicted: dict[str, Any]) -> float:
    row = await get(
        session,
        "visits_between",
        day=predicted["day"],
        first=date.fromisoformat(predicted["first"]),
        last=date.fromisoformat(predicted["last"]),
    )
    return float(row["visits"])


async def _weekday_rank(session: ReadSession, predicted: dict[str, Any]) -> float:
    rows = await fetch(
        session,
        "weekday_profile",
        first=date.fromisoformat(predicted["first"]),
        last=date.fromisoformat(predicted["last"]),
    )
    means = {row["weekday"]: row["visits"] for row in rows if row["weekday"] in predicted["open"]}
    own = means[predicted["weekday"]]
    return 1.0 + sum(1 for mean in means.values() if mean < own)


async def _second_visit(session: ReadSession, predicted: dict[str, Any]) -> float:
    row = await get(
        session,
        "second_visit_share",
        day=predicted["day"],
        first=date.fromisoformat(predicted["first"]),
        last=date.fromisoformat(predicted["last"]),
    )
    return row["returned"] / row["people"] if row["people"] else 0.0


_MEASURES: dict[str, Measure] = {
    "returned": _returned,
    "visits": _visits,
    "weekday_rank": _weekday_rank,
    "second_visit": _second_visit,
}


def _words(measure: str, value: float) -> str:
    if measure == "second_visit":
        return f"{value:.0%}"
    if measure == "weekday_rank":
        return f"number {value:.0f} from the quietest"
    return f"{value:,.0f}"


def _row(claim: claims.Claim, day: date) -> dict[str, Any]:
    year, week, _ = day.isocalendar()
    return {
        "day": day,
        "kind": claim.kind,
        "claim": claim.claim,
        "evidence": claim.evidence,
        "predicted": claim.predicted,
        "horizon_date": claim.horizon_date,
        "priority": claim.priority,
        "dedup_key": f"{claim.kind}:{year}-W{week:02d}",
    }


INSIGHT = Agent("insight", 1, _digest, _work)
