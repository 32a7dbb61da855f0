"""How asking a model can end without an answer."""

from __future__ import annotations

from myriad.kit.errors import (
    ConflictError,
    InvalidInputError,
    MyriadError,
    NotFoundError,
    UnavailableError,
)


class UnknownModelError(InvalidInputError):
    """No price is known for the model, so it is not called: what it costs could not be told."""

    code = "ai_unknown_model"
    title = "Model without a price"


class UnknownModelClassError(InvalidInputError):
    """The table of models has no such class or complexity."""

    code = "ai_unknown_model_class"
    title = "Unknown model class"


class ModelTableError(InvalidInputError):
    """A table of models or prices cannot be used; the message names the entry."""

    code = "ai_model_table"
    title = "Broken table of models"


class LedgerAwayError(UnavailableError):
    """What an undertaking has spent cannot be read now, so nothing is paid from its purse."""

    code = "ai_ledger_away"
    title = "Ledger of AI calls away"


class UnknownBatchError(NotFoundError):
    """This tenant has no such batch of questions."""

    code = "ai_unknown_batch"
    title = "Batch not found"


class PromptNotFoundError(NotFoundError):
    """The package has no prompt of that name and version."""

    code = "ai_prompt_not_found"
    title = "Prompt not found"


class InvalidOutputError(MyriadError):
    """A model answered, also after one repair, with what its task cannot use."""

    code = "ai_invalid_output"
    title = "Unusable answer of a model"


class NoAnswerError(UnavailableError):
    """Every rung of the ladder failed; `reasons` tells why, in order."""

    code = "ai_no_answer"
    title = "No model answered"

    def __init__(self, task: str, reasons: tuple[str, ...]) -> None:
        super().__init__(f"no model answered {task}: {'; '.join(reasons) or 'none is configured'}")
        self.task = task
        self.reasons = reasons


class StreamBrokenError(UnavailableError):
    """A stream ended before its answer was whole; what came is in `text`."""

    code = "ai_stream_broken"
    title = "The answer broke off"

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(f"the answer broke off: {reason}")
        self.reason = reason
        self.text = text


class IdempotencyMismatchError(ConflictError):
    """The idempotency key was used before for another question."""

    code = "ai_idempotency_mismatch"
    title = "Idempotency key used for another question"
