"""What Square may answer instead of data."""

from __future__ import annotations

from myriad.kit.errors import MyriadError, TooManyRequestsError, UnavailableError


class SquareAnswerError(MyriadError):
    """Square refused a request in a way that trying again does not mend."""

    code = "square_refused"
    status = 502
    title = "Square refused the request"


class TokenRevokedError(SquareAnswerError):
    """The seller's permission is gone: revoked, expired, or never given."""

    code = "square_token_revoked"
    title = "Square access is gone"


class PlanMissingError(SquareAnswerError):
    """The seller's plan or the granted scopes do not include this kind of object."""

    code = "square_plan_missing"
    title = "Not included in the seller's plan"


class CursorExpiredError(SquareAnswerError):
    """The stored cursor is no longer known; the window must be read from its start."""

    code = "square_cursor_expired"
    title = "The page mark has expired"


class RepeatedCursorError(SquareAnswerError):
    """Square gave the same cursor again and again; going on would never end."""

    code = "square_repeated_cursor"
    title = "Square repeats a page"


class RateLimitedError(TooManyRequestsError):
    """Square asks for a pause that outlasts the patience of one request."""

    code = "square_rate_limited"
    title = "Square limits our rate"


class SquareUnavailableError(UnavailableError):
    """Square does not answer, or answers with its own errors."""

    code = "square_unavailable"
    title = "Square is not answering"
