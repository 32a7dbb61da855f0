"""The routes of the simulated providers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from types import ModuleType
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from myriad.scale.ai.simulator import (
    anthropic_form,
    chat_form,
    responses_form,
)
from myriad.scale.ai.simulator.batches import batch_routes
from myriad.scale.ai.simulator.control import control_routes
from myriad.scale.ai.simulator.speech import Question, Speech, seconds_of, speak
from myriad.scale.ai.simulator.world import Fault, World

_HANG_SECONDS = 3600.0
_STATUSES = {
    "limited": (429, "rate_limit_error"),
    "refused": (400, "invalid_request_error"),
    "unauthorized": (401, "authentication_error"),
    "broken": (500, "api_error"),
    "overloaded": (529, "overloaded_error"),
}
BAD_KEY = "wrong"


def create_app(world: World) -> Starlette:
    """Return the application that serves `world`."""

    def spoken(form: ModuleType) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return await _converse(world, form, request)

        return endpoint

    return Starlette(
        routes=[
            Route("/v1/messages", spoken(anthropic_form), methods=["POST"]),
            Route("/v1/chat/completions", spoken(chat_form), methods=["POST"]),
            Route("/v1/responses", spoken(responses_form), methods=["POST"]),
            *batch_routes(world),
            *control_routes(world),
            Route("/", lambda _: JSONResponse({"simulator": "model providers"})),
        ]
    )


async def _converse(world: World, form: ModuleType, request: Request) -> Response:
    body = await request.json()
    question: Question = form.read(body)
    is_welcome = world.arrive(question.model, body)
    headers = form.headers(world.left(question.model))
    if _key_of(request) == BAD_KEY:
        return _refuse(form, "unauthorized", headers)
    if not is_welcome:
        return _refuse(form, "limited", headers)
    fault = world.take_fault(question.model)
    if fault is not None and fault.kind in _STATUSES:
        await asyncio.sleep(fault.seconds)
        return _refuse(form, fault.kind, headers)
    if fault is not None and fault.kind == "hanging":
        await asyncio.sleep(fault.seconds or _HANG_SECONDS)
    if fault is not None and fault.kind == "garbage":
        return Response("<html>garbage</html>", media_type="application/json", headers=headers)
    return await _answer(world, form, question, fault, headers)


async def _answer(
    world: World, form: ModuleType, question: Question, fault: Fault | None, headers: dict[str, str]
) -> Response:
    speech = speak(world, question, fault)
    if question.stream:
        return StreamingResponse(
            _stream(world, form, question, speech, fault),
            media_type="text/event-stream",
            headers=headers,
        )
    extra = fault.seconds if fault is not None and fault.kind == "slow" else 0.0
    await asyncio.sleep(seconds_of(world, question, speech) + extra)
    world.bill(question.model, question.input_tokens, speech.output_tokens)
    return JSONResponse(form.message(question, speech), headers=headers)


async def _stream(
    world: World, form: ModuleType, question: Question, speech: Speech, fault: Fault | None
) -> AsyncIterator[str]:
    """Yield the events over the time that the model takes; break off when it is to be dropped."""
    events = list(form.events(question, speech))
    pause = seconds_of(world, question, speech) / len(events)
    if fault is not None and fault.kind == "slow":
        pause += fault.seconds
    for number, event in enumerate(events):
        if fault is not None and fault.kind == "dropped" and number > len(events) // 2:
            raise ConnectionResetError("the simulator breaks off, as it was told to")
        await asyncio.sleep(pause)
        yield event
    world.bill(question.model, question.input_tokens, speech.output_tokens)


def _refuse(form: ModuleType, kind: str, headers: dict[str, str]) -> Response:
    status, name = _STATUSES[kind]
    told: dict[str, Any] = form.fault(name, f"simulated: {kind}")
    extra = {"retry-after": "1"} if status == 429 else {}
    return JSONResponse(told, status_code=status, headers={**headers, **extra})


def _key_of(request: Request) -> str:
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    return request.headers.get("x-api-key") or bearer
