"""What makes two questions the same question."""

from __future__ import annotations

import hashlib
import json

from myriad.scale.ai.request import AIRequest
from myriad.scale.ai.schemas import digest_of


def question_digest(request: AIRequest, model_class: str) -> str:
    """Return sha256 over everything that decides the answer, in hexadecimal.

    That is the canonical prompt, the schema, the class of model and the version of the prompt. The
    tenant is not in it; it is part of the key under which an answer is stored.
    """
    canonical = json.dumps(
        [
            request.task,
            request.prompt_version,
            model_class,
            digest_of(request),
            request.max_output_tokens,
            request.instructions,
            [[message.role, message.text] for message in request.messages],
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return hashlib.sha256(canonical.encode()).hexdigest()
