"""The providers' batch APIs: Anthropic's message batches, OpenAI's files and batches."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from myriad.kit.ids import new_id
from myriad.scale.ai.simulator import anthropic_form, responses_form
from myriad.scale.ai.simulator.speech import speak
from myriad.scale.ai.simulator.world import World


def batch_routes(world: World) -> list[Route]:
    """Return the routes of both batch APIs."""
    return [*_anthropic(world), *_openai(world)]


def _anthropic(world: World) -> list[Route]:
    async def create(request: Request) -> Response:
        requests = (await request.json())["requests"]
        batch_id = f"msgbatch_{new_id().hex}"
        world.batches[batch_id] = {
            "requests": requests,
            "polls": 0,
            "cancelled": False,
            "created": datetime.now(UTC),
        }
        return JSONResponse(_shown(world, batch_id, str(request.base_url)))

    async def find(request: Request) -> Response:
        batch_id = request.path_params["batch_id"]
        if batch_id not in world.batches:
            return JSONResponse(anthropic_form.fault("not_found_error", "no such batch"), 404)
        world.batches[batch_id]["polls"] += 1
        return JSONResponse(_shown(world, batch_id, str(request.base_url)))

    async def cancel(request: Request) -> Response:
        batch_id = request.path_params["batch_id"]
        world.batches[batch_id]["cancelled"] = True
        return JSONResponse(_shown(world, batch_id, str(request.base_url)))

    async def results(request: Request) -> Response:
        batch = world.batches[request.path_params["batch_id"]]
        lines = "\n".join(_anthropic_lines(world, batch))
        return PlainTextResponse(lines + "\n", media_type="application/x-jsonl")

    root = "/v1/messages/batches"
    return [
        Route(root, create, methods=["POST"]),
        Route(root + "/{batch_id}", find),
        Route(root + "/{batch_id}/cancel", cancel, methods=["POST"]),
        Route(root + "/{batch_id}/results", results),
    ]


def _shown(world: World, batch_id: str, base: str) -> dict[str, Any]:
    batch = world.batches[batch_id]
    is_over = batch["polls"] > world.batch_polls or batch["cancelled"]
    count = len(batch["requests"])
    done = {"succeeded": count if is_over else 0, "processing": 0 if is_over else count}
    return {
        "id": batch_id,
        "type": "message_batch",
        "processing_status": "ended" if is_over else "in_progress",
        "request_counts": {"errored": 0, "canceled": 0, "expired": 0, **done},
        "created_at": batch["created"].isoformat(),
        "expires_at": (batch["created"] + timedelta(days=1)).isoformat(),
        "ended_at": datetime.now(UTC).isoformat() if is_over else None,
        "archived_at": None,
        "cancel_initiated_at": None,
        "results_url": f"{base}v1/messages/batches/{batch_id}/results" if is_over else None,
    }


def _anthropic_lines(world: World, batch: dict[str, Any]) -> Iterator[str]:
    for item in batch["requests"]:
        question = anthropic_form.read(item["params"])
        fault = world.take_fault(question.model)
        if fault is not None and fault.kind == "broken":
            told = anthropic_form.fault("api_error", "simulated: broken")
            result: dict[str, Any] = {"type": "errored", "error": told}
        else:
            speech = speak(world, question, fault)
            _bill_once(world, batch, item["custom_id"], question.model, question, speech)
            result = {"type": "succeeded", "message": anthropic_form.message(question, speech)}
        yield json.dumps({"custom_id": item["custom_id"], "result": result})


def _bill_once(
    world: World, batch: dict[str, Any], custom_id: str, model: str, question: Any, speech: Any
) -> None:
    billed = batch.setdefault("billed", set())
    if custom_id not in billed:
        billed.add(custom_id)
        world.bill(model, question.input_tokens, speech.output_tokens, half=True)


def _openai(world: World) -> list[Route]:
    async def upload(request: Request) -> Response:
        form = await request.form()
        content = form["file"]
        assert not isinstance(content, str)
        file_id = f"file-{new_id().hex}"
        world.files[file_id] = (await content.read()).decode()
        return JSONResponse(_file(file_id, world.files[file_id]))

    async def content(request: Request) -> Response:
        return PlainTextResponse(world.files[request.path_params["file_id"]])

    async def forget(request: Request) -> Response:
        file_id = request.path_params["file_id"]
        world.files.pop(file_id, None)
        return JSONResponse({"id": file_id, "object": "file", "deleted": True})

    async def create(request: Request) -> Response:
        body = await request.json()
        batch_id = f"batch_{new_id().hex}"
        world.batches[batch_id] = {"file": body["input_file_id"], "polls": 0, "output": None}
        return JSONResponse(_openai_shown(world, batch_id))

    async def find(request: Request) -> Response:
        batch_id = request.path_params["batch_id"]
        world.batches[batch_id]["polls"] += 1
        return JSONResponse(_openai_shown(world, batch_id))

    return [
        Route("/v1/files", upload, methods=["POST"]),
        Route("/v1/files/{file_id}/content", content),
        Route("/v1/files/{file_id}", forget, methods=["DELETE"]),
        Route("/v1/batches", create, methods=["POST"]),
        Route("/v1/batches/{batch_id}", find),
    ]


def _file(file_id: str, text: str) -> dict[str, Any]:
    head = {"id": file_id, "object": "file", "bytes": len(text), "created_at": int(time.time())}
    return {**head, "filename": "batch.jsonl", "purpose": "batch", "status": "processed"}


def _openai_shown(world: World, batch_id: str) -> dict[str, Any]:
    batch = world.batches[batch_id]
    is_over = batch["polls"] > world.batch_polls
    lines = world.files.get(batch["file"], "").splitlines()
    if is_over and batch["output"] is None:
        output = batch["output"] = f"file-{new_id().hex}"
        world.files[output] = "\n".join(_openai_line(world, line) for line in lines)
    done = len(lines) if is_over else 0
    return {
        "id": batch_id,
        "object": "batch",
        "endpoint": "/v1/responses",
        "input_file_id": batch["file"],
        "completion_window": "24h",
        "status": "completed" if is_over else "in_progress",
        "output_file_id": batch["output"],
        "error_file_id": None,
        "created_at": int(time.time()),
        "request_counts": {"total": len(lines), "completed": done, "failed": 0},
    }


def _openai_line(world: World, line: str) -> str:
    item = json.loads(line)
    question = responses_form.read(item["body"])
    speech = speak(world, question, world.take_fault(question.model))
    world.bill(question.model, question.input_tokens, speech.output_tokens, half=True)
    answer = {"status_code": 200, "body": responses_form.message(question, speech)}
    return json.dumps({"custom_id": item["custom_id"], "response": answer, "error": None})
