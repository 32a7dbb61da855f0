"""How many tokens a question has before it is asked: a cautious guess from its bytes."""

from __future__ import annotations

import json

from myriad.scale.ai.request import AIRequest
from myriad.scale.ai.schemas import schema_of

# English has about four bytes a token, code and most other languages fewer; JSON about three.
_BYTES_A_TOKEN = 3
_TOKENS_A_MESSAGE = 8
_TOKENS_A_TOOL = 400


def estimate_input_tokens(request: AIRequest) -> int:
    """Return tokens that the question will rarely exceed, its schema included."""
    size = len(request.instructions.encode())
    size += sum(len(message.text.encode()) for message in request.messages)
    extra = _TOKENS_A_MESSAGE * (len(request.messages) + 1)
    schema = schema_of(request)
    if schema is not None:
        size += len(json.dumps(schema))
        extra += _TOKENS_A_TOOL
    return estimate_tokens(size) + extra


def estimate_tokens(size_bytes: int) -> int:
    """Return a cautious number of tokens for a text of that many bytes."""
    return -(-size_bytes // _BYTES_A_TOKEN)
