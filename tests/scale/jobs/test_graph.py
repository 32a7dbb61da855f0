"""Jobs of a graph run after those that they wait for, once each, or end with them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from graphlib import TopologicalSorter
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myriad.scale.jobs import Graph, Node, PermanentJobError, cancel, enqueue_graph, replay
from myriad.scale.jobs.execution import Executor
from myriad.scale.jobs.graph import InvalidGraphError, cancel_graph, check_graph, find_graph
from myriad.scale.jobs.job import Job
from myriad.scale.jobs.reaper import Reaper
from myriad.scale.jobs.registry import Payload
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import TwoTenants
from tests.fixtures.jobs import run_job
from tests.scale.jobs.workbench import TASK, RecordingPublisher, executor_for, sql

_READY = "SELECT id FROM platform.job WHERE state = 'queued' ORDER BY id"
DIAMOND = (
    Node("load", TASK, {"n": 1}),
    Node("left", TASK, {"n": 2}, after=("load",)),
    Node("right", TASK, {"n": 3}, after=("load",)),
    Node("sum", TASK, {"n": 4}, after=("left", "right")),
)


async def enqueue_nodes(runtime: Runtime, tenant: TenantId, nodes: Sequence[Node]) -> Graph:
    async with runtime.database.session(tenant) as session:
        return await enqueue_graph(session, nodes)


async def states(runtime: Runtime, tenant: TenantId, graph: Graph) -> dict[str, str]:
    async with runtime.database.read_session(tenant) as session:
        found = await find_graph(session, graph.id)
    return {name: found[job_id] for name, job_id in graph.jobs.items() if job_id in found}


async def run_all(runtime: Runtime, tenant: TenantId, executor: Executor) -> list[UUID]:
    """Run what is ready, level by level, and return the ids in the order of their ends."""
    ended: list[UUID] = []
    while rows := await runtime.database.reader.rows(tenant, _READY):
        ids = [row["id"] for row in rows]
        await asyncio.gather(*(run_job(runtime, tenant, job_id, executor) for job_id in ids))
        ended += ids
    return ended


def recorder(runtime: Runtime, heard: dict[int, dict[str, Any]]) -> Executor:
    async def record(job: Job, payload: Payload) -> int:
        heard[payload["n"]] = await job.results()
        return int(payload["n"])

    return executor_for(runtime, record)


async def test_a_child_waits_for_every_parent_and_hears_what_they_returned(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    graph = await enqueue_nodes(runtime, tenants.first, DIAMOND)
    before = await states(runtime, tenants.first, graph)
    assert before == {"load": "queued", "left": "blocked", "right": "blocked", "sum": "blocked"}
    heard: dict[int, dict[str, Any]] = {}
    ended = await run_all(runtime, tenants.first, recorder(runtime, heard))
    assert (ended[0], ended[-1]) == (graph.jobs["load"], graph.jobs["sum"])
    assert heard == {1: {}, 2: {"load": 1}, 3: {"load": 1}, 4: {"left": 2, "right": 3}}
    assert set((await states(runtime, tenants.first, graph)).values()) == {"succeeded"}


async def test_many_parents_that_end_at_once_release_each_child_once(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    parents = [Node(f"p{n}", TASK, {"n": n}) for n in range(8)]
    names = tuple(node.name for node in parents)
    children = [Node(f"c{n}", TASK, {"n": 100 + n}, after=names) for n in range(4)]
    graph = await enqueue_nodes(runtime, tenants.first, [*children, *parents])
    heard: dict[int, dict[str, Any]] = {}
    ended = await run_all(runtime, tenants.first, recorder(runtime, heard))
    assert sorted(ended) == sorted(graph.jobs.values())
    assert len(heard) == 12


async def test_children_of_a_dead_parent_stay_until_it_is_replayed(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    graph = await enqueue_nodes(runtime, tenants.first, DIAMOND)

    async def refuse(job: Job, payload: Payload) -> None:
        raise PermanentJobError("no")

    await run_all(runtime, tenants.first, executor_for(runtime, refuse))
    found = await states(runtime, tenants.first, graph)
    assert found == {"load": "dead", "left": "blocked", "right": "blocked", "sum": "blocked"}
    async with runtime.database.session(tenants.first) as session:
        await replay(session, graph.jobs["load"])
    await run_all(runtime, tenants.first, recorder(runtime, {}))
    assert set((await states(runtime, tenants.first, graph)).values()) == {"succeeded"}


async def test_cancelling_a_job_cancels_all_that_wait_for_it_and_no_others(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    apart = Node("apart", TASK, {"n": 9})
    graph = await enqueue_nodes(runtime, tenants.first, [*DIAMOND, apart])
    async with runtime.database.session(tenants.second) as session:
        assert not await cancel(session, graph.jobs["load"])
    async with runtime.database.session(tenants.first) as session:
        assert await cancel(session, graph.jobs["left"])
    assert await states(runtime, tenants.first, graph) == {
        "load": "queued",
        "left": "cancelled",
        "right": "blocked",
        "sum": "cancelled",
        "apart": "queued",
    }


async def test_a_graph_is_cancelled_as_a_whole(runtime: Runtime, tenants: TwoTenants) -> None:
    graph = await enqueue_nodes(runtime, tenants.first, DIAMOND)
    other = await enqueue_nodes(runtime, tenants.first, DIAMOND)
    await run_job(runtime, tenants.first, graph.jobs["load"], recorder(runtime, {}))
    async with runtime.database.session(tenants.first) as session:
        assert await cancel_graph(session, graph.id) == 3
    found = await states(runtime, tenants.first, graph)
    assert sorted(found.values()) == ["cancelled", "cancelled", "cancelled", "succeeded"]
    assert "cancelled" not in (await states(runtime, tenants.first, other)).values()


async def test_what_waits_for_a_dead_letter_is_cancelled_when_that_is_forgotten(
    runtime: Runtime, tenants: TwoTenants
) -> None:
    graph = await enqueue_nodes(runtime, tenants.first, DIAMOND)

    async def refuse(job: Job, payload: Payload) -> None:
        raise PermanentJobError("no")

    await run_job(runtime, tenants.first, graph.jobs["load"], executor_for(runtime, refuse))
    await sql(
        runtime,
        "UPDATE platform.job SET finished_at = now() - interval '91 days' WHERE id = :id",
        id=graph.jobs["load"],
    )
    assert await Reaper(runtime.database, RecordingPublisher()).prune() >= 1
    found = await states(runtime, tenants.first, graph)
    assert found == {"left": "cancelled", "right": "cancelled", "sum": "cancelled"}


async def test_another_tenant_does_not_see_a_graph(runtime: Runtime, tenants: TwoTenants) -> None:
    graph = await enqueue_nodes(runtime, tenants.first, DIAMOND)
    assert await states(runtime, tenants.second, graph) == {}


@pytest.mark.parametrize(
    "nodes",
    [
        [],
        [Node("a", TASK, after=("b",)), Node("b", TASK, after=("a",))],
        [Node("a", TASK, after=("a",))],
        [Node("a", TASK, after=("nobody",))],
        [Node("a", TASK), Node("a", TASK)],
        [Node("a", TASK), Node("b", TASK, after=("a", "a"))],
        [Node("", TASK)],
        [Node(f"n{n}", TASK) for n in range(1001)],
    ],
    ids=["empty", "cycle", "self", "unknown", "twice", "repeated", "nameless", "large"],
)
async def test_an_impossible_graph_is_named_and_writes_nothing(
    runtime: Runtime, tenants: TwoTenants, nodes: list[Node]
) -> None:
    async with runtime.database.session(tenants.first) as session:
        with pytest.raises(InvalidGraphError):
            await enqueue_graph(session, nodes)
    assert await runtime.database.reader.rows(tenants.first, _READY) == []


@given(st.data())
def test_edges_that_point_backwards_are_accepted_and_a_circle_never_is(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 12))
    after = [
        data.draw(st.sets(st.integers(0, n - 1)) if n else st.just(set())) for n in range(size)
    ]
    nodes = [Node(str(n), TASK, after=tuple(map(str, after[n]))) for n in range(size)]
    check_graph(data.draw(st.permutations(nodes)))
    order = list(TopologicalSorter({node.name: node.after for node in nodes}).static_order())
    tail = nodes[int(order[0])]
    reaching = {node.name for node in nodes if _reaches(nodes, node.name, tail.name)}
    for name in reaching:
        circle = [Node(tail.name, TASK, after=(name,)) if node is tail else node for node in nodes]
        with pytest.raises(InvalidGraphError):
            check_graph(circle)


def _reaches(nodes: list[Node], name: str, goal: str) -> bool:
    """Tell whether `name` waits for `goal`, near or far, or is it."""
    return name == goal or any(_reaches(nodes, parent, goal) for parent in nodes[int(name)].after)
