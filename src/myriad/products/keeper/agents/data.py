"""The data agent: from what Square says to visits.

Reading from Square is the job `keeper.account.sync`; this agent takes what is there.
"""

from __future__ import annotations

from myriad.products.keeper.agents.context import Agent, AgentContext, Outcome
from myriad.products.keeper.repository.history import (
    add_missing_customers,
    count_data,
    get_digest,
    rebuild_visits,
    refresh_statistics,
)
from myriad.products.keeper.repository.identities import apply_components
from myriad.scale.data import ReadSession


async def _digest(session: ReadSession, context: AgentContext) -> str:
    return await get_digest(session, "data_digest", day=context.day)


async def _work(context: AgentContext) -> Outcome:
    async with context.writing() as session:
        await refresh_statistics(session)
        rows = await count_data(session, context.day)
        await add_missing_customers(session)
        persons = await apply_components(session)
        changed = 0 if context.looks_back else await rebuild_visits(session, context.day)
        await refresh_statistics(session)
    return Outcome(rows, persons + changed)


DATA = Agent("data", 1, _digest, _work)
