"""Batches of questions as they wait in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from myriad.scale.ai.errors import UnknownBatchError
from myriad.scale.ai.request import AIRequest, Message
from myriad.scale.ai.schemas import schema_of
from myriad.scale.data import NamedQueries, Session
from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.limits import Purse
from myriad.scale.tenancy import current_tenant

_queries = NamedQueries.load("myriad.scale.ai")


class KeptQuestion(msgspec.Struct, frozen=True):
    """A question as it waits in PostgreSQL.

    The schema travels as JSON schema, the purse as its name and cap.
    """

    messages: list[tuple[str, str]]
    instructions: str
    max_output_tokens: int
    max_cost_usd_micros: int
    schema: dict[str, Any] | None = None
    data: dict[str, Any] = {}
    purse: tuple[str, int] | None = None


class KeptAnswer(msgspec.Struct, frozen=True):
    """One answer of a batch, or why there is none."""

    text: str | None
    reason: str = ""
    cost_usd_micros: int = 0


@dataclass(frozen=True, slots=True)
class BatchState:
    """How far a batch is; `answers` are in the order of its questions when it is done."""

    id: UUID
    task: str
    state: str
    provider: str
    model: str
    cost_usd_micros: int
    answers: tuple[KeptAnswer, ...]
    error: str | None
    then_task: str | None


def keep_question(request: AIRequest) -> KeptQuestion:
    """Return a question in the form in which it waits."""
    purse = request.purse
    return KeptQuestion(
        messages=[(message.role, message.text) for message in request.messages],
        instructions=request.instructions,
        max_output_tokens=request.max_output_tokens,
        max_cost_usd_micros=request.max_cost_usd_micros,
        schema=dict(schema) if (schema := schema_of(request)) else None,
        data=dict(request.data),
        purse=None if purse is None else (purse.name, purse.cap_usd_micros),
    )


def questions_of(row: Mapping[str, Any]) -> list[AIRequest]:
    """Return the questions of a batch's row."""
    kept = msgspec.convert(row["requests"], list[KeptQuestion])
    return [
        AIRequest(
            tenant_id=row["tenant_id"],
            task=row["task"],
            messages=tuple(Message(role, text) for role, text in item.messages),  # type: ignore[arg-type]
            instructions=item.instructions,
            max_output_tokens=item.max_output_tokens,
            max_cost_usd_micros=item.max_cost_usd_micros,
            json_schema=item.schema,
            data=item.data,
            purse=None if item.purse is None else Purse(*item.purse),
        )
        for item in kept
    ]


async def end_batch(
    session: Session,
    row: Mapping[str, Any],
    answers: Sequence[KeptAnswer],
    *,
    state: str,
    cost: int = 0,
    error: str | None = None,
) -> None:
    """Write down how a batch ended, and enqueue what follows."""
    facts = {
        **key_of(row),
        "state": state,
        "answers": msgspec.json.encode(list(answers)).decode(),
        "cost_usd_micros": cost,
        "error": error,
    }
    await execute(session, "end_ai_batch", facts)
    if row["then_task"]:
        key = f"ai-done:{row['id']}"
        await enqueue(session, row["then_task"], {"batch_id": str(row["id"])}, dedup_key=key)


def key_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what names a batch's row."""
    return {"tenant_id": row["tenant_id"], "id": row["id"]}


async def get_row(session: Session, batch_id: UUID) -> Mapping[str, Any]:
    """Return the row of a batch of this tenant, or raise UnknownBatchError."""
    key = {"tenant_id": current_tenant(), "id": batch_id}
    connection = await session.connection()
    found = (await connection.exec_driver_sql(_queries["get_ai_batch"], key)).mappings().first()
    if found is None:
        raise UnknownBatchError("there is no such batch of questions")
    return dict(found)


async def execute(session: Session, name: str, facts: Mapping[str, Any]) -> None:
    """Run a named statement with these facts."""
    connection = await session.connection()
    await connection.exec_driver_sql(_queries[name], dict(facts))
