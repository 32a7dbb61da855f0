"""The root of every error that Myriad raises on purpose.

An error keeps its facts as attributes. `code` is stable and machine-readable, `status` is the
HTTP status that the edge answers with, `title` names the kind for people.
"""

from __future__ import annotations

from typing import ClassVar


class MyriadError(Exception):
    """Something went wrong that a caller can understand and act on."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str, **facts: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts = facts


class NotFoundError(MyriadError):
    """The thing does not exist for this tenant."""

    code = "not_found"
    status = 404
    title = "Not found"


class ConflictError(MyriadError):
    """The request contradicts the present state."""

    code = "conflict"
    status = 409
    title = "Conflict"


class InvalidInputError(MyriadError):
    """The input cannot be used as it is.

    `errors` lists the faults as (JSON pointer, what was expected).
    """

    code = "invalid_input"
    status = 422
    title = "Invalid input"

    def __init__(
        self, detail: str, errors: list[tuple[str, str]] | None = None, **facts: object
    ) -> None:
        super().__init__(detail, **facts)
        self.errors = errors or []


class UnauthorizedError(MyriadError):
    """Nobody is signed in, or the key is unknown, expired or revoked."""

    code = "unauthorized"
    status = 401
    title = "Sign in first"


class ForbiddenError(MyriadError):
    """The caller is known but may not do this."""

    code = "forbidden"
    status = 403
    title = "Not allowed"


class TooManyRequestsError(MyriadError):
    """The caller must wait; `retry_after_seconds` says how long."""

    code = "too_many_requests"
    status = 429
    title = "Too many requests"

    def __init__(self, detail: str, retry_after_seconds: float, **facts: object) -> None:
        super().__init__(detail, **facts)
        self.retry_after_seconds = retry_after_seconds


class UnavailableError(MyriadError):
    """A part that this needs cannot be reached now; trying later may work."""

    code = "unavailable"
    status = 503
    title = "Unavailable"
