"""One request to Google, and what its answers mean."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import httpx
import msgspec

from myriad.products.keeper.google.errors import (
    GoogleAccessGoneError,
    GoogleAnswerError,
    LocationUnverifiedError,
    ReviewGoneError,
)
from myriad.scale.limits import (
    Asking,
    FailedAttemptError,
    LimitedAttemptError,
    retry_after_seconds,
)

Json = dict[str, Any]

_RETRIED: Final = (408, 500, 502, 503, 504)
_REFUSALS: Final = {
    401: GoogleAccessGoneError,
    403: LocationUnverifiedError,
    404: ReviewGoneError,
}


@dataclass(frozen=True)
class Transport:
    """Sends requests for one account of Google's (`accounts/…`)."""

    http: httpx.AsyncClient
    token: str
    asking: Asking

    async def send(self, method: str, url: str, **options: Any) -> Json:
        """Return the answer's object; every method used is idempotent, so it may be sent again.

        Raises the errors of `google.errors`, CircuitOpenError while Google is down.
        """

        async def attempt() -> Json:
            headers = {"Authorization": f"Bearer {self.token}"}
            return _take(await self.http.request(method, url, headers=headers, **options))

        return await self.asking.ask(attempt)


def _take(answer: httpx.Response) -> Json:
    if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        raise LimitedAttemptError(retry_after_seconds(answer.headers))
    if answer.status_code in _RETRIED:
        raise FailedAttemptError(str(answer.status_code))
    if answer.is_success:
        return read_object(answer.content)
    raise translate(answer)


def read_object(content: bytes) -> Json:
    """Return the JSON object of a body, empty for an empty one; raises GoogleAnswerError."""
    try:
        return msgspec.json.decode(content or b"{}", type=dict[str, Any])
    except msgspec.DecodeError:
        raise GoogleAnswerError("Google's answer is no JSON object") from None


def translate(answer: httpx.Response) -> GoogleAnswerError:
    """Return our error for a refusal (google.rpc.Status) that trying again does not mend."""
    try:
        fault = read_object(answer.content).get("error")
    except GoogleAnswerError:
        fault = None
    told = fault if isinstance(fault, dict) else {"message": str(fault or "no reason given")}
    kind = _REFUSALS.get(answer.status_code, GoogleAnswerError)
    return kind(f"Google: {told.get('message') or told.get('status')}")
