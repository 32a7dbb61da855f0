"""The data agent: from what Square says to visits.

Reading from Square is the job `keeper.account.sync`; this agent takes what is there.
"""

from __future__ import annotations

from myriad.products.keeper.agents.context import Agent, AgentContext, Outcome
from myriad.products.keeper.repository.history import (
    add_missing_customers,
    count_data,
    get_digest,
    refresh_statistics,
)
from myriad.products.keeper.repository.identities import find_since, refresh_components
from myriad.products.keeper.repository.notes import drop_note, find_note, know_notes
from myriad.products.keeper.repository.sql import fetch
from myriad.products.keeper.repository.visits import refresh_visits
from myriad.scale.data import ReadSession

# So many new rows may change how the next agents are best answered.
_MANY_ROWS = 500
_NOTES = ["visits", "persons"]


async def _digest(session: ReadSession, context: AgentContext) -> str:
    return await get_digest(session, "data_digest", day=context.day)


async def _work(context: AgentContext) -> Outcome:
    async with context.writing() as session:
        know_notes(session, _NOTES, await fetch(session, "agent_notes", agents=_NOTES))
        is_new = await find_note(session, "visits") is None
        await refresh_statistics(session, is_new=is_new)
        rows = await count_data(session)
        await add_missing_customers(session, await find_since(session, context.day))
        applied = await refresh_components(session, context.day)
        changed = 0
        if not context.looks_back:
            changed = await refresh_visits(session, context.day, applied.moved)
        elif applied.moved:
            await drop_note(session, "visits")
        if is_new or changed > _MANY_ROWS:
            await refresh_statistics(session, is_new=is_new)
    return Outcome(rows, applied.persons + changed)


DATA = Agent("data", 1, _digest, _work)
