"""The providers' own batch APIs: half the price, done within a day, for work of the night.

`submit` writes the questions to PostgreSQL with the caller's transaction; a job hands them to the
provider and asks after them until they are done. The handle is a row, so that any process can go
on. What a provider did not answer goes down the ladder's end: the offline answer, or None.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from myriad.kit.errors import InvalidInputError
from myriad.kit.ids import new_id
from myriad.scale.ai.batch_rows import BatchState, KeptAnswer, execute, get_row, keep_question
from myriad.scale.ai.errors import InvalidOutputError
from myriad.scale.ai.request import AIRequest
from myriad.scale.ai.schemas import parse
from myriad.scale.data import Session
from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.tenancy import current_tenant

POLL_TASK = "platform.ai_batch.poll"
MOST_REQUESTS = 10_000


async def submit(
    session: Session, requests: Sequence[AIRequest], *, then_task: str | None = None
) -> UUID:
    """Have questions of one task answered within a day and return the batch's id.

    When it is done, `then_task` runs with `{"batch_id": …}`; its answers are read by `get_batch`.
    Raises InvalidInputError for none, too many, or questions of different tasks or classes.
    """
    first = _check(requests)
    batch_id = new_id()
    row = {
        "tenant_id": current_tenant(),
        "id": batch_id,
        "task": first.task,
        "provider": "",
        "model": "",
        "model_class": first.model_class or first.complexity,
        "requests": msgspec.json.encode([keep_question(request) for request in requests]).decode(),
        "then_task": then_task,
    }
    await execute(session, "add_ai_batch", row)
    await enqueue(session, POLL_TASK, {"batch_id": str(batch_id)}, dedup_key=f"ai:{batch_id}")
    return batch_id


def _check(requests: Sequence[AIRequest]) -> AIRequest:
    if not 1 <= len(requests) <= MOST_REQUESTS:
        raise InvalidInputError(f"a batch has 1 to {MOST_REQUESTS:,} questions")
    first = requests[0]
    kinds = {
        (item.tenant_id, item.task, item.complexity, item.model_class, item.purse)
        for item in requests
    }
    if len(kinds) > 1 or first.tenant_id != current_tenant():
        raise InvalidInputError("a batch has questions of one tenant, task, class and purse")
    return first


async def get_batch(session: Session, batch_id: UUID) -> BatchState:
    """Return how far a batch of this tenant is, or raise UnknownBatchError."""
    row = await get_row(session, batch_id)
    return BatchState(
        id=row["id"],
        task=row["task"],
        state=row["state"],
        provider=row["provider"],
        model=row["model"],
        cost_usd_micros=row["cost_usd_micros"],
        answers=tuple(msgspec.convert(row["answers"] or [], list[KeptAnswer])),
        error=row["error"],
        then_task=row["then_task"],
    )


def value_of(answer: KeptAnswer, schema: type[Any]) -> Any:
    """Return the parsed value of an answer, or None when there is none that fits."""
    if answer.text is None:
        return None
    try:
        return parse(schema, answer.text)
    except InvalidOutputError:
        return None
