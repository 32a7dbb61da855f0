"""One request to Google: admitted, guarded, tried again with jitter, and told in our words."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import Any, Final

import httpx
import msgspec

from myriad.products.keeper.google.errors import (
    GoogleAccessGoneError,
    GoogleAnswerError,
    GoogleRateLimitedError,
    GoogleUnavailableError,
    LocationUnverifiedError,
    ReviewGoneError,
)
from myriad.products.keeper.google.policy import APPLICATION_KEY
from myriad.scale.limits import AimdLimiter, Breaker, Outcome
from myriad.scale.observe.metrics import Counter

Json = dict[str, Any]

_requests = Counter("myriad_keeper_google_requests_total", "Requests to Google.", ["outcome"])
_RATE: Final = 429
_RETRIED: Final = (408, 500, 502, 503, 504)
_REFUSALS: Final = {
    401: GoogleAccessGoneError,
    403: LocationUnverifiedError,
    404: ReviewGoneError,
}


@dataclass(frozen=True)
class Patience:
    """How long one request is tried: attempts, waits with full jitter, and the longest pause."""

    attempts: int = 5
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 20.0


@dataclass(frozen=True)
class Transport:
    """Sends requests for one account of Google's (`accounts/…`)."""

    http: httpx.AsyncClient
    token: str
    account: str
    limiter: AimdLimiter
    breaker: Breaker
    patience: Patience = Patience()

    async def send(self, method: str, url: str, **options: Any) -> Json:
        """Return the answer's object; every method used is idempotent, so it may be sent again.

        Raises the errors of `google.errors`, CircuitOpenError while Google is down.
        """
        for attempt in range(self.patience.attempts):
            is_last = attempt == self.patience.attempts - 1
            await self.breaker.admit(self._key)
            await self._wait_for_turn()
            try:
                answer = await self.http.request(
                    method, url, headers={"Authorization": f"Bearer {self.token}"}, **options
                )
            except httpx.TransportError as error:
                timed_out = isinstance(error, httpx.TimeoutException)
                await self._failed(Outcome.TIMEOUT if timed_out else Outcome.FAILURE, is_last)
            else:
                found = await self._take(answer, is_last)
                if found is not None:
                    return found
            await asyncio.sleep(self._backoff(attempt))
        raise AssertionError("the last attempt returns or raises")

    async def _take(self, answer: httpx.Response, is_last: bool) -> Json | None:
        if answer.status_code == _RATE:
            await self._limited(answer, is_last)
            return None
        if answer.status_code in _RETRIED:
            await self._failed(Outcome.FAILURE, is_last)
            return None
        await self.breaker.record(self._key, Outcome.SUCCESS)
        if answer.is_success:
            _requests.labels(outcome="ok").inc()
            return read_object(answer.content)
        _requests.labels(outcome="refused").inc()
        raise translate(answer)

    async def _wait_for_turn(self) -> None:
        wait = await self.limiter.reserve(APPLICATION_KEY, self._key)
        if wait > self.patience.longest_wait_seconds:
            raise GoogleRateLimitedError("Google asked for a pause that is not over", wait)
        await asyncio.sleep(wait)

    @property
    def _key(self) -> str:
        return f"google:{self.account}"

    async def _failed(self, outcome: Outcome, is_last: bool) -> None:
        _requests.labels(outcome=outcome.value).inc()
        await self.breaker.record(self._key, outcome)
        if is_last:
            raise GoogleUnavailableError("Google did not answer; Keeper tries again by itself")

    async def _limited(self, answer: httpx.Response, is_last: bool) -> None:
        # A 429 is an answer: it slows this account and says nothing about Google's health.
        _requests.labels(outcome="limited").inc()
        pause = retry_after_seconds(answer)
        await self.breaker.record(self._key, Outcome.SUCCESS)
        await self.limiter.refuse(self._key, pause_seconds=pause)
        if is_last or pause > self.patience.longest_wait_seconds:
            raise GoogleRateLimitedError("Google limits our rate for this account", pause)

    def _backoff(self, attempt: int) -> float:
        most = self.patience.first_wait_seconds * 2**attempt
        longest = min(self.patience.longest_wait_seconds, most)
        return random.uniform(0, longest)  # noqa: S311 - spreads retries, keeps no secret


def read_object(content: bytes) -> Json:
    """Return the JSON object of a body, empty for an empty one; raises GoogleAnswerError."""
    try:
        return msgspec.json.decode(content or b"{}", type=dict[str, Any])
    except msgspec.DecodeError:
        raise GoogleAnswerError("Google's answer is no JSON object") from None


def retry_after_seconds(answer: httpx.Response) -> float:
    """Return the pause that a 429 asks for, 1 second when it does not say."""
    given = answer.headers.get("retry-after", "").strip()
    return float(given) if given.isdigit() else 1.0


def translate(answer: httpx.Response) -> GoogleAnswerError:
    """Return our error for a refusal (google.rpc.Status) that trying again does not mend."""
    try:
        fault = read_object(answer.content).get("error")
    except GoogleAnswerError:
        fault = None
    told = fault if isinstance(fault, dict) else {"message": str(fault or "no reason given")}
    kind = _REFUSALS.get(answer.status_code, GoogleAnswerError)
    return kind(f"Google: {told.get('message') or told.get('status')}")
