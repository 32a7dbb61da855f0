"""How agents ended is noted where the next ones begin, and nothing stays open for good."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from myriad.products.keeper.agents import graph
from myriad.products.keeper.agents.context import AgentContext, Outcome
from myriad.products.keeper.agents.graph import AGENTS, STAGES
from myriad.products.keeper.repository.columns import load_visit_columns, unpack_visits
from myriad.products.keeper.repository.history import read_visits
from myriad.scale.cache import Namespace, Policy
from tests.products.keeper.ledger import Shop

_RUNS = "SELECT agent, state, duration_ms FROM keeper.agent_run"
_SCREEN = Namespace("test.night", str, Policy("test", 300.0, ("test",)), follows_tenant=True)
_EARLIER = {"data", "matching", "analysis", "employee", "review"}


async def _states(shop: Shop) -> dict[str, str]:
    return {row["agent"]: row["state"] for row in await shop.rows(_RUNS)}


async def test_after_a_night_every_run_is_noted_as_ended(busy_shop: Shop) -> None:
    await busy_shop.run()
    runs = await busy_shop.rows(_RUNS)
    assert {row["agent"] for row in runs} == set(AGENTS)
    assert {row["state"] for row in runs} <= {"ok", "skipped"}
    assert all(row["duration_ms"] is not None for row in runs)


async def test_a_night_that_breaks_off_is_gone_on_with_where_it_was(
    busy_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def break_off(context: AgentContext) -> Outcome:
        raise asyncio.CancelledError

    broken = replace(AGENTS["insight"], work=break_off)
    with monkeypatch.context() as patch:
        patch.setattr(graph, "STAGES", (*STAGES[:3], (broken,), STAGES[4]))
        with pytest.raises(asyncio.CancelledError):
            await busy_shop.run()
    states = await _states(busy_shop)
    assert {agent for agent, state in states.items() if state != "running"} == _EARLIER
    report = await busy_shop.run()
    assert report.complete
    assert "running" not in (await _states(busy_shop)).values()


async def test_screens_hear_of_a_night_at_its_end_even_of_one_that_breaks_off(
    busy_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def break_off(context: AgentContext) -> Outcome:
        raise asyncio.CancelledError

    caches = busy_shop.runtime.caches

    async def shown(word: str) -> str:
        async def load() -> str:
            return word

        return await caches.get(_SCREEN, busy_shop.tenant_id, (), load)

    assert [await shown("before"), await shown("again")] == ["before", "before"]
    await busy_shop.run()
    assert await shown("after") == "after"
    monkeypatch.setattr(
        graph, "STAGES", (*STAGES[:1], (replace(AGENTS["report"], work=break_off),))
    )
    with pytest.raises(asyncio.CancelledError):
        await busy_shop.run(again=True)
    assert await shown("broken off") == "broken off"


async def test_agents_of_one_run_share_the_visits_they_read(busy_shop: Shop) -> None:
    await busy_shop.run()
    context = await busy_shop.context()
    async with context.reading() as session:
        first = await load_visit_columns(session, context.day)
        packed = await read_visits(session, context.day)
    async with context.reading() as session:
        second = await load_visit_columns(session, context.day)
    assert first is second
    assert first.size > 0
    assert (unpack_visits(packed).net == first.net).all()
    with pytest.raises(ValueError, match="read-only"):
        first.net[0] = 0
