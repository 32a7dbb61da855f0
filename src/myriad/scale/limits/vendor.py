"""One request to a vendor: admitted, given its turn, tried again with jitter, told in our words.

The order is breaker, rate limit, attempt. A vendor's own library must not try again by itself: that
would count neither toward the rate nor toward the breaker.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, TypeVar
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import httpx

from myriad.kit.errors import MyriadError
from myriad.scale.limits.aimd import AimdLimiter, AimdPolicy
from myriad.scale.limits.breaker import Breaker, Outcome
from myriad.scale.observe.metrics import Counter

T = TypeVar("T")

_made: WeakKeyDictionary[Any, dict[str, tuple[AimdLimiter, Breaker]]] = WeakKeyDictionary()


class ConnectionOptions(TypedDict):
    """Keyword arguments of httpx.AsyncClient."""

    trust_env: bool
    verify: bool


def connection_options(base_url: str) -> ConnectionOptions:
    """Return how to connect: a proxy of the environment leads to the vendor, never to this machine.

    Without TLS no certificates are read, which takes longer than a request.
    """
    parts = urlsplit(base_url)
    is_local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    return {"trust_env": not is_local, "verify": parts.scheme == "https"}


class FailedAttemptError(Exception):
    """The vendor could not answer now (5xx and its kin); another attempt may do better."""


class LimitedAttemptError(Exception):
    """The vendor asks for a pause (429)."""

    def __init__(self, pause_seconds: float) -> None:
        super().__init__(pause_seconds)
        self.pause_seconds = pause_seconds


@dataclass(frozen=True)
class Patience:
    """How long one request is tried: attempts, waits with full jitter, and the longest pause."""

    attempts: int = 5
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 20.0

    def backoff(self, attempt: int) -> float:
        """Return the seconds to wait after attempt 0, 1, …: anything up to twice the last most."""
        most = min(self.longest_wait_seconds, self.first_wait_seconds * 2**attempt)
        return random.uniform(0, most)  # noqa: S311 - spreads retries, keeps no secret


@dataclass(frozen=True)
class Vendor:
    """An outside service: how fast it may be asked, how requests are counted, what faults are called.

    `account` is the rate of one of its accounts, `application` that of the whole installation, kept
    under `<key>:application`. `requests` has one label, `outcome`. `unavailable` takes a detail,
    `limited` a detail and the seconds to wait.
    """

    name: str
    key: str
    account: AimdPolicy
    application: AimdPolicy
    requests: Counter
    unavailable: Callable[[str], MyriadError]
    limited: Callable[[str, float], MyriadError]

    @property
    def application_key(self) -> str:
        """Where the rate of the installation is kept."""
        return f"{self.key}:application"

    def limits_of(self, cache: Any) -> tuple[AimdLimiter, Breaker]:
        """Return the limiter and breaker that share this cache connection."""
        made = _made.setdefault(cache, {})
        if self.key not in made:
            policies = {self.application_key: self.application}
            made[self.key] = (AimdLimiter(cache, self.account, policies=policies), Breaker(cache))
        return made[self.key]


@dataclass(frozen=True)
class Asking:
    """Asks a vendor for one of its accounts; `account_key` is where its rate and health are kept."""

    vendor: Vendor
    account_key: str
    limiter: AimdLimiter
    breaker: Breaker
    patience: Patience = Patience()

    async def ask(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Return what an attempt returned.

        An attempt may be made again, so what it asks must be idempotent. It raises
        FailedAttemptError, LimitedAttemptError, or a MyriadError for a refusal that trying again
        does not mend, which goes to the caller. Raises the vendor's `unavailable` and `limited`
        when patience ends, CircuitOpenError while the vendor is down.
        """
        for number in range(self.patience.attempts):
            is_last = number == self.patience.attempts - 1
            await self.breaker.admit(self.account_key)
            await self._wait_for_turn()
            try:
                answer = await attempt()
            except httpx.TimeoutException as error:
                await self._failed(Outcome.TIMEOUT, is_last, error)
            except (httpx.TransportError, FailedAttemptError) as error:
                await self._failed(Outcome.FAILURE, is_last, error)
            except LimitedAttemptError as error:
                await self._limited(error, is_last)
            except MyriadError:
                await self._answered("refused")
                raise
            else:
                await self._answered("ok")
                return answer
            await asyncio.sleep(self.patience.backoff(number))
        raise AssertionError("the last attempt returns or raises")

    async def _wait_for_turn(self) -> None:
        wait = await self.limiter.reserve(self.vendor.application_key, self.account_key)
        if wait > self.patience.longest_wait_seconds:
            detail = f"{self.vendor.name} asked for a pause that is not over"
            raise self.vendor.limited(detail, wait)
        await asyncio.sleep(wait)

    async def _answered(self, outcome: str) -> None:
        self.vendor.requests.labels(outcome=outcome).inc()
        await self.breaker.record(self.account_key, Outcome.SUCCESS)

    async def _failed(self, outcome: Outcome, is_last: bool, error: Exception) -> None:
        self.vendor.requests.labels(outcome=outcome.value).inc()
        await self.breaker.record(self.account_key, outcome)
        if is_last:
            cause = error.__cause__ or error
            detail = f"{self.vendor.name} did not answer ({type(cause).__name__}); ask again later"
            raise self.vendor.unavailable(detail) from error

    async def _limited(self, error: LimitedAttemptError, is_last: bool) -> None:
        # An answer all the same: it slows this account and says nothing about the vendor's health.
        await self._answered("limited")
        await self.limiter.refuse(self.account_key, pause_seconds=error.pause_seconds)
        if is_last or error.pause_seconds > self.patience.longest_wait_seconds:
            detail = f"{self.vendor.name} limits our rate for this account"
            raise self.vendor.limited(detail, error.pause_seconds) from error


def retry_after_seconds(headers: Mapping[str, str]) -> float:
    """Return the pause in whole seconds that a 429 asks for, 1 when it does not say (RFC 9110)."""
    for name, value in headers.items():
        if name.lower() == "retry-after" and value.strip().isdigit():
            return float(value)
    return 1.0
