"""One request to Square: admitted, guarded, tried again with jitter, and told in our words.

The order is breaker, rate limit, attempt. The SDK's own retries are switched off: it would count
neither toward the rate nor toward the breaker.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import httpx
from square.core.api_error import ApiError
from square.core.request_options import RequestOptions

from myriad.products.keeper.square.errors import (
    CursorExpiredError,
    PlanMissingError,
    RateLimitedError,
    SquareAnswerError,
    SquareUnavailableError,
    TokenRevokedError,
)
from myriad.scale.limits import AimdLimiter, Breaker, Outcome
from myriad.scale.observe.metrics import Counter

T = TypeVar("T")

OPTIONS: RequestOptions = {"max_retries": 0}
APPLICATION_KEY = "square:application"
_requests = Counter("myriad_keeper_square_requests_total", "Requests to Square.", ["outcome"])
_STATUS_RATE = 429
_RETRIED_STATUSES = (408, 409, 500, 502, 503, 504)
_TOKEN_CODES = frozenset({"UNAUTHORIZED", "ACCESS_TOKEN_REVOKED", "ACCESS_TOKEN_EXPIRED"})
_PLAN_CODES = frozenset({"FORBIDDEN", "INSUFFICIENT_SCOPES", "MERCHANT_SUBSCRIPTION_NOT_FOUND"})


@dataclass(frozen=True)
class Patience:
    """How long one request is tried: attempts, waits with full jitter, and the longest pause."""

    attempts: int = 6
    first_wait_seconds: float = 0.25
    longest_wait_seconds: float = 20.0


@dataclass(frozen=True)
class Transport:
    """Sends requests of one seller."""

    limiter: AimdLimiter
    breaker: Breaker
    merchant_id: str
    patience: Patience = Patience()

    async def call(self, request: Callable[[], Awaitable[T]]) -> T:
        """Return the answer, or raise one of the errors of `square.errors`."""
        for attempt in range(self.patience.attempts):
            is_last = attempt == self.patience.attempts - 1
            await self.breaker.admit(self._key)
            await self._wait_for_turn()
            try:
                answer = await request()
            except httpx.TimeoutException as error:
                await self._failed(Outcome.TIMEOUT, is_last, error)
            except httpx.TransportError as error:
                await self._failed(Outcome.FAILURE, is_last, error)
            except ApiError as error:
                await self._refused(error, is_last)
            else:
                await self.breaker.record(self._key, Outcome.SUCCESS)
                _requests.labels(outcome="ok").inc()
                return answer
            await asyncio.sleep(self._backoff(attempt))
        raise AssertionError("the last attempt returns or raises")

    async def _wait_for_turn(self) -> None:
        wait = await self.limiter.reserve(APPLICATION_KEY, self._key)
        if wait > self.patience.longest_wait_seconds:
            raise RateLimitedError("Square asked for a pause that is not over", wait)
        await asyncio.sleep(wait)

    @property
    def _key(self) -> str:
        return f"square:seller:{self.merchant_id}"

    async def _failed(self, outcome: Outcome, is_last: bool, error: Exception) -> None:
        _requests.labels(outcome=outcome.value).inc()
        await self.breaker.record(self._key, outcome)
        if is_last:
            detail = f"Square did not answer: {type(error).__name__}"
            raise SquareUnavailableError(detail) from error

    async def _refused(self, error: ApiError, is_last: bool) -> None:
        status = error.status_code or 0
        if status == _STATUS_RATE:
            await self._limited(error, is_last)
        elif status in _RETRIED_STATUSES:
            await self._failed(Outcome.FAILURE, is_last, error)
        else:
            _requests.labels(outcome="refused").inc()
            await self.breaker.record(self._key, Outcome.SUCCESS)
            raise translate(error) from error

    async def _limited(self, error: ApiError, is_last: bool) -> None:
        # A 429 is an answer: it slows this seller and says nothing about Square's health.
        _requests.labels(outcome="limited").inc()
        pause = retry_after_seconds(error)
        await self.breaker.record(self._key, Outcome.SUCCESS)
        await self.limiter.refuse(self._key, pause_seconds=pause)
        if is_last or pause > self.patience.longest_wait_seconds:
            raise RateLimitedError("Square limits our rate for this seller", pause) from error

    def _backoff(self, attempt: int) -> float:
        most = min(
            self.patience.longest_wait_seconds, self.patience.first_wait_seconds * 2**attempt
        )
        return random.uniform(0, most)  # noqa: S311 - spreads retries, keeps no secret


def retry_after_seconds(error: ApiError) -> float:
    """Return the pause that a 429 asks for, 1 second when it does not say."""
    for name, value in (error.headers or {}).items():
        if name.lower() == "retry-after" and value.strip().isdigit():
            return float(value)
    return 1.0


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
