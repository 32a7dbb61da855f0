"""Handing batches to a provider, and collecting what it answered."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from myriad.kit.lazy import lazily
from myriad.scale.ai import translate
from myriad.scale.ai.batch_rows import (
    KeptAnswer,
    end_batch,
    execute,
    get_row,
    key_of,
    questions_of,
)
from myriad.scale.ai.calling import NO_MONEY, NO_PURSE
from myriad.scale.ai.catalog import ModelKey, Rung
from myriad.scale.ai.errors import UnknownModelError
from myriad.scale.ai.gateway import Gateway
from myriad.scale.ai.ledger import CallOutcome, entry_of
from myriad.scale.ai.offline import find_offline_answer
from myriad.scale.ai.outcome import CallFailedError, Reply
from myriad.scale.ai.prices import ModelPrice, price_of
from myriad.scale.ai.providers import catching
from myriad.scale.ai.request import AIAnswer, AIRequest
from myriad.scale.ai.tickets import RungSkippedError, worst_usage
from myriad.scale.data import Session
from myriad.scale.jobs import Job
from myriad.scale.jobs.direct import DirectWork
from myriad.scale.limits import BudgetExhaustedError, BudgetPolicy, PurseEmptyError, Reservation
from myriad.scale.tenancy import TenantId

Work = Job | DirectWork
batch_models = lazily("pydantic_ai.models.batch")


async def advance(gateway: Gateway, job: Work, batch_id: UUID) -> bool:
    """Submit or collect a batch as far as it goes now; True when it has ended.

    No transaction is open while the provider is asked. Raises CallFailedError while it does not
    answer.
    """
    row = await get_row(job.session, batch_id)
    await job.checkpoint()
    if row["state"] in ("done", "failed"):
        return True
    questions = questions_of(row)
    if row["state"] == "waiting":
        return await _submit(gateway, job.session, row, questions)
    return await _collect(gateway, job, row, questions)


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
            **key_of(row),
            "handle": msgspec.json.encode(handle).decode(),
            "reservation": msgspec.json.encode(asdict(reservation)).decode(),
            "provider": rung.key.provider,
            "model": rung.key.model,
            "price_version": version,
        }
        await execute(session, "submit_ai_batch", facts)
        return False
    why = "; ".join(reasons) or "no provider with a batch API is configured"
    answers = [_offline(question, row["model_class"], why) for question in questions]
    has_any = any(answer.text is not None for answer in answers)
    await end_batch(session, row, answers, state="done" if has_any else "failed", error=why)
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
    worst, price = worst_of(rung, questions)
    await gateway.providers.prepare(rung.key)
    reservation = await _reserve(gateway, rung, questions[0], worst)
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


def worst_of(rung: Rung, requests: Sequence[AIRequest]) -> tuple[int, ModelPrice]:
    """Return what a batch may cost at most, and its price; raises RungSkippedError."""
    try:
        price = price_of(rung.key, datetime.now(UTC).date(), batch=True)
    except UnknownModelError as error:
        raise RungSkippedError(error.detail) from None
    costs = [price.cost_usd_micros(worst_usage(request)) for request in requests]
    for cost, request in zip(costs, requests, strict=True):
        if cost > request.max_cost_usd_micros:
            raise RungSkippedError(
                f"{rung.key}: may cost {cost:,} micro-dollars of "
                f"{request.max_cost_usd_micros:,} allowed"
            )
    return sum(costs), price


async def _reserve(gateway: Gateway, rung: Rung, first: AIRequest, micros: int) -> Reservation:
    """Take a tenant's money for a batch; the provider's limits of a minute are not for it."""
    caller = gateway.caller
    policy = BudgetPolicy(usd_micros_per_day=caller.settings.tenant_daily_usd_micros)
    key = f"{rung.key}#batch"
    try:
        return await caller.budget.reserve(key, first.tenant_id, 0, micros, policy, first.purse)
    except PurseEmptyError as error:
        raise RungSkippedError(f"{rung.key}: {NO_PURSE} {error.purse}") from None
    except BudgetExhaustedError:
        raise RungSkippedError(NO_MONEY, ends_paying=True) from None


async def _record(
    gateway: Gateway,
    request: AIRequest,
    rung: Rung,
    price: ModelPrice,
    reply: Reply,
    entry_id: UUID,
) -> None:
    """Put one answer of a batch on the ledger; a second time with its id does nothing."""
    outcome: CallOutcome = "cut" if reply.is_cut else "answered"
    entry = entry_of(request, rung, price, reply.usage, outcome=outcome, mode="batch")
    await gateway.caller.ledger.record(replace(entry, id=entry_id))


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
    gateway: Gateway, job: Work, row: Mapping[str, Any], questions: Sequence[AIRequest]
) -> bool:
    rung = Rung(row["model_class"], ModelKey(row["provider"], row["model"]))
    handle = msgspec.convert(row["handle"], dict[str, Any])
    await gateway.providers.prepare(rung.key)
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
    await end_batch(job.session, row, answers, state="done", cost=cost)
    # Settled once the end is kept: were this process killed before, the tenant's day would hold
    # the most that the batch could have cost, never less than it did.
    await job.checkpoint()
    await gateway.caller.budget.settle(reservation, 0, cost)
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
        await _record(gateway, question, rung, price, reply, entry_id)
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
