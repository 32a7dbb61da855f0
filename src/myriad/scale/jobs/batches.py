"""Batches: items that arrive one by one and are worked on many at a time.

An item is a row; the run that will take it is an ordinary job with a deduplication key, so there
is at most one live run for a task, a tenant and a batch key. The run deletes what it takes in its
own transaction: when it fails, its items are there again for the next attempt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from myriad.kit.errors import InvalidInputError
from myriad.kit.ids import new_id
from myriad.scale.data import Session
from myriad.scale.jobs.arguments import check_class, check_task
from myriad.scale.jobs.capacity import Route
from myriad.scale.jobs.enqueue import place
from myriad.scale.jobs.packs import first_pack_id
from myriad.scale.jobs.payloads import encode_item, encode_payload
from myriad.scale.jobs.registry import REGISTRY, Batch
from myriad.scale.jobs.store import run
from myriad.scale.tenancy import current_tenant

_MAX_KEY = 200


async def enqueue_item(
    session: Session,
    task: str,
    item: Any,
    batch_key: str = "",
    *,
    batch: Batch | None = None,
    job_class: str | None = None,
) -> UUID:
    """Add one item, any JSON value, to the next run of `task` and return that run's job id.

    As `enqueue_items`.
    """
    return await enqueue_items(session, task, [item], batch_key, batch=batch, job_class=job_class)


async def enqueue_items(
    session: Session,
    task: str,
    items: Iterable[Any],
    batch_key: str = "",
    *,
    batch: Batch | None = None,
    job_class: str | None = None,
) -> UUID:
    """Add items to the next run of `task` with this `batch_key` and return that run's job id.

    The run starts when `batch.max_items` are there, at the latest `batch.max_wait_seconds` after
    the first; `batch` is what the task was declared with, and need only be given in a process
    that does not load the task. Items of one call keep their order. Callers with one key
    wait for each other's transactions, so keep those short or use several keys. Raises
    InvalidInputError for a task without a batch, and what `enqueue` raises.
    """
    batch = batch or _declared(task)
    tenant_id = current_tenant()
    facts = {
        "tenant_id": tenant_id,
        "id": new_id(),
        "task": check_task(task),
        "job_class": check_class(job_class),
        "payload": encode_payload({"batch_key": batch_key}),
        "wait_seconds": batch.max_wait_seconds,
        "dedup_key": f"batch:{task}:{_checked_key(batch_key)}",
    }
    payloads = [encode_item(item) for item in items]
    held = await place(session, "hold_batch_run", facts)
    if held.id is None:
        Route.of(held).check_room(1)
    first = first_pack_id()
    added = {
        "tenant_id": tenant_id,
        "task_id": held.task_id,
        "batch_key": batch_key,
        "run_id": held.id,
        "ids": [UUID(int=first.int + place) for place in range(len(payloads))],
        "payloads": payloads,
        "max_items": batch.max_items,
    }
    await run(session, "add_items", added)
    return UUID(str(held.id))


async def take_items(session: Session, key: Mapping[str, Any], max_items: int) -> list[Any]:
    """Take up to `max_items` items for the running job `key`, the oldest first.

    They are gone when the job's transaction commits and back when it rolls back. When more remain,
    another run follows this one. `key` is `Job.key`; without a hold on the job it gets nothing.
    """
    rows = await run(session, "take_items", {**key, "max_items": max_items})
    items = list(rows.scalars())
    if len(items) == max_items:
        await run(session, "follow_with_another_run", key)
    return items


def _declared(task: str) -> Batch:
    known = REGISTRY.find(task)
    if known is None or known.batch is None:
        raise InvalidInputError(
            f"{task} takes no items; declare it with @task(..., batch=Batch()) or pass batch="
        )
    return known.batch


def _checked_key(batch_key: str) -> str:
    if len(batch_key) > _MAX_KEY:
        raise InvalidInputError(f"a batch_key has at most {_MAX_KEY} characters; hash a longer one")
    return batch_key
