"""Running an account's agents."""

from __future__ import annotations

from datetime import date

from myriad.products.keeper.agents.context import AgentContext, AgentReport
from myriad.products.keeper.agents.graph import (
    GraphReport,
    Progress,
    get_agent,
    run_agent,
    run_graph,
)
from myriad.products.keeper.queueing import choose_day
from myriad.products.keeper.repository.accounts import get_account
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.wording.modelled import wording_of
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId


async def open_context(
    runtime: Runtime, tenant_id: TenantId, wanted: date | None = None
) -> AgentContext:
    """Return what agents need to run for an account on a day."""
    async with runtime.database.read_session(tenant_id) as session:
        account = await get_account(session)
        day = await choose_day(session, account, wanted)
    settings = runtime.settings_of(KeeperSettings)
    wording = wording_of(runtime, tenant_id)
    return AgentContext(runtime.database, account, day, settings, wording=wording)


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
