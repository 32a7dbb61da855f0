"""What Kamioi asks of Plaid, in the version of its API of 2020-09-14.

Every request is a POST with the application's id and secret in its body. Amounts come as JSON
numbers and are read as decimals. plaid-python would bring generated models of the whole API for
a few requests, without asyncio: these are those few.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import httpx

from myriad.products.kamioi.plaid.errors import (
    LoginRequiredError,
    MutationError,
    PlaidAnswerError,
    PlaidRateLimitedError,
    PlaidUnavailableError,
)
from myriad.products.kamioi.settings import KamioiSettings
from myriad.scale.limits import AimdLimiter, AimdPolicy, Breaker, Outcome
from myriad.scale.observe.metrics import Counter

Json = dict[str, Any]

PAGE: Final = 500
VERSION: Final = "2020-09-14"
_TIMEOUT_SECONDS = 30.0
_APPLICATION = "plaid:application"
_RATE = 429
_SERVER = 500
# An item has 50 requests for its transactions a minute, an application 2,500 (Plaid, "Rate limits").
_ITEM_POLICY = AimdPolicy(start_rate=0.8, floor_rate=0.05, ceiling_rate=0.8, burst=40)
_APPLICATION_POLICY = AimdPolicy(start_rate=40, floor_rate=1, ceiling_rate=40, burst=200)
_LOGIN = frozenset(
    {
        *("ITEM_LOGIN_REQUIRED", "INVALID_CREDENTIALS", "INVALID_MFA", "ACCESS_NOT_GRANTED"),
        *("ITEM_LOCKED", "USER_SETUP_REQUIRED", "PENDING_EXPIRATION", "ITEM_NOT_FOUND"),
        *("INVALID_ACCESS_TOKEN", "USER_PERMISSION_REVOKED"),
    }
)
_PASSING = frozenset(
    {
        *("INSTITUTION_DOWN", "INSTITUTION_NOT_RESPONDING", "INSTITUTION_NOT_AVAILABLE"),
        *("INTERNAL_SERVER_ERROR", "PLANNED_MAINTENANCE", "PRODUCT_NOT_READY"),
    }
)
_requests = Counter("myriad_kamioi_plaid_requests_total", "Requests to Plaid.", ["outcome"])
_made: WeakKeyDictionary[Any, tuple[AimdLimiter, Breaker]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Patience:
    """How long one request is tried: attempts, waits with full jitter, and the longest pause."""

    attempts: int = 5
    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 20.0


@dataclass(frozen=True)
class PlaidClient:
    """Sends requests for one item; `item` names it where rates are kept. Raises `plaid.errors`."""

    http: httpx.AsyncClient
    settings: KamioiSettings
    limiter: AimdLimiter
    breaker: Breaker
    item: str = "-"
    patience: Patience = Patience()

    async def create_link_token(
        self, member_id: str, *, back_to: str = "", access_token: str = "", webhook: str = ""
    ) -> Json:
        """Return `link_token` and `expiration`, with which the member's browser opens Link.

        With `back_to` Plaid hosts the pages at `hosted_link_url` and leads there when they end.
        With an `access_token` the member signs in to that bank again (update mode). Webhooks of the
        visit and its bank go to `webhook`, else to the application's address.
        """
        asked: Json = {
            "user": {"client_user_id": member_id},
            "client_name": "Kamioi",
            "country_codes": ["US"],
            "language": "en",
        }
        if access_token:
            asked["access_token"] = access_token
        else:
            asked["products"] = ["transactions"]
        if back_to:
            asked["hosted_link"] = {"completion_redirect_uri": back_to}
        if told_at := webhook or self.settings.plaid_webhook_url:
            asked["webhook"] = told_at
        return await self._send("/link/token/create", asked)

    async def link_sessions(self, link_token: str) -> list[Json]:
        """Return the visits to Link that began with a token, as `/link/token/get` tells them."""
        found = await self._send("/link/token/get", {"link_token": link_token})
        return list(found.get("link_sessions") or ())

    async def remove_item(self, access_token: str) -> None:
        """End Plaid's access to an item; the token is of no use afterwards."""
        await self._send("/item/remove", {"access_token": access_token})

    async def exchange(self, public_token: str) -> tuple[str, str]:
        """Return access token and item id for the token that Link gave."""
        found = await self._send("/item/public_token/exchange", {"public_token": public_token})
        return str(found["access_token"]), str(found["item_id"])

    async def accounts(self, access_token: str) -> Json:
        """Return `accounts` with balances, and `item`."""
        return await self._send("/accounts/get", {"access_token": access_token})

    async def changes(self, access_token: str, cursor: str) -> Json:
        """Return a page of what was added, modified and removed since `cursor`, empty at first."""
        asked: Json = {
            "access_token": access_token,
            "count": PAGE,
            "options": {"include_original_description": True},
        }
        if cursor:
            asked["cursor"] = cursor
        return await self._send("/transactions/sync", asked)

    async def webhook_key(self, key_id: str) -> Json:
        """Return the public key that signs webhooks under this id (JWK with `expired_at`)."""
        found = await self._send("/webhook_verification_key/get", {"key_id": key_id})
        key: Json = found["key"]
        return key

    async def _send(self, path: str, asked: Json) -> Json:
        secret = self.settings.plaid_secret.get_secret_value()
        body = {"client_id": self.settings.plaid_client_id, "secret": secret, **asked}
        for attempt in range(self.patience.attempts):
            is_last = attempt == self.patience.attempts - 1
            await self.breaker.admit(self._key)
            await self._wait_for_turn()
            try:
                answer = await self.http.post(path, json=body)
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
        told = read_object(answer.content)
        code = str(told.get("error_code", ""))
        if answer.status_code == _RATE:
            await self._limited(answer, is_last)
            return None
        if answer.status_code >= _SERVER or code in _PASSING:
            await self._failed(Outcome.FAILURE, is_last)
            return None
        await self.breaker.record(self._key, Outcome.SUCCESS)
        if answer.is_success:
            _requests.labels(outcome="ok").inc()
            return told
        _requests.labels(outcome="refused").inc()
        raise translate(code, str(told.get("error_message", "")))

    async def _wait_for_turn(self) -> None:
        wait = await self.limiter.reserve(_APPLICATION, self._key)
        if wait > self.patience.longest_wait_seconds:
            raise PlaidRateLimitedError("Plaid asked for a pause that is not over", wait)
        await asyncio.sleep(wait)

    @property
    def _key(self) -> str:
        return f"plaid:{self.item}"

    async def _failed(self, outcome: Outcome, is_last: bool) -> None:
        _requests.labels(outcome=outcome.value).inc()
        await self.breaker.record(self._key, outcome)
        if is_last:
            raise PlaidUnavailableError("Plaid did not answer; Kamioi tries again by itself")

    async def _limited(self, answer: httpx.Response, is_last: bool) -> None:
        # A 429 is an answer: it slows this item and says nothing about Plaid's health.
        _requests.labels(outcome="limited").inc()
        given = answer.headers.get("retry-after", "").strip()
        pause = float(given) if given.isdigit() else 1.0
        await self.breaker.record(self._key, Outcome.SUCCESS)
        await self.limiter.refuse(self._key, pause_seconds=pause)
        if is_last or pause > self.patience.longest_wait_seconds:
            raise PlaidRateLimitedError("Plaid limits our rate for this item", pause)

    def _backoff(self, attempt: int) -> float:
        most = self.patience.first_wait_seconds * 2**attempt
        longest = min(self.patience.longest_wait_seconds, most)
        return random.uniform(0, longest)  # noqa: S311 - spreads retries, keeps no secret


