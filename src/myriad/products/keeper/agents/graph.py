"""The agents as a graph: data, matching, {analysis, employee, review}, insight, report.

Each agent runs once for (account, agent, business date, digest of its inputs), within its own time
limit. One that fails leaves the others their turn: the result is partial and says so.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from myriad.kit.errors import MyriadError
from myriad.products.keeper.agents.analysis import ANALYSIS
from myriad.products.keeper.agents.context import (
    Agent,
    AgentContext,
    AgentReport,
    AgentSkippedError,
    Outcome,
    RunState,
)
from myriad.products.keeper.agents.data import DATA
from myriad.products.keeper.agents.employee import EMPLOYEE
from myriad.products.keeper.agents.insight import INSIGHT
from myriad.products.keeper.agents.matching import MATCHING
from myriad.products.keeper.agents.report import REPORT
from myriad.products.keeper.agents.review import REVIEW
from myriad.products.keeper.errors import UnknownAgentError
from myriad.products.keeper.repository.accounts import move_on
from myriad.products.keeper.repository.history import end_run, find_run, start_run
from myriad.scale.observe.logs import get_logger

STAGES: tuple[tuple[Agent, ...], ...] = (
    (DATA,),
    (MATCHING,),
    (ANALYSIS, EMPLOYEE, REVIEW),
    (INSIGHT,),
    (REPORT,),
)
_INTAKE = STAGES[:1]
AGENTS = {agent.name: agent for stage in STAGES for agent in stage}

Progress = Callable[[int, int, str], Awaitable[None]]
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class GraphReport:
    """How a run ended, agent by agent."""

    agents: tuple[AgentReport, ...]

    @property
    def complete(self) -> bool:
        """Whether every agent that exists did all of its work."""
        return all(report.state in ("ok", "skipped") for report in self.agents)


async def _quiet(done: int, total: int, message: str) -> None:
    """Report to nobody."""


def get_agent(name: str) -> Agent:
    """Return the agent of that name, or raise UnknownAgentError."""
    try:
        return AGENTS[name]
    except KeyError:
        known = ", ".join(AGENTS)
        raise UnknownAgentError(f"there is no agent {name!r}; there are: {known}") from None


async def run_graph(
    context: AgentContext, *, again: bool = False, progress: Progress = _quiet
) -> GraphReport:
    """Run every agent stage by stage; `again` also repeats what has already been worked on."""
    reports: list[AgentReport] = []
    context.digests.clear()
    context.shared.clear()
    for stage in STAGES:
        names = ", ".join(agent.name for agent in stage)
        await progress(len(reports), len(AGENTS), names)
        reports += await asyncio.gather(*(run_agent(agent, context, again) for agent in stage))
        if stage is STAGES[0]:
            await _move_on(context)
        if stage in _INTAKE:
            # These agents write what the next ones read.
            context.digests.clear()
    await progress(len(AGENTS), len(AGENTS), "done")
    return GraphReport(tuple(reports))


async def run_agent(agent: Agent, context: AgentContext, again: bool = False) -> AgentReport:
    """Run one agent unless it has worked on the same inputs before; `again` runs it all the same."""
    context.shared["again"] = again
    async with context.noting() as session:
        inputs = await agent.digest(session, context)
        digest = hashlib.sha256(f"{agent.version}|{inputs}".encode()).hexdigest()[:32]
        run_id = await start_run(
            session, agent=agent.name, day=context.day, digest=digest, again=again
        )
        if run_id is None:
            known = await find_run(session, agent.name, context.day, digest) or {}
            return AgentReport(
                agent.name,
                "ok",
                rows_in=known.get("rows_in"),
                rows_out=known.get("rows_out"),
                unchanged=True,
            )
    return await _run(agent, context, run_id)


async def _run(agent: Agent, context: AgentContext, run_id: UUID) -> AgentReport:
    started = time.monotonic()
    state, outcome, error = await _attempt(agent, context)
    milliseconds = int((time.monotonic() - started) * 1000)
    rows_in = outcome.rows_in if outcome else None
    rows_out = outcome.rows_out if outcome else None
    async with context.noting() as session:
        await end_run(
            session,
            run_id,
            state=state,
            duration_ms=milliseconds,
            rows_in=rows_in,
            rows_out=rows_out,
            error=error,
        )
    _log.info(
        "agent_ended",
        agent=agent.name,
        business_date=context.day.isoformat(),
        state=state,
        duration_ms=milliseconds,
        rows_out=rows_out,
    )
    return AgentReport(agent.name, state, milliseconds, rows_in, rows_out, error)


async def _attempt(
    agent: Agent, context: AgentContext
) -> tuple[RunState, Outcome | None, str | None]:
    limit = context.settings.agent_timeout_seconds
    try:
        async with asyncio.timeout(limit):
            outcome = await agent.work(context)
    except AgentSkippedError as skipped:
        return "skipped", None, skipped.detail
    except TimeoutError:
        return "failed", None, f"It was stopped after {limit} seconds."
    except MyriadError as failure:
        return "failed", None, failure.detail
    except Exception as failure:  # noqa: BLE001 - one agent must not take the others with it
        _log.exception("agent_failed", agent=agent.name)
        return "failed", None, f"Unexpected {type(failure).__name__}; the log has the details."
    return ("partial" if outcome.missing else "ok"), outcome, outcome.missing


async def _move_on(context: AgentContext) -> None:
    """Let screens speak of this day from now on, unless it lies before the day they speak of."""
    if context.looks_back:
        return
    async with context.noting() as session:
        await move_on(session, context.day, context.account.currency)
