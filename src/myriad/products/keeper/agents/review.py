"""The review agent: what each review speaks of, whether its words fit its stars, and whose it is.

Sentiment is judged when a review comes in, so that nobody waits for this agent to be told of an
unhappy one; here is what may take longer. A run as of a past day leaves what was found alone and
writes only the months as they were known on that day.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any

from myriad.kit.clock import get_zone
from myriad.products.keeper.agents.context import Agent, AgentContext, AgentSkippedError, Outcome
from myriad.products.keeper.opinions import (
    FoundVisit,
    find_mismatch,
    match_visits,
)
from myriad.products.keeper.repository.history import get_digest
from myriad.products.keeper.repository.review_findings import (
    load_reviews,
    load_visits_near,
    store_examined,
    store_summary,
)
from myriad.products.keeper.repository.sql import Row, get
from myriad.products.keeper.wording import Aspect
from myriad.scale.data import ReadSession

MATCH_WITHIN_DAYS = 60
_COUNT = "reviews"


async def _digest(session: ReadSession, context: AgentContext) -> str:
    reviews = await get(session, "reviews_digest", day=context.day)
    context.shared[_COUNT] = reviews["reviews"]
    if not reviews["reviews"]:
        return ""
    return str(reviews["digest"]) + await get_digest(session, "visits_digest", day=context.day)


async def _work(context: AgentContext) -> Outcome:
    count: int = context.shared[_COUNT]
    if not count:
        raise AgentSkippedError("There are no reviews yet; connect Google or import a file.")
    found: list[dict[str, Any]] = [] if context.looks_back else await _examine(context)
    async with context.writing() as session:
        changed = await store_examined(session, found)
        months = await store_summary(session, context.day, day_end(context))
    return Outcome(len(found) or count, changed + months)


async def _examine(context: AgentContext) -> list[dict[str, Any]]:
    async with context.reading() as session:
        reviews = await load_reviews(session, context.day)
        if not reviews:
            return []
        first = reviews[0]["local_date"] - timedelta(days=MATCH_WITHIN_DAYS)
        visits = await load_visits_near(session, first, context.day)
    matches = await asyncio.to_thread(match_visits, reviews, visits)
    aspects = await context.wording.aspects([review["text"] for review in reviews])
    return [
        describe(review, spoken, match)
        for review, spoken, match in zip(reviews, aspects, matches, strict=True)
    ]


def describe(review: Row, aspects: tuple[Aspect, ...], match: FoundVisit | None) -> dict[str, Any]:
    """Return what was found about one review as it is stored."""
    return {
        "id": review["id"],
        "mismatch": find_mismatch(review["stars"], review["p_negative"], review["text"]),
        "aspects": [asdict(aspect) for aspect in aspects],
        "person_id": match.person_id if match else None,
        "visit_date": match.visited_on if match else None,
        "match_p": match.probability if match else None,
        "match_reason": {"reasons": list(match.reasons)} if match else {},
    }


def day_end(context: AgentContext) -> datetime:
    """Return the moment at which the business date ends in the account's zone."""
    following: date = context.day + timedelta(days=1)
    return datetime.combine(following, time(), get_zone(context.account.timezone))


REVIEW = Agent("review", 1, _digest, _work)
