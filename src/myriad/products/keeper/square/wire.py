"""An HTTP client that keeps Square's objects out of the SDK's models.

The SDK turns every object into nested models and back, at tens of milliseconds an object. This
client takes the list out of each answer, as Square sent it, and hands the SDK the rest: cursor and
errors. So the SDK makes the requests and understands the refusals, and unknown fields survive.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import httpx
import msgspec

Json = dict[str, Any]
_LISTS = (
    "customers",
    "payments",
    "refunds",
    "orders",
    "bookings",
    "team_members",
    "timecards",
    "locations",
)
_caught: ContextVar[list[Json] | None] = ContextVar("square_items", default=None)


class RawClient(httpx.AsyncClient):
    """An AsyncClient that remembers, for the task that asked, the list of its last answer."""

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send the request; of an answer with a list, return all but the list."""
        _caught.set([])
        response = await super().send(request, **options)
        if response.status_code != httpx.codes.OK:
            return response
        body = _decode(await response.aread())
        name = next((name for name in _LISTS if isinstance(body.get(name), list)), None)
        if name is None:
            return response
        _caught.set(body.pop(name))
        return httpx.Response(200, json=body, request=request)


def _decode(content: bytes) -> Json:
    try:
        return msgspec.json.decode(content, type=Json)
    except msgspec.DecodeError:
        return {}


def caught_items() -> list[Json]:
    """Return the list of the last answer that this task received."""
    return _caught.get() or []