def read_object(content: bytes) -> Json:
    """Return the JSON object of a body, numbers as decimals; raises PlaidAnswerError."""
    try:
        found = json.loads(content or b"{}", parse_float=Decimal)
    except ValueError:
        raise PlaidAnswerError("Plaid's answer is no JSON") from None
    if not isinstance(found, dict):
        raise PlaidAnswerError("Plaid's answer is no JSON object")
    return found


def translate(code: str, message: str) -> PlaidAnswerError:
    """Return our error for a code of Plaid's that trying again does not mend."""
    if code in _LOGIN:
        return LoginRequiredError(f"{code}: {message}", plaid_code=code)
    if code == "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION":
        return MutationError(f"{code}: {message}", plaid_code=code)
    return PlaidAnswerError(f"{code or 'no code'}: {message}", plaid_code=code)


def limits_of(cache: Any) -> tuple[AimdLimiter, Breaker]:
    """Return the limiter and breaker that share this cache connection."""
    if cache not in _made:
        policies = {_APPLICATION: _APPLICATION_POLICY}
        _made[cache] = (AimdLimiter(cache, _ITEM_POLICY, policies=policies), Breaker(cache))
    return _made[cache]


@asynccontextmanager
async def open_client(
    settings: KamioiSettings, cache: Any, *, item: str = "-", patience: Patience | None = None
) -> AsyncIterator[PlaidClient]:
    """Open a client and close its connections at the end.

    A proxy of the environment leads to Plaid, never to a simulator on this machine.
    """
    parts = urlsplit(settings.plaid_base_url)
    is_local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    limiter, breaker = limits_of(cache)
    async with httpx.AsyncClient(
        base_url=settings.plaid_base_url,
        headers={"Plaid-Version": VERSION},
        timeout=_TIMEOUT_SECONDS,
        trust_env=not is_local,
        verify=parts.scheme == "https",
    ) as http:
        yield PlaidClient(http, settings, limiter, breaker, item, patience or Patience())
