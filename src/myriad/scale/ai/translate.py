"""Between our request and pydantic_ai's messages; its modules load at the first call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from myriad.kit.lazy import lazily
from myriad.scale.ai.outcome import Reply
from myriad.scale.ai.request import AIRequest, Usage
from myriad.scale.ai.schemas import schema_of

ai_messages = lazily("pydantic_ai.messages")
ai_models = lazily("pydantic_ai.models")
ai_tools = lazily("pydantic_ai.tools")

ANSWER_TOOL = "answer"
_CUT = "length"


def messages(request: AIRequest) -> list[Any]:
    """Return the conversation; the instructions stand before it."""
    made: list[Any] = []
    for message in request.messages:
        if message.role == "assistant":
            part = ai_messages.TextPart(content=message.text)
            made.append(ai_messages.ModelResponse(parts=[part]))
        else:
            part = ai_messages.UserPromptPart(content=message.text)
            made.append(
                ai_messages.ModelRequest(parts=[part], instructions=request.instructions or None)
            )
    return made


def settings(request: AIRequest, timeout_seconds: float | None) -> dict[str, Any]:
    """Return pydantic_ai's settings: a bound on tokens always, one on time but in a batch."""
    made: dict[str, Any] = {"max_tokens": request.max_output_tokens}
    if timeout_seconds is not None:
        made["request_timeout"] = timeout_seconds
    return made


def parameters(request: AIRequest, *, with_instructions: bool = False) -> Any:
    """Return pydantic_ai's parameters: a structured answer is one forced call of a tool.

    `pydantic_ai.direct` adds the instructions by itself; its batch methods want them here.
    """
    schema = schema_of(request)
    parts = None
    if with_instructions and request.instructions:
        parts = [ai_messages.InstructionPart(content=request.instructions)]
    if schema is None:
        return ai_models.ModelRequestParameters(instruction_parts=parts)
    tool = ai_tools.ToolDefinition(
        name=ANSWER_TOOL,
        description="Give the answer.",
        parameters_json_schema=dict(schema),
        kind="output",
    )
    return ai_models.ModelRequestParameters(
        output_mode="tool",
        output_tools=[tool],
        allow_text_output=False,
        instruction_parts=parts,
    )


def reply(response: Any, request: AIRequest, headers: Mapping[str, str]) -> Reply:
    """Return what the model said; of a structured answer its JSON."""
    text = response.text or ""
    if schema_of(request) is not None:
        calls = [part for part in response.parts if isinstance(part, ai_messages.ToolCallPart)]
        text = calls[0].args_as_json_str() if calls else text
    return Reply(text, usage(response.usage), response.finish_reason == _CUT, headers)


def usage(counted: Any) -> Usage:
    """Return our form of pydantic_ai's usage, whose input includes cached tokens as ours does."""
    return Usage(
        input_tokens=counted.input_tokens,
        output_tokens=counted.output_tokens,
        cache_read_tokens=counted.cache_read_tokens,
        cache_write_tokens=counted.cache_write_tokens,
    )


class OpenStream:
    """An answer under way: its text piece by piece, then what it came to."""

    def __init__(self, stream: Any, headers: Mapping[str, str]) -> None:
        self._stream = stream
        self._headers = headers

    async def texts(self) -> AsyncIterator[str]:
        """Yield the text as it comes."""
        async for event in self._stream:
            if isinstance(event, ai_messages.PartStartEvent):
                if isinstance(event.part, ai_messages.TextPart) and event.part.content:
                    yield event.part.content
            elif isinstance(event, ai_messages.PartDeltaEvent) and isinstance(
                event.delta, ai_messages.TextPartDelta
            ):
                yield event.delta.content_delta

    def reply(self, request: AIRequest) -> Reply:
        """Return the answer as far as it has come."""
        return reply(self._stream.get(), request, self._headers)
