"""What can go wrong between us and the National Bank."""

from __future__ import annotations

from myriad.kit.errors import MyriadError, UnavailableError


class NbbUnavailableError(UnavailableError):
    """The National Bank does not answer, or answers with a fault of its own."""

    code = "nbb_unavailable"
    title = "The National Bank does not answer"


class NbbKeyError(MyriadError):
    """The subscription key is missing or refused."""

    code = "nbb_key"
    status = 409
    title = "No access to the National Bank"


class NbbAnswerError(UnavailableError):
    """An answer is not of the published form."""

    code = "nbb_answer"
    title = "The National Bank's answer cannot be read"
