"""The providers' own batch APIs: half the price, done within a day, for work of the night.

`submit` writes the questions to PostgreSQL with the caller's transaction; a job hands them to the
provider and asks after them until they are done. The handle is a row, so that any process can go
on. What a provider did not answer goes down the ladder's end: the offline answer, or None.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from myriad.kit.errors import InvalidInputError
from myriad.kit.ids import new_id
from myriad.kit.lazy import lazily
from myriad.scale.ai import translate
from myriad.scale.ai.calling import RungSkippedError
from myriad.scale.ai.catalog import ModelKey, Rung
from myriad.scale.ai.errors import InvalidOutputError, UnknownBatchError
from myriad.scale.ai.gateway import Gateway
from myriad.scale.ai.offline import find_offline_answer
from myriad.scale.ai.outcome import CallFailedError, Reply
from myriad.scale.ai.prices import price_of
from myriad.scale.ai.providers import catching
from myriad.scale.ai.request import AIAnswer, AIRequest, Message
from myriad.scale.ai.schemas import parse, schema_of
from myriad.scale.data import NamedQueries, Session
from myriad.scale.jobs.enqueue import enqueue
from myriad.scale.limits import Reservation
from myriad.scale.tenancy import TenantId, current_tenant

batch_models = lazily("pydantic_ai.models.batch")

POLL_TASK = "platform.ai_batch.poll"
MOST_REQUESTS = 10_000
_queries = NamedQueries.load("myriad.scale.ai")


class KeptQuestion(msgspec.Struct, frozen=True):
    """A question as it waits in PostgreSQL; the schema travels as JSON schema."""

    messages: list[tuple[str, str]]
    instructions: str
    max_output_tokens: int
    max_cost_usd_micros: int
    schema: dict[str, Any] | None = None
    data: dict[str, Any] = {}


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
        "requests": msgspec.json.encode([_keep(request) for request in requests]).decode(),
        "then_task": then_task,
    }
    await _execute(session, "add_ai_batch", row)
    await enqueue(session, POLL_TASK, {"batch_id": str(batch_id)}, dedup_key=f"ai:{batch_id}")
    return batch_id


def _check(requests: Sequence[AIRequest]) -> AIRequest:
    if not 1 <= len(requests) <= MOST_REQUESTS:
        raise InvalidInputError(f"a batch has 1 to {MOST_REQUESTS:,} questions")
    first = requests[0]
    kinds = {(item.tenant_id, item.task, item.complexity, item.model_class) for item in requests}
    if len(kinds) > 1 or first.tenant_id != current_tenant():
        raise InvalidInputError("a batch has questions of one tenant, task and class")
    return first


def _keep(request: AIRequest) -> KeptQuestion:
    return KeptQuestion(
        messages=[(message.role, message.text) for message in request.messages],
        instructions=request.instructions,
        max_output_tokens=request.max_output_tokens,
        max_cost_usd_micros=request.max_cost_usd_micros,
        schema=dict(schema) if (schema := schema_of(request)) else None,
        data=dict(request.data),
    )


async def get_batch(session: Session, batch_id: UUID) -> BatchState:
    """Return how far a batch of this tenant is, or raise UnknownBatchError."""
    row = await _row(session, batch_id)
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


async def advance(gateway: Gateway, session: Session, batch_id: UUID) -> bool:
    """Submit or collect a batch as far as it goes now; True when it has ended.

    Raises CallFailedError while the provider does not answer.
    """
    row = await _row(session, batch_id)
    if row["state"] in ("done", "failed"):
        return True
    questions = _questions(row)
    if row["state"] == "waiting":
        return await _submit(gateway, session, row, questions)
    return await _collect(gateway, session, row, questions)


async def _submit(
    gateway: Gateway, session: Session, row: Mapping[str, Any], questions: Sequence[AIRequest]
) -> bool:
    reasons: list[str] = []
    for rung in _rungs(gateway, row["model_class"]):
        try:
            handle, reservation, version = await _hand_over(gateway, rung, questions)
        except RungSkippedError as skip:
            reasons.append(skip.reason)
            continue
        facts = {
            **_key(row),
            "handle": msgspec.json.encode(handle).decode(),
            "reservation": msgspec.json.encode(asdict(reservation)).decode(),
            "provider": rung.key.provider,
            "model": rung.key.model,
            "price_version": version,
        }
        await _execute(session, "submit_ai_batch", facts)
        return False
    why = "; ".join(reasons) or "no provider with a batch API is configured"
    answers = [_offline(question, row["model_class"], why) for question in questions]
    has_any = any(answer.text is not None for answer in answers)
    await _end(session, row, answers, state="done" if has_any else "failed", error=why)
    return True


def _rungs(gateway: Gateway, model_class: str) -> list[Rung]:
    catalog = gateway.catalog()
    chosen = catalog.complexity.get(model_class, model_class)
    rungs = gateway.ladder.rungs(catalog, catalog.class_of("", chosen))
    return [rung for rung in rungs if rung.key.provider != "compatible"]


async def _hand_over(
    gateway: Gateway, rung: Rung, questions: Sequence[AIRequest]
) -> tuple[Any, Reservation, str]:
    """Reserve the tenant's money at half price and submit; nothing stays reserved on a failure."""
    caller = gateway.caller
    worst, price = caller.worst_of(rung, questions)
    reservation = await caller.reserve_batch(rung, questions[0].tenant_id, worst)
    try:
        with catching(str(rung.key)):
            model = gateway.providers.model(rung.key)
            encoded = [await model.batch_encode(item) for item in _encoded(questions)]
            return await model.batch_create(encoded), reservation, price.version
    except CallFailedError as error:
        await caller.cancel(reservation)
        raise RungSkippedError(f"{rung.key}: {error.why}") from None
    except BaseException:
        await asyncio.shield(caller.cancel(reservation))
        raise


