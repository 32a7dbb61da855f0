"""What Google may answer instead of reviews."""

from __future__ import annotations

from myriad.kit.errors import MyriadError, TooManyRequestsError, UnavailableError


class GoogleAnswerError(MyriadError):
    """Google refused a request in a way that trying again does not mend."""

    code = "google_refused"
    status = 502
    title = "Google refused the request"


class GoogleAccessGoneError(GoogleAnswerError):
    """The permission is gone: revoked, expired, or never given."""

    code = "google_access_gone"
    title = "Google access is gone"


class LocationUnverifiedError(GoogleAnswerError):
    """The location is not verified, so Google shows and takes no reviews of it."""

    code = "google_location_unverified"
    title = "The location is not verified"


class ReviewGoneError(GoogleAnswerError):
    """The review does not exist (any more)."""

    code = "google_review_gone"
    title = "The review is gone"


class RepeatedPageError(GoogleAnswerError):
    """Google gave the same page token again and again; going on would never end."""

    code = "google_repeated_page"
    title = "Google repeats a page"


class GoogleRateLimitedError(TooManyRequestsError):
    """Google asks for a pause that outlasts the patience of one request."""

    code = "google_rate_limited"
    title = "Google limits our rate"


class GoogleUnavailableError(UnavailableError):
    """Google does not answer, or answers with its own errors."""

    code = "google_unavailable"
    title = "Google is not answering"
