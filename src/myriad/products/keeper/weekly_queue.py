"""Putting the week's work into the queue; imports no search, so that the API stays light."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from myriad.kit.clock import utc_now
from myriad.scale.data import Session
from myriad.scale.jobs.enqueue import enqueue

WEEK_TASK, NETWORK_TASK = "keeper.account.week", "keeper.network.publish"
LEND_TASK = "keeper.network.lend"


def this_week() -> date:
    """Return the Monday of the present week in UTC, by which the network's figures are published."""
    today = utc_now().date()
    return today - timedelta(days=today.weekday())


async def enqueue_week(session: Session) -> UUID:
    """Queue the account's week: patterns, trends, and what it lends."""
    return await enqueue(session, WEEK_TASK, {}, dedup_key="week")


async def enqueue_lending(session: Session) -> UUID:
    """Queue lending the account's figures now, because it has just joined."""
    return await enqueue(session, LEND_TASK, {}, dedup_key="lend", job_class="high")


async def enqueue_network(session: Session, week: date) -> UUID:
    """Queue the publication of the network's figures; only the first of a week has work to do."""
    return await enqueue(session, NETWORK_TASK, {}, dedup_key=f"network:{week}")
