"""One request to Square, and what its answers mean.

The SDK's own retries are switched off: they would count neither toward the rate nor toward the
breaker.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

from square.core.api_error import ApiError
from square.core.request_options import RequestOptions

from myriad.products.keeper.square.errors import (
    CursorExpiredError,
    PlanMissingError,
    SquareAnswerError,
    TokenRevokedError,
)
from myriad.scale.limits import (
    Asking,
    FailedAttemptError,
    LimitedAttemptError,
    retry_after_seconds,
)

T = TypeVar("T")

OPTIONS: RequestOptions = {"max_retries": 0}
_RETRIED_STATUSES = (408, 409, 500, 502, 503, 504)
_TOKEN_CODES = frozenset({"UNAUTHORIZED", "ACCESS_TOKEN_REVOKED", "ACCESS_TOKEN_EXPIRED"})
_PLAN_CODES = frozenset({"FORBIDDEN", "INSUFFICIENT_SCOPES", "MERCHANT_SUBSCRIPTION_NOT_FOUND"})


@dataclass(frozen=True)
class Transport:
    """Sends requests of one seller."""

    asking: Asking

    async def call(self, request: Callable[[], Awaitable[T]]) -> T:
        """Return the answer, or raise one of the errors of `square.errors`."""

        async def attempt() -> T:
            try:
                return await request()
            except ApiError as error:
                raise _judge(error) from error

        return await self.asking.ask(attempt)


def _judge(error: ApiError) -> Exception:
    if error.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        return LimitedAttemptError(retry_after_seconds(error.headers or {}))
    if error.status_code in _RETRIED_STATUSES:
        return FailedAttemptError(str(error.status_code))
    return translate(error)


def translate(error: ApiError) -> SquareAnswerError:
    """Return our error for a refusal that trying again does not mend."""
    first = error.errors[0]
    code, detail = str(first.code), first.detail or "Square gave no reason"
    if error.status_code == 401 or code in _TOKEN_CODES:
        return TokenRevokedError(detail, code=code)
    if error.status_code == 403 or code in _PLAN_CODES:
        return PlanMissingError(detail, code=code)
    if code == "INVALID_CURSOR":
        return CursorExpiredError(detail, code=code)
    return SquareAnswerError(f"{code}: {detail}", code=code, http_status=error.status_code)
