"""Answers made of bytes: rows go from the driver through msgspec to the socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import msgspec
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, Field
from starlette.responses import Response

__all__ = [
    "EventSourceResponse",
    "Queued",
    "ServerSentEvent",
    "json_answer",
    "json_bytes",
    "json_rows",
]

_encoder = msgspec.json.Encoder(decimal_format="number")
Events = AsyncIterator[ServerSentEvent]


def json_bytes(value: Any) -> bytes:
    """Return `value` as JSON: dates and ids as strings, decimals as numbers, NaN as null."""
    return _encoder.encode(value)


def json_answer(
    value: Any, status: int = 200, *, headers: dict[str, str] | None = None
) -> Response:
    """Return `value` as a JSON answer without a second pass through a model."""
    return Response(json_bytes(value), status, headers, media_type="application/json")


def json_rows(rows: Sequence[Any]) -> Response:
    """Return a complete, bounded list as `{"items": [...]}`; unbounded lists are pages."""
    return json_answer({"items": rows})


class Queued(BaseModel):
    """A job was put into the queue; the same live job answers a second request."""

    job_id: UUID = Field(description="the job to watch")
