"""Rooms for agents that are not there yet: they say so in every run."""

from __future__ import annotations

from myriad.products.keeper.agents.context import Agent, AgentContext, AgentSkippedError, Outcome
from myriad.scale.data import ReadSession


async def _nothing(session: ReadSession, context: AgentContext) -> str:
    return ""


async def _review(context: AgentContext) -> Outcome:
    raise AgentSkippedError("Reviews are not part of Keeper yet.")


REVIEW = Agent("review", 0, _nothing, _review)
