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
from myriad.products.keeper.notify.after_run import tell_after_run
from myriad.products.keeper.repository.accounts import move_on
from myriad.products.keeper.repository.history import (
    end_runs,
    find_run,
    forget_intake,
    start_runs,
)
from myriad.products.keeper.repository.sql import Row
from myriad.scale.data import Session
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
    ended: list[Row] = []
    context.digests.clear()
    context.shared.clear()
    try:
        for stage in STAGES:
            names = ", ".join(agent.name for agent in stage)
            await progress(len(reports), len(AGENTS), names)
            reports += await _run_stage(stage, context, again, ended)
            if stage in _INTAKE:
                # These agents write what the next ones read.
                forget_intake(context.digests)
        await _note(context, ended)
    finally:
        context.tell_screens()
    await progress(len(AGENTS), len(AGENTS), "done")
    return GraphReport(tuple(reports))


async def run_agent(agent: Agent, context: AgentContext, again: bool = False) -> AgentReport:
    """Run one agent unless it has worked on the same inputs before; `again` runs it all the same."""
    ended: list[Row] = []
    try:
        (report,) = await _run_stage((agent,), context, again, ended)
        await _note(context, ended)
    finally:
        context.tell_screens()
    return report


async def _run_stage(
    stage: tuple[Agent, ...], context: AgentContext, again: bool, ended: list[Row]
) -> list[AgentReport]:
    """Run the agents of a stage side by side; how they ended is added to `ended`, to be noted."""
    context.shared["again"] = again
    async with context.noting() as session:
        await end_runs(session, ended)
        if stage is STAGES[1]:
            await _move_on(session, context)
        digests = {agent.name: await _digest_of(agent, session, context) for agent in stage}
        runs = await start_runs(session, context.day, digests, again=again)
    begun = [
        run or await _report_known(context, name, digest)
        for run, (name, digest) in zip(runs, digests.items(), strict=True)
    ]
    ended.clear()
    pairs = zip(stage, begun, strict=True)
    return await asyncio.gather(*(_run(agent, context, run, ended) for agent, run in pairs))


async def _note(context: AgentContext, ended: list[Row]) -> None:
    """Note how runs ended, and tell what they have made.

    What is lost on the way here is worked out again by the next night.
    """
    if not ended:
        return
    async with context.noting() as session:
        await end_runs(session, ended)
        if not context.looks_back:
            calls, reports = context.shared.get("calls", 0), context.shared.get("reports", ())
            can_mail = context.settings.smtp.can_send
            await tell_after_run(session, context.day, calls, reports, can_mail=can_mail)


async def _digest_of(agent: Agent, session: Session, context: AgentContext) -> str:
    inputs = await agent.digest(session, context)
    return hashlib.sha256(f"{agent.version}|{inputs}".encode()).hexdigest()[:32]


async def _report_known(context: AgentContext, name: str, digest: str) -> AgentReport:
    """Return the report of the run that has done the same work before."""
    async with context.reading() as session:
        known = await find_run(session, name, context.day, digest) or {}
    rows_in, rows_out = known.get("rows_in"), known.get("rows_out")
    return AgentReport(name, "ok", rows_in=rows_in, rows_out=rows_out, unchanged=True)


async def _run(
    agent: Agent, context: AgentContext, run: UUID | AgentReport, ended: list[Row]
) -> AgentReport:
    if isinstance(run, AgentReport):
        return run
    started = time.monotonic()
    state, outcome, error = await _attempt(agent, context)
    milliseconds = int((time.monotonic() - started) * 1000)
    facts: Row = {
        "state": state,
        "duration_ms": milliseconds,
        "rows_in": outcome.rows_in if outcome else None,
        "rows_out": outcome.rows_out if outcome else None,
        "error": error,
    }
    ended.append({"run_id": run, **facts})
    _log.info(
        "agent_ended",
        agent=agent.name,
        business_date=context.day.isoformat(),
        state=state,
        duration_ms=milliseconds,
        rows_out=facts["rows_out"],
    )
    return AgentReport(agent.name, **facts)


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


async def _move_on(session: Session, context: AgentContext) -> None:
    """Let screens speak of this day from now on, unless it lies before the day they speak of."""
    if not context.looks_back:
        await move_on(session, context.day, context.account.currency)
