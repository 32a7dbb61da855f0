"""OpenAI's Responses API as the simulator speaks it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from myriad.kit.ids import new_id
from myriad.scale.ai.simulator.chat_form import fault, headers
from myriad.scale.ai.simulator.speech import Question, Speech

__all__ = ["events", "fault", "headers", "message", "read"]

_PIECES = 24


def read(body: dict[str, Any]) -> Question:
    """Return the question of a request's body."""
    tools = body.get("tools") or []
    given = body["input"]
    turns = [{"role": "user", "content": given}] if isinstance(given, str) else given
    said = [(turn.get("role", "user"), _text_of(turn.get("content"))) for turn in turns]
    system = [str(body.get("instructions") or "")]
    system += [text for role, text in said if role in ("system", "developer")]
    return Question(
        model=body["model"],
        system="\n".join(text for text in system if text),
        text="\n".join(text for role, text in said if role not in ("system", "developer")),
        schema=tools[0].get("parameters") if tools else None,
        tool=tools[0]["name"] if tools else "",
        max_tokens=int(body.get("max_output_tokens") or 4096),
        stream=bool(body.get("stream")),
    )


def _text_of(content: Any) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(str(part.get("text", "")) for part in content)


def message(question: Question, speech: Speech) -> dict[str, Any]:
    """Return the whole answer."""
    return _response(question, speech, "incomplete" if speech.is_cut else "completed")


def events(question: Question, speech: Speech) -> Iterator[str]:
    """Yield the answer as server-sent events, some text in each."""
    number = 0

    def event(kind: str, **data: Any) -> str:
        nonlocal number
        number += 1
        body = {"type": kind, "sequence_number": number, **data}
        return f"event: {kind}\ndata: {json.dumps(body)}\n\n"

    yield event("response.created", response=_response(question, None, "in_progress"))
    item = _item(question, speech)
    place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    yield event("response.output_item.added", output_index=0, item={**item, "content": []})
    empty = {"type": "output_text", "text": "", "annotations": []}
    yield event("response.content_part.added", **place, part=empty)
    for start_at in range(0, len(speech.text), _PIECES):
        piece = speech.text[start_at : start_at + _PIECES]
        yield event("response.output_text.delta", **place, delta=piece, logprobs=[])
    yield event("response.output_text.done", **place, text=speech.text, logprobs=[])
    yield event("response.output_item.done", output_index=0, item=item)
    kind = "response.incomplete" if speech.is_cut else "response.completed"
    yield event(kind, response=message(question, speech))


def _response(question: Question, speech: Speech | None, status: str) -> dict[str, Any]:
    into, out = question.input_tokens, speech.output_tokens if speech else 0
    usage = {
        "input_tokens": into,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": out,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": into + out,
    }
    cut = {"reason": "max_output_tokens"} if speech and speech.is_cut else None
    return {
        "id": f"resp_{new_id().hex}",
        "object": "response",
        "created_at": int(time.time()),
        "model": question.model,
        "status": status,
        "error": None,
        "incomplete_details": cut,
        "instructions": None,
        "metadata": {},
        "output": [_item(question, speech)] if speech else [],
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": usage if speech else None,
    }


def _item(question: Question, speech: Speech) -> dict[str, Any]:
    if question.schema:
        call = {"call_id": "call_1", "name": question.tool, "arguments": speech.text}
        return {"type": "function_call", "id": "fc_1", "status": "completed", **call}
    part = {"type": "output_text", "text": speech.text, "annotations": [], "logprobs": []}
    head = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
    return {**head, "content": [part]}
