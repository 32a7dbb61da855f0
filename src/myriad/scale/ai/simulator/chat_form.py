"""OpenAI's chat completions as the simulator speaks them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from myriad.kit.ids import new_id
from myriad.scale.ai.simulator.speech import Question, Speech

_PIECES = 24


def read(body: dict[str, Any]) -> Question:
    """Return the question of a request's body."""
    tools = body.get("tools") or []
    said = [(message["role"], _text_of(message.get("content"))) for message in body["messages"]]
    return Question(
        model=body["model"],
        system="\n".join(text for role, text in said if role in ("system", "developer")),
        text="\n".join(text for role, text in said if role not in ("system", "developer")),
        schema=tools[0]["function"].get("parameters") if tools else None,
        tool=tools[0]["function"]["name"] if tools else "",
        max_tokens=int(body.get("max_completion_tokens") or body.get("max_tokens") or 4096),
        stream=bool(body.get("stream")),
    )


def _text_of(content: Any) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(str(part.get("text", "")) for part in content)


def message(question: Question, speech: Speech) -> dict[str, Any]:
    """Return the whole answer."""
    said: dict[str, Any] = {"role": "assistant", "content": speech.text, "refusal": None}
    if question.schema:
        call = {"name": question.tool, "arguments": speech.text}
        said["content"] = None
        said["tool_calls"] = [{"id": "call_1", "type": "function", "function": call}]
    choice = {"index": 0, "message": said, "finish_reason": _finish(question, speech)}
    return {
        **_head(question, "chat.completion"),
        "choices": [choice],
        "usage": usage(question, speech),
    }


def events(question: Question, speech: Speech) -> Iterator[str]:
    """Yield the answer as server-sent events, some text in each."""
    head = _head(question, "chat.completion.chunk")

    def chunk(delta: dict[str, Any], finish: str | None = None) -> str:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
        return f"data: {json.dumps({**head, 'choices': choices})}\n\n"

    yield chunk({"role": "assistant", "content": ""})
    for start_at in range(0, len(speech.text), _PIECES):
        yield chunk({"content": speech.text[start_at : start_at + _PIECES]})
    yield chunk({}, _finish(question, speech))
    counted = {**head, "choices": [], "usage": usage(question, speech)}
    yield f"data: {json.dumps(counted)}\n\ndata: [DONE]\n\n"


def usage(question: Question, speech: Speech) -> dict[str, int]:
    """Return the tokens of an answer."""
    into, out = question.input_tokens, speech.output_tokens
    return {"prompt_tokens": into, "completion_tokens": out, "total_tokens": into + out}


def fault(kind: str, text: str) -> dict[str, Any]:
    """Return the body of an error."""
    return {"error": {"message": text, "type": kind, "param": None, "code": kind}}


def headers(left: int) -> dict[str, str]:
    """Return the rate headers of an answer."""
    return {
        "x-ratelimit-limit-requests": "1000000",
        "x-ratelimit-remaining-requests": str(left),
        "x-request-id": f"req_{new_id().hex}",
    }


def _head(question: Question, kind: str) -> dict[str, Any]:
    made = {"id": f"chatcmpl-{new_id().hex}", "object": kind, "created": int(time.time())}
    return {**made, "model": question.model}


def _finish(question: Question, speech: Speech) -> str:
    if speech.is_cut:
        return "length"
    return "tool_calls" if question.schema else "stop"
