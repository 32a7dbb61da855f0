"""Errors as problem details: RFC 9457, `application/problem+json`.

Every answer of status 400 and up has the same members: type, title, status, detail, instance,
code, request_id and errors, a list of {pointer, detail}. What a caller cannot act on (a stack, a
query, another tenant's facts) never leaves the process.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from myriad.kit.errors import (
    InvalidInputError,
    MyriadError,
    TooManyRequestsError,
    UnavailableError,
)

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "/problems/"
_RETRY_SECONDS = 2
_BODY = ("body",)


@dataclass(frozen=True)
class Problem:
    """One error as the caller will read it."""

    status: int
    code: str
    title: str
    detail: str
    errors: tuple[tuple[str, str], ...] = ()
    headers: dict[str, str] = field(default_factory=dict)

    def as_dict(self, instance: str, request_id: str) -> dict[str, Any]:
        """Return the members of the problem document."""
        return {
            "type": TYPE_PREFIX + self.code.replace("_", "-"),
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "code": self.code,
            "request_id": request_id,
            "errors": [{"pointer": pointer, "detail": text} for pointer, text in self.errors],
        }


def problem_response(request: Request, problem: Problem) -> Response:
    """Return `problem` as an answer to `request`."""
    body = problem.as_dict(request.url.path, request_id_of(request))
    return Response(
        msgspec.json.encode(body), problem.status, dict(problem.headers), media_type=MEDIA_TYPE
    )


def request_id_of(request: Request) -> str:
    """Return the id that the edge gave to this request."""
    return str(request.scope.get("state", {}).get("request_id", ""))


def of_myriad_error(error: MyriadError) -> Problem:
    """Describe one of our own errors; those of status 500 keep their detail to the logs."""
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, UnavailableError):
        return INTERNAL
    errors = tuple(error.errors) if isinstance(error, InvalidInputError) else ()
    return Problem(error.status, error.code, error.title, error.detail, errors, _headers_of(error))


def _headers_of(error: MyriadError) -> dict[str, str]:
    if isinstance(error, TooManyRequestsError):
        return {"Retry-After": str(math.ceil(error.retry_after_seconds))}
    if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
        return {"Retry-After": str(_RETRY_SECONDS)}
    if error.status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": 'Bearer realm="myriad"'}
    return {}


def of_validation_error(error: RequestValidationError) -> Problem:
    """Describe a request that does not fit the schema, each fault with its JSON pointer."""
    if any(tuple(fault["loc"]) == _BODY and _is_raw(fault) for fault in error.errors()):
        return NO_JSON
    faults = tuple((_pointer(fault["loc"]), str(fault["msg"])) for fault in error.errors())
    summary = "; ".join(f"{pointer}: {text}" for pointer, text in faults[:3])
    return Problem(422, "invalid_input", "Invalid input", summary or "the input is invalid", faults)


def _is_raw(fault: Mapping[str, Any]) -> bool:
    """Whether the body was not even read as JSON, since it did not say that it is."""
    return isinstance(fault.get("input"), bytes)


def _pointer(location: Sequence[int | str]) -> str:
    parts = [str(part).replace("~", "~0").replace("/", "~1") for part in location]
    kept = parts[1:] if parts[:1] == ["body"] else parts
    return "/" + "/".join(kept)


def of_http_error(error: HTTPException) -> Problem:
    """Describe an error that the framework raised: no such route, wrong method, too large."""
    phrase = _phrase(error.status_code)
    code = phrase.lower().replace(" ", "_").replace("-", "_").replace("'", "")
    detail = str(error.detail) or phrase
    return Problem(error.status_code, code, phrase, detail, (), dict(error.headers or {}))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


INTERNAL = Problem(
    500,
    "internal_error",
    "Internal error",
    "something broke on our side; the request id finds it in our logs",
)
NO_JSON = Problem(
    415,
    "unsupported_media_type",
    "Unsupported Media Type",
    "send the body as JSON, with the header Content-Type: application/json",
)
UNSTORABLE = Problem(
    422,
    "invalid_input",
    "Invalid input",
    "a value is outside what can be stored: no zero characters, numbers of at most 64 bits",
)
UNAVAILABLE = Problem(
    503,
    "unavailable",
    "Unavailable",
    "the database cannot be reached or is too busy; try again in a moment",
    (),
    {"Retry-After": str(_RETRY_SECONDS)},
)
