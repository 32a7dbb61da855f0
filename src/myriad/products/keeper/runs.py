"""Running an account's agents and putting that into the queue."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

from myriad.products.keeper.agents.context import AgentContext, AgentReport
from myriad.products.keeper.agents.graph import (
    GraphReport,
    Progress,
    get_agent,
    run_agent,
    run_graph,
)
from myriad.products.keeper.errors import BusinessDateError
from myriad.products.keeper.repository.accounts import (
    AccountFacts,
    get_account,
    get_data_span,
    set_setting,
)
from myriad.products.keeper.settings import KeeperSettings
from myriad.scale.data import ReadSession, Session
from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId

SYNC_TASK, RUN_TASK = "keeper.account.sync", "keeper.account.run"
SyncMode = Literal["increment", "nightly", "full"]


async def enqueue_sync(
    session: Session, mode: SyncMode = "increment", *, settle_seconds: float | None = None
) -> UUID:
    """Queue a sync, after which the agents run; one at a time for an account.

    With `settle_seconds` it begins that long after the last of several calls.
    """
    job_id = await enqueue(
        session,
        SYNC_TASK,
        {"mode": mode},
        dedup_key=f"sync:{mode}",
        debounce_seconds=settle_seconds,
    )
    await set_setting(session, "job_id", str(job_id))
    return job_id


async def enqueue_run(
    session: Session, *, day: date | None = None, agent: str | None = None, again: bool = False
) -> UUID:
    """Queue a run of all agents, or of one; raises UnknownAgentError, BusinessDateError."""
    if agent is not None:
        get_agent(agent)
    if day is not None:
        await choose_day(session, await get_account(session), day)
    payload = {"day": day.isoformat() if day else None, "agent": agent, "again": again}
    key = f"run:{agent or 'all'}:{day or 'today'}"
    job_id = await enqueue(session, RUN_TASK, payload, dedup_key=key)
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


async def open_context(
    runtime: Runtime, tenant_id: TenantId, wanted: date | None = None
) -> AgentContext:
    """Return what agents need to run for an account on a day."""
    async with runtime.database.read_session(tenant_id) as session:
        account = await get_account(session)
        day = await choose_day(session, account, wanted)
    return AgentContext(runtime.database, account, day, runtime.settings_of(KeeperSettings))


async def run_account(
    runtime: Runtime,
    tenant_id: TenantId,
    wanted: date | None = None,
    *,
    again: bool = False,
    progress: Progress | None = None,
) -> GraphReport:
    """Run every agent of an account now."""
    context = await open_context(runtime, tenant_id, wanted)
    if progress is None:
        return await run_graph(context, again=again)
    return await run_graph(context, again=again, progress=progress)


async def run_one(
    runtime: Runtime, tenant_id: TenantId, name: str, wanted: date | None, *, again: bool
) -> AgentReport:
    """Run one agent of an account now."""
    return await run_agent(get_agent(name), await open_context(runtime, tenant_id, wanted), again)
