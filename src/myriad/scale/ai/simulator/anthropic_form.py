"""Anthropic's Messages API as the simulator speaks it: questions in, messages and events out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from myriad.kit.ids import new_id
from myriad.scale.ai.simulator.speech import Question, Speech

_PIECES = 24


def read(body: dict[str, Any]) -> Question:
    """Return the question of a request's body."""
    tools = body.get("tools") or []
    return Question(
        model=body["model"],
        system=_text_of(body.get("system") or ""),
        text="\n".join(_text_of(message["content"]) for message in body["messages"]),
        schema=tools[0].get("input_schema") if tools else None,
        tool=tools[0]["name"] if tools else "",
        max_tokens=int(body["max_tokens"]),
        stream=bool(body.get("stream")),
    )


def _text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(str(part.get("text", "")) for part in content)


def message(question: Question, speech: Speech) -> dict[str, Any]:
    """Return the whole answer."""
    return {
        "id": f"msg_{new_id().hex}",
        "type": "message",
        "role": "assistant",
        "model": question.model,
        "content": [_block(question, speech)],
        "stop_reason": _stop(question, speech),
        "stop_sequence": None,
        "usage": _usage(question, speech.output_tokens),
    }


def events(question: Question, speech: Speech) -> Iterator[str]:
    """Yield the answer as server-sent events, some text in each."""
    start = {**message(question, speech), "content": [], "stop_reason": None}
    start["usage"] = _usage(question, 1)
    yield _event("message_start", message=start)
    nothing: dict[str, Any] = {"input": {}} if question.schema else {"text": ""}
    empty = _block(question, speech) | nothing
    yield _event("content_block_start", index=0, content_block=empty)
    kind, key = ("input_json_delta", "partial_json") if question.schema else ("text_delta", "text")
    for start_at in range(0, len(speech.text), _PIECES):
        piece = speech.text[start_at : start_at + _PIECES]
        yield _event("content_block_delta", index=0, delta={"type": kind, key: piece})
    yield _event("content_block_stop", index=0)
    delta = {"stop_reason": _stop(question, speech), "stop_sequence": None}
    yield _event("message_delta", delta=delta, usage={"output_tokens": speech.output_tokens})
    yield _event("message_stop")


def fault(kind: str, text: str) -> dict[str, Any]:
    """Return the body of an error."""
    return {"type": "error", "error": {"type": kind, "message": text}}


def headers(left: int) -> dict[str, str]:
    """Return the rate headers of an answer."""
    return {
        "anthropic-ratelimit-requests-limit": "1000000",
        "anthropic-ratelimit-requests-remaining": str(left),
        "request-id": f"req_{new_id().hex}",
    }


def _block(question: Question, speech: Speech) -> dict[str, Any]:
    if not question.schema:
        return {"type": "text", "text": speech.text}
    try:
        given = json.loads(speech.text)
    except json.JSONDecodeError:
        given = {}
    return {"type": "tool_use", "id": "toolu_1", "name": question.tool, "input": given}


def _stop(question: Question, speech: Speech) -> str:
    if speech.is_cut:
        return "max_tokens"
    return "tool_use" if question.schema else "end_turn"


def _usage(question: Question, output_tokens: int) -> dict[str, int]:
    return {
        "input_tokens": question.input_tokens,
        "output_tokens": output_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
    }


def _event(kind: str, **data: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n"
