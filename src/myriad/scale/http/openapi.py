"""The OpenAPI document: what FastAPI derives, with our problem details in place of its errors."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse

from myriad.scale.http.idempotency import METHODS
from myriad.scale.http.problem import MEDIA_TYPE

_REF = {"$ref": "#/components/schemas/Problem"}
_ALWAYS = {400: "The request cannot be read.", 422: "The input does not fit."}
_WITH_CALLER = {
    401: "Nobody is signed in, or the key is not valid.",
    403: "The caller may not do this.",
    429: "More requests than the plan allows; Retry-After says when to come again.",
    503: "A part that is needed cannot be reached; try again later.",
}
_WITH_BODY = {
    409: "Contradicts the present state, or the same request is still in flight.",
    413: "The body is too large.",
    415: "The body does not say that it is JSON.",
}
_MISSING = {404: "There is no such thing for this tenant."}
_KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Makes a repeated request happen once; kept for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
# What the description of a route says whose body is read as it came, to check who sent it.
RAW_JSON_BODY: dict[str, Any] = {
    "requestBody": {
        "content": {"application/json": {"schema": {"type": "object"}}},
        "required": True,
    }
}


class ProblemFault(BaseModel):
    """One fault of the input."""

    pointer: str
    detail: str


class ProblemDetails(BaseModel):
    """An error, as RFC 9457 describes it."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    errors: list[ProblemFault]


DOCUMENT_PATH = "/api/openapi.json"


class DocumentedApp(FastAPI):
    """An application whose every operation documents every status that it answers with."""

    def setup(self) -> None:
        """Add the document's own route; others go on while every route is read for it."""

        async def document(_: Request) -> JSONResponse:
            return JSONResponse(await asyncio.to_thread(self.openapi))

        self.add_route(DOCUMENT_PATH, document, include_in_schema=False)
        super().setup()

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document of all routes."""
        if self.openapi_schema is None:
            self.openapi_schema = _with_problems(super().openapi())
        return self.openapi_schema


def _with_problems(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs") | {"Problem": problem}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path, item in document.get("paths", {}).items():
        for method, operation in item.items():
            _document(operation, method.upper(), path)
    return document


def _document(operation: dict[str, Any], method: str, path: str) -> None:
    responses = operation["responses"]
    # FastAPI describes its own 422; whatever else a route declares stands.
    responses.pop("422", None)
    for status, text in _statuses(operation, method, path).items():
        responses.setdefault(str(status), {"description": text})
    for status, response in responses.items():
        if status[0] in "45":
            response.setdefault("content", {MEDIA_TYPE: {"schema": _REF}})
    if method in METHODS and "security" in operation:
        operation.setdefault("parameters", []).append(_KEY_PARAMETER)


def _statuses(operation: dict[str, Any], method: str, path: str) -> dict[int, str]:
    statuses = dict(_ALWAYS)
    if "security" in operation:
        statuses |= _WITH_CALLER
    if method != "GET":
        statuses |= _WITH_BODY
    if "{" in path:
        statuses |= _MISSING
    return statuses
