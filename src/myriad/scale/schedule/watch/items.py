"""The things that a tenant watches, and those of them that a job has to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from myriad.kit.errors import InvalidInputError
from myriad.scale.data import ReadSession, Session
from myriad.scale.schedule.ensure import run
from myriad.scale.schedule.watch.plans import get_plan
from myriad.scale.tenancy import current_tenant

_BOUNDS = ("from_at", "from_item", "until_at", "until_item")


@dataclass(frozen=True)
class WatchedItem:
    """One watched thing: `rate` in changes per day, `signals` the sources that spoke of it."""

    item_id: UUID
    weight: float
    rate: float
    interval_days: int
    signals: tuple[str, ...]
    last_seen_at: datetime | None
    next_due_at: datetime


async def add_items(
    session: Session, kind: str, item_ids: Sequence[UUID], weights: Sequence[float] | None = None
) -> None:
    """Watch these things from now on; each is due at once. Known ones only take the new weight.

    Weights say how much an out-of-date day of each thing matters, 1 by default. Raises
    NotFoundError without a plan for the kind, InvalidInputError for a weight not above zero.
    """
    weights = [1.0] * len(item_ids) if weights is None else weights
    if len(weights) != len(item_ids) or not all(weight > 0 for weight in weights):
        raise InvalidInputError("each thing needs one weight above zero")
    await get_plan(session, kind)
    # A thing named twice would be inserted twice by one statement, which PostgreSQL refuses.
    given = dict(zip(item_ids, weights, strict=True))
    facts = {"item_ids": list(given), "weights": list(given.values())}
    await run(session, "add_items", facts | _place(kind))


async def remove_items(session: Session, kind: str, item_ids: Sequence[UUID]) -> int:
    """Stop watching these things and return how many were known."""
    facts = {"item_ids": list(item_ids)}
    return (await run(session, "remove_items", facts | _place(kind))).rowcount


async def list_bundle(session: ReadSession, payload: Mapping[str, Any]) -> list[WatchedItem]:
    """Return the things that a job with this payload still has to look at.

    A bundle is a stretch of the due order. What was looked at has left it, so a job that starts
    again goes on where it was. Raises InvalidInputError for a payload that is no bundle.
    """
    place = _place(str(payload.get("kind", "")))
    if "items" in payload:
        rows = await run(session, "list_items", place | {"item_ids": payload["items"]})
    elif payload.keys() >= set(_BOUNDS):
        bounds = {key: payload[key] for key in _BOUNDS}
        rows = await run(session, "list_bundle", place | bounds)
    else:
        raise InvalidInputError("the payload is no bundle; pass on what the job was given")
    return [_item(row) for row in rows]


async def list_items(
    session: ReadSession, kind: str, item_ids: Sequence[UUID]
) -> list[WatchedItem]:
    """Return the watched ones of these things, by id."""
    rows = await run(session, "list_items", {"item_ids": list(item_ids)} | _place(kind))
    return [_item(row) for row in rows]


def _place(kind: str) -> dict[str, Any]:
    return {"tenant_id": current_tenant(), "kind": kind}


def _item(row: Row[Any]) -> WatchedItem:
    return WatchedItem(**(row._asdict() | {"signals": tuple(row.signals)}))
