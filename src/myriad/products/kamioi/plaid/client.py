"""What Kamioi asks of Plaid, in the version of its API of 2020-09-14.

Every request is a POST with the application's id and secret in its body. Amounts come as JSON
numbers and are read as decimals. plaid-python would bring generated models of the whole API for
a few requests, without asyncio: these are those few.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final

import httpx

from myriad.products.kamioi.plaid.errors import (
    LoginRequiredError,
    MutationError,
    PlaidAnswerError,
    PlaidRateLimitedError,
    PlaidUnavailableError,
)
from myriad.products.kamioi.settings import KamioiSettings
from myriad.scale.limits import (
    AimdPolicy,
    Asking,
    FailedAttemptError,
    LimitedAttemptError,
    Patience,
    Vendor,
    connection_options,
    retry_after_seconds,
)
from myriad.scale.observe.metrics import Counter

Json = dict[str, Any]

PAGE: Final = 500
VERSION: Final = "2020-09-14"
_TIMEOUT_SECONDS = 30.0
# An item has 50 requests for its transactions a minute, an application 2,500 (Plaid, "Rate limits").
PLAID: Final = Vendor(
    "Plaid",
    "plaid",
    account=AimdPolicy(start_rate=0.8, floor_rate=0.05, ceiling_rate=0.8, burst=40),
    application=AimdPolicy(start_rate=40, floor_rate=1, ceiling_rate=40, burst=200),
    requests=Counter("myriad_kamioi_plaid_requests_total", "Requests to Plaid.", ["outcome"]),
    unavailable=PlaidUnavailableError,
    limited=PlaidRateLimitedError,
)
_LOGIN = frozenset(
    {
        *("ITEM_LOGIN_REQUIRED", "INVALID_CREDENTIALS", "INVALID_MFA", "ACCESS_NOT_GRANTED"),
        *("ITEM_LOCKED", "USER_SETUP_REQUIRED", "ITEM_NOT_FOUND"),
        *("INVALID_ACCESS_TOKEN", "USER_PERMISSION_REVOKED"),
    }
)
_PASSING = frozenset(
    {
        *("INSTITUTION_DOWN", "INSTITUTION_NOT_RESPONDING", "INSTITUTION_NOT_AVAILABLE"),
        *("INTERNAL_SERVER_ERROR", "PLANNED_MAINTENANCE", "PRODUCT_NOT_READY"),
    }
)


@dataclass(frozen=True)
class PlaidClient:
    """Sends requests for one item. Raises `plaid.errors`."""

    http: httpx.AsyncClient
    settings: KamioiSettings
    asking: Asking

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

        async def attempt() -> Json:
            return _take(await self.http.post(path, json=body))

        return await self.asking.ask(attempt)


def _take(answer: httpx.Response) -> Json:
    if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        raise LimitedAttemptError(retry_after_seconds(answer.headers))
    if answer.is_server_error:
        raise FailedAttemptError(str(answer.status_code))
    told = read_object(answer.content)
    code = str(told.get("error_code", ""))
    if code in _PASSING:
        raise FailedAttemptError(code)
    if answer.is_success:
        return told
    raise translate(code, str(told.get("error_message", "")))


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


@asynccontextmanager
async def open_client(
    settings: KamioiSettings, cache: Any, *, item: str = "-", patience: Patience | None = None
) -> AsyncIterator[PlaidClient]:
    """Open a client and close its connections at the end; `item` names whose rate is kept.

    A proxy of the environment leads to Plaid, never to a simulator on this machine.
    """
    limiter, breaker = PLAID.limits_of(cache)
    asking = Asking(PLAID, f"plaid:{item}", limiter, breaker, patience or Patience())
    async with httpx.AsyncClient(
        base_url=settings.plaid_base_url,
        headers={"Plaid-Version": VERSION},
        timeout=_TIMEOUT_SECONDS,
        **connection_options(settings.plaid_base_url),
    ) as http:
        yield PlaidClient(http, settings, asking)
