"""Square's error bodies."""

from __future__ import annotations

from starlette.responses import Response

from myriad.scale.simulator.answers import json_response


class SquareError(Exception):
    """A refusal in Square's words: HTTP status, category, code, detail, and the field at fault."""

    def __init__(
        self, status: int, category: str, code: str, detail: str, field: str | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.category = category
        self.code = code
        self.detail = detail
        self.field = field

    def response(self, headers: dict[str, str] | None = None) -> Response:
        """Return the answer that carries this refusal."""
        error = {"category": self.category, "code": self.code, "detail": self.detail}
        if self.field:
            error["field"] = self.field
        return json_response({"errors": [error]}, self.status, headers)


def bad_request(code: str, detail: str, field: str | None = None) -> SquareError:
    """Return a 400 of the category INVALID_REQUEST_ERROR."""
    return SquareError(400, "INVALID_REQUEST_ERROR", code, detail, field)


def unauthorized(code: str, detail: str) -> SquareError:
    """Return a 401 of the category AUTHENTICATION_ERROR."""
    return SquareError(401, "AUTHENTICATION_ERROR", code, detail)


def rate_limited() -> SquareError:
    """Return the 429 that says nothing about the limit."""
    detail = "The request was rate limited; try again later."
    return SquareError(429, "RATE_LIMIT_ERROR", "RATE_LIMITED", detail)


def server_error() -> SquareError:
    """Return a 500."""
    detail = "An internal error has occurred, and the API was unable to service your request."
    return SquareError(500, "API_ERROR", "INTERNAL_SERVER_ERROR", detail)