def _encoded(questions: Sequence[AIRequest]) -> list[Any]:
    return [
        batch_models.BatchRequest(
            custom_id=f"q{number}",
            messages=translate.messages(question),
            model_settings=translate.settings(question, None),
            model_request_parameters=translate.parameters(question, with_instructions=True),
        )
        for number, question in enumerate(questions)
    ]


async def _collect(
    gateway: Gateway, session: Session, row: Mapping[str, Any], questions: Sequence[AIRequest]
) -> bool:
    rung = Rung(row["model_class"], ModelKey(row["provider"], row["model"]))
    handle = msgspec.convert(row["handle"], dict[str, Any])
    with catching(str(rung.key)):
        model = gateway.providers.model(rung.key)
        batch = batch_models.Batch(
            **{**handle, "created_at": datetime.fromisoformat(handle["created_at"])}
        )
        batch = await model.batch_status(batch)
        if batch.status != "ended":
            return False
        results = {result.custom_id: result for result in await model.batch_results(batch)}
    reservation = Reservation(
        **{**row["reservation"], "tenant": TenantId(UUID(row["reservation"]["tenant"]))}
    )
    answers = await _read(gateway, rung, row, questions, model, results)
    cost = sum(answer.cost_usd_micros for answer in answers)
    await gateway.caller.settle_batch(reservation, cost)
    await _end(session, row, answers, state="done", cost=cost)
    return True


async def _read(
    gateway: Gateway,
    rung: Rung,
    row: Mapping[str, Any],
    questions: Sequence[AIRequest],
    model: Any,
    results: Mapping[str, Any],
) -> list[KeptAnswer]:
    answers = []
    price = price_of(rung.key, row["submitted_at"].astimezone(UTC).date(), batch=True)
    for number, (question, encoded) in enumerate(zip(questions, _encoded(questions), strict=True)):
        try:
            reply = _decode(model, results.get(f"q{number}"), encoded, question)
        except CallFailedError as error:
            answers.append(_offline(question, row["model_class"], error.why))
            continue
        micros = price.cost_usd_micros(reply.usage)
        # The id follows from batch and place, so that collecting twice counts once.
        entry_id = UUID(int=(row["id"].int + number + 1) % (1 << 128))
        await gateway.caller.record_batch(question, rung, price, reply, entry_id)
        answers.append(KeptAnswer(reply.text, "cut" if reply.is_cut else "", micros))
    return answers


def _decode(model: Any, result: Any, encoded: Any, question: AIRequest) -> Reply:
    if result is None:
        raise CallFailedError("the batch ended without this answer")
    with catching(model.model_name):
        return translate.reply(model.batch_decode(result, encoded), question, {})


def _offline(question: AIRequest, model_class: str, why: str) -> KeptAnswer:
    found: AIAnswer | None = find_offline_answer(question, model_class)
    return KeptAnswer(found.text if found else None, why)


async def _end(
    session: Session,
    row: Mapping[str, Any],
    answers: Sequence[KeptAnswer],
    *,
    state: str,
    cost: int = 0,
    error: str | None = None,
) -> None:
    facts = {
        **_key(row),
        "state": state,
        "answers": msgspec.json.encode(list(answers)).decode(),
        "cost_usd_micros": cost,
        "error": error,
    }
    await _execute(session, "end_ai_batch", facts)
    if row["then_task"]:
        key = f"ai-done:{row['id']}"
        await enqueue(session, row["then_task"], {"batch_id": str(row["id"])}, dedup_key=key)


def _questions(row: Mapping[str, Any]) -> list[AIRequest]:
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
        )
        for item in kept
    ]


def _key(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"tenant_id": row["tenant_id"], "id": row["id"]}


async def _row(session: Session, batch_id: UUID) -> Mapping[str, Any]:
    key = {"tenant_id": current_tenant(), "id": batch_id}
    connection = await session.connection()
    found = (await connection.exec_driver_sql(_queries["get_ai_batch"], key)).mappings().first()
    if found is None:
        raise UnknownBatchError("there is no such batch of questions")
    return dict(found)


async def _execute(session: Session, name: str, facts: Mapping[str, Any]) -> None:
    connection = await session.connection()
    await connection.exec_driver_sql(_queries[name], dict(facts))
