"""Putting an account's work into the queue; imports no agent, so that the API stays light."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

from myriad.products.keeper.agents.context import AGENT_NAMES
from myriad.products.keeper.errors import BusinessDateError, UnknownAgentError
from myriad.products.keeper.repository.accounts import (
    AccountFacts,
    get_account,
    get_data_span,
    set_setting,
)
from myriad.scale.data import ReadSession, Session
from myriad.scale.jobs.enqueue import enqueue

SYNC_TASK, RUN_TASK = "keeper.account.sync", "keeper.account.run"
SyncMode = Literal["increment", "nightly", "full"]
SyncObject = Literal[
    "customers", "team_members", "payments", "refunds", "orders", "bookings", "timecards"
]


async def enqueue_sync(
    session: Session,
    mode: SyncMode = "increment",
    *,
    run: bool = True,
    settle_seconds: float | None = None,
) -> UUID:
    """Queue a sync; one at a time for an account. The nightly one makes way for all others.

    With `run` the agents run after it in any case, without only when their day has not been run.
    With `settle_seconds` it begins that long after the last of several calls.
    """
    job_id = await enqueue(
        session,
        SYNC_TASK,
        {"mode": mode, "run": run},
        dedup_key=f"sync:{mode}:{'run' if run else 'read'}",
        debounce_seconds=settle_seconds,
        job_class="low" if mode == "nightly" else None,
    )
    await set_setting(session, "job_id", str(job_id))
    return job_id


async def enqueue_object_sync(session: Session, name: SyncObject, *, full: bool) -> UUID:
    """Queue reading one kind of object, from the beginning with `full`; the agents run after it."""
    job_id = await enqueue(
        session,
        SYNC_TASK,
        {"mode": "full" if full else "increment", "run": True, "only": name},
        dedup_key=f"sync:{'full' if full else 'increment'}:{name}",
    )
    await set_setting(session, "job_id", str(job_id))
    return job_id


async def enqueue_run(
    session: Session,
    *,
    day: date | None = None,
    agent: str | None = None,
    again: bool = False,
    is_asked: bool = True,
) -> UUID:
    """Queue a run of all agents, or of one; raises UnknownAgentError, BusinessDateError.

    What somebody asked for goes before the daily runs of all accounts, reviews before that.
    """
    if agent is not None and agent not in AGENT_NAMES:
        known = ", ".join(AGENT_NAMES)
        raise UnknownAgentError(f"there is no agent {agent!r}; there are: {known}")
    if day is not None:
        await choose_day(session, await get_account(session), day)
    payload = {"day": day.isoformat() if day else None, "agent": agent, "again": again}
    key = f"run:{agent or 'all'}:{day or 'today'}{':again' if again else ''}"
    job_class = ("high" if agent == "review" else "default") if is_asked else None
    job_id = await enqueue(session, RUN_TASK, payload, dedup_key=key, job_class=job_class)
    await set_setting(session, "job_id", str(job_id))
    return job_id


async def choose_day(session: ReadSession, account: AccountFacts, wanted: date | None) -> date:
    """Return the business date of a run; raises BusinessDateError for one that nobody can answer.

    Without a wish it is the account's present day, or its fixed day for a log of the past.
    """
    if wanted is None:
        return account.as_of or account.today
    if wanted > account.today:
        message = f"{wanted} is still to come; today is {account.today} in {account.timezone}"
        raise BusinessDateError(message, errors=[("/as_of", f"a day up to {account.today}")])
    span = await get_data_span(session)
    if span.first_day and wanted < span.first_day:
        message = f"{wanted} lies before the first payment; choose {span.first_day} or later"
        raise BusinessDateError(message, errors=[("/as_of", f"a day from {span.first_day}")])
    return wanted
