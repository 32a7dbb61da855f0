"""Jobs that wait for other jobs: a small acyclic graph, enqueued as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from typing import Any
from uuid import UUID

from myriad.kit.errors import InvalidInputError
from myriad.kit.ids import new_id
from myriad.scale.data import ReadSession, Session
from myriad.scale.jobs.arguments import check_attempts, check_class, check_deadline, check_task
from myriad.scale.jobs.capacity import find_route
from myriad.scale.jobs.payloads import encode_payload
from myriad.scale.jobs.store import run
from myriad.scale.tenancy import current_tenant

MAX_NODES = 1000
MAX_EDGES = 10_000
_MAX_NAME = 200
# The ids of a graph's jobs were made with its own, so the time in them finds the ended ones.
_BELOW_MILLISECONDS, _SPREAD_MILLISECONDS = 80, 10_000


class InvalidGraphError(InvalidInputError):
    """The jobs cannot wait for each other as described."""

    code = "invalid_graph"
    title = "Invalid graph"


@dataclass(frozen=True)
class Node:
    """One job of a graph, run when every job named in `after` has succeeded.

    The handler reads what those returned with `await job.results()`, by their names.
    """

    name: str
    task: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    job_class: str | None = None
    max_attempts: int | None = None


@dataclass(frozen=True)
class Graph:
    """An enqueued graph: its id, and its jobs' ids by name."""

    id: UUID
    jobs: Mapping[str, UUID]


async def enqueue_graph(
    session: Session, nodes: Sequence[Node], *, deadline_at: datetime | None = None
) -> Graph:
    """Enqueue the jobs of a graph for the session's tenant; all of them commit together.

    A job whose parents have not all succeeded is `blocked`. While one of them is a dead letter it
    stays so, until that one is replayed; when one is cancelled it is cancelled too. Raises
    InvalidGraphError for a cycle, a name that is unknown or used twice, or more than 1,000 jobs
    or 10,000 dependencies; and what `enqueue` raises, with nothing written.
    """
    check_graph(nodes)
    tenant_id, graph_id = current_tenant(), new_id()
    ids = {node.name: new_id() for node in nodes}
    async with session.begin_nested():
        await _check_room(session, tenant_id, nodes)
        facts = _node_columns(nodes, ids) | _edge_columns(nodes, ids)
        facts |= {"tenant_id": tenant_id, "graph_id": graph_id}
        await run(session, "insert_graph", facts | {"deadline_at": check_deadline(deadline_at)})
    return Graph(graph_id, ids)


async def cancel_graph(session: Session, graph_id: UUID) -> int:
    """Cancel what has not succeeded of a graph, its dead letters too, and return how many."""
    facts = {"tenant_id": current_tenant(), "graph_id": graph_id}
    return int((await run(session, "cancel_graph", facts)).scalar_one())


async def find_graph(session: ReadSession, graph_id: UUID) -> dict[UUID, str]:
    """Return the state of each job of a graph by its id; empty for an unknown graph."""
    at = graph_id.int >> _BELOW_MILLISECONDS
    facts = {
        "tenant_id": current_tenant(),
        "graph_id": graph_id,
        "first": UUID(int=(at - _SPREAD_MILLISECONDS) << _BELOW_MILLISECONDS),
        "last": UUID(int=(at + _SPREAD_MILLISECONDS) << _BELOW_MILLISECONDS),
    }
    return {row.id: row.state for row in await run(session, "find_graph", facts)}


def check_graph(nodes: Sequence[Node]) -> None:
    """Raise InvalidGraphError unless the nodes are a small acyclic graph with distinct names."""
    names = {node.name for node in nodes}
    edges = sum(len(node.after) for node in nodes)
    if not 1 <= len(nodes) <= MAX_NODES or edges > MAX_EDGES:
        raise InvalidGraphError(
            f"a graph has 1 to {MAX_NODES} jobs and at most {MAX_EDGES} dependencies, "
            f"not {len(nodes)} and {edges}; enqueue the next part from the last job of this one"
        )
    if len(names) < len(nodes):
        raise InvalidGraphError("two jobs of the graph have the same name")
    for node in nodes:
        _check_node(node, names)
    try:
        TopologicalSorter({node.name: node.after for node in nodes}).prepare()
    except CycleError as error:
        circle = " → ".join(error.args[1])
        raise InvalidGraphError(f"these jobs wait for each other: {circle}") from None


def _check_node(node: Node, names: set[str]) -> None:
    if not 1 <= len(node.name) <= _MAX_NAME:
        raise InvalidGraphError(f"a job's name in a graph has 1 to {_MAX_NAME} characters")
    unknown = sorted(set(node.after) - names)
    if unknown:
        raise InvalidGraphError(f"{node.name} waits for {unknown[0]!r}, which is not in the graph")
    if len(set(node.after)) < len(node.after):
        raise InvalidGraphError(f"{node.name} names a job twice in `after`")


async def _check_room(session: Session, tenant_id: UUID, nodes: Sequence[Node]) -> None:
    """Make every task known, and see that the whole graph fits where each of its jobs goes."""
    for task, job_class in dict.fromkeys((node.task, node.job_class) for node in nodes):
        route = await find_route(session, tenant_id, check_task(task), check_class(job_class))
        route.check_room(len(nodes))


def _node_columns(nodes: Sequence[Node], ids: Mapping[str, UUID]) -> dict[str, Any]:
    return {
        "ids": [ids[node.name] for node in nodes],
        "tasks": [node.task for node in nodes],
        "job_classes": [check_class(node.job_class) for node in nodes],
        "payloads": [encode_payload(node.payload) for node in nodes],
        "parents": [len(node.after) for node in nodes],
        "max_attempts": [check_attempts(node.max_attempts) for node in nodes],
    }


def _edge_columns(nodes: Sequence[Node], ids: Mapping[str, UUID]) -> dict[str, Any]:
    edges = [(parent, node.name) for node in nodes for parent in node.after]
    return {
        "parent_ids": [ids[parent] for parent, _ in edges],
        "child_ids": [ids[child] for _, child in edges],
        "names": [parent for parent, _ in edges],
    }
