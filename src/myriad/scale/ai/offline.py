"""The provider that needs no key and no network: deterministic handlers, one a task.

It says what it is: provider and model of its answers are `offline`. A product registers how a task
is answered without a model; a task that nobody registered has no offline answer, for a made-up one
would be worse than none.
"""

from __future__ import annotations

from collections.abc import Callable

from myriad.scale.ai.errors import InvalidOutputError
from myriad.scale.ai.request import AIAnswer, AIRequest
from myriad.scale.ai.schemas import dump, schema_of, value_in

OFFLINE = "offline"

# Takes the request, returns the text of the answer or a value of its schema; the same for the same.
OfflineHandler = Callable[[AIRequest], object]

_handlers: dict[str, OfflineHandler] = {}


def answers_offline(task: str) -> Callable[[OfflineHandler], OfflineHandler]:
    """Register the decorated function as the offline answer of `task`."""

    def register(handler: OfflineHandler) -> OfflineHandler:
        _handlers[task] = handler
        return handler

    return register


def find_offline_answer(request: AIRequest, model_class: str) -> AIAnswer | None:
    """Return the deterministic answer of the request's task, or None when it has no handler."""
    handler = _handlers.get(request.task)
    if handler is None:
        return None
    made = handler(request)
    text = made if isinstance(made, str) else dump(made)
    value = None
    if schema_of(request) is not None:
        value = value_in(request, text)
    elif not isinstance(made, str):
        raise InvalidOutputError(f"the offline handler of {request.task} must return text")
    return AIAnswer(
        text=text, value=value, provider=OFFLINE, model=OFFLINE, model_class=model_class
    )


@answers_offline("platform.question.ask")
def _say_so(_request: AIRequest) -> str:
    return "This is the offline provider: no model has read the question."
