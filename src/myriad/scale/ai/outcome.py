"""How one call to a model ended, in our own words, whichever provider it went to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from myriad.kit.errors import MyriadError
from myriad.scale.ai.request import Usage


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said, before it is held against the request's schema."""

    text: str
    usage: Usage
    is_cut: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


class CallFailedError(MyriadError):
    """A call brought no reply. `why` is short and constant; it goes into the chain of reasons."""

    code = "ai_call_failed"
    why = "failed"

    def __init__(self, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.headers = dict(headers or {})


class CallTimedOutError(CallFailedError, TimeoutError):
    """No reply, or no next token, in time; the breaker counts it apart."""

    code = "ai_call_timed_out"
    why = "timed out"


class ProviderFailedError(CallFailedError):
    """The provider is broken, overloaded or sends garbage; the breaker counts it."""

    code = "ai_provider_failed"
    why = "provider failed"


class CallLimitedError(CallFailedError):
    """The provider limits us (429): the limiter's business, the breaker's not."""

    code = "ai_call_limited"
    why = "rate limited"

    def __init__(
        self, detail: str, headers: Mapping[str, str] | None, retry_after_seconds: float | None
    ) -> None:
        super().__init__(detail, headers)
        self.retry_after_seconds = retry_after_seconds


class CallRefusedError(CallFailedError):
    """The provider refuses this request, key or model (400, 401, 403, 404, no credit).

    Neither trips the breaker nor is tried again at this provider.
    """

    code = "ai_call_refused"
    why = "refused"
