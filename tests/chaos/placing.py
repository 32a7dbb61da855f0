"""Turning an order into jobs, inside the transaction of whoever ordered."""

from __future__ import annotations

from sqlalchemy import text

from myriad.scale.data import Session
from myriad.scale.jobs import Node, enqueue, enqueue_graph, enqueue_item, enqueue_many
from myriad.scale.tenancy import current_tenant
from tests.chaos import ledger
from tests.chaos.ledger import Order

_NOTE = text("INSERT INTO ledger.request VALUES (:tenant, :number, :jobs)")


async def place(
    session: Session, order: Order, *, job_class: str | None = None, **more: float
) -> None:
    """Note the order and enqueue its jobs; one job or a pack is of `job_class` and told `more`."""
    facts = {"tenant": current_tenant(), "number": order.number, "jobs": len(order.labels)}
    await session.execute(_NOTE, facts)
    name = str(order.number)
    match order.kind:
        case ledger.PACK:
            payloads = [{"label": label, **more} for label in order.labels]
            await enqueue_many(session, ledger.TRANSFER, payloads, job_class=job_class)
        case ledger.SWIFT:
            swift = [{"label": label} for label in order.labels]
            await enqueue_many(session, ledger.SWIFT, swift)
        case ledger.UNIQUE:
            for _ in range(2):
                await enqueue(session, ledger.TRANSFER, {"label": name}, dedup_key=f"unique:{name}")
        case ledger.GRAPH:
            await _place_graph(session, name)
        case ledger.BATCH:
            for label in order.labels:
                item = {"label": label}
                await enqueue_item(session, ledger.BATCH, item, batch=ledger.BATCHING)
        case _:
            payload = {"label": name, **more}
            await enqueue(session, order.kind, payload, job_class=job_class)


async def _place_graph(session: Session, name: str) -> None:
    parents = [
        Node(side, ledger.TRANSFER, {"label": f"{name}.{side}"}) for side in ("left", "right")
    ]
    child = Node("sum", ledger.SUM, {"label": f"{name}.sum"}, after=("left", "right"))
    await enqueue_graph(session, [*parents, child])
