"""What a call needs before it goes out, and what one question has used up so far."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from myriad.kit.errors import MyriadError
from myriad.scale.ai.catalog import ModelLimits, Rung
from myriad.scale.ai.outcome import CallFailedError, CallRefusedError
from myriad.scale.ai.prices import ModelPrice
from myriad.scale.ai.request import AIRequest, Mode, Usage
from myriad.scale.ai.tokens import estimate_input_tokens
from myriad.scale.limits import Reservation

# With less than this left nothing is asked any more.
LEAST_SECONDS = 0.05
_LOW_SHARE = 5
_REMAINING = (
    ("x-ratelimit-remaining-requests", "rpm"),
    ("anthropic-ratelimit-requests-remaining", "rpm"),
    ("x-ratelimit-remaining-tokens", "tpm"),
    ("anthropic-ratelimit-tokens-remaining", "tpm"),
)


class RungSkippedError(MyriadError):
    """A rung of the ladder did not answer; `reason` goes into the chain of reasons.

    `ends_paying` says that no other paid model is to be tried: the tenant's money is used up.
    `leaves_provider` says that this provider will refuse the next model as well.
    """

    code = "ai_rung_skipped"

    def __init__(
        self, reason: str, *, ends_paying: bool = False, leaves_provider: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.ends_paying = ends_paying
        self.leaves_provider = leaves_provider


@dataclass
class Run:
    """What one question has used up so far, over all its calls."""

    request: AIRequest
    ends_at: float
    spent_usd_micros: int = 0
    usage: Usage = field(default_factory=Usage)
    reasons: list[str] = field(default_factory=list)

    @classmethod
    def start(cls, request: AIRequest) -> Run:
        """Start the clock of a question."""
        return cls(request, time.monotonic() + request.deadline_seconds)

    @property
    def seconds_left(self) -> float:
        """Seconds until the deadline."""
        return self.ends_at - time.monotonic()


@dataclass(frozen=True, slots=True)
class Ticket:
    """A call that may go out now: what it may cost at most is reserved."""

    rung: Rung
    request: AIRequest
    price: ModelPrice
    reservation: Reservation
    mode: Mode
    estimated: Usage
    started_at: float


def worst_usage(request: AIRequest) -> Usage:
    """Return the most tokens that a call may use."""
    return Usage(estimate_input_tokens(request), request.max_output_tokens)


def circuit_of(rung: Rung) -> str:
    """Return the breaker's key of a model."""
    return f"ai:{rung.key}"


def skipped(rung: Rung, error: CallFailedError) -> RungSkippedError:
    """Return the reason that a failed call leaves in the chain."""
    return RungSkippedError(
        f"{rung.key}: {error.why}", leaves_provider=isinstance(error, CallRefusedError)
    )


def is_low(headers: Mapping[str, str], limits: ModelLimits) -> bool:
    """Whether the provider says that less than a fifth of our minute is left."""
    for name, limit in _REMAINING:
        left = headers.get(name, "")
        if left.isdigit() and int(left) * _LOW_SHARE < getattr(limits, limit):
            return True
    return False
