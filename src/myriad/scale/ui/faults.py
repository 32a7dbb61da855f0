"""What an error page says: what happened, and what to do now."""

from __future__ import annotations

from dataclasses import dataclass

_WORDS = {
    401: ("Please sign in", "Your session has ended. Sign in and you are back where you were."),
    403: (
        "This is not yours to see",
        "Your role in this account does not include this page. An owner of the account can "
        "change that.",
    ),
    404: (
        "There is nothing here",
        "The page may have moved, or it belongs to another account. Check the address, or switch "
        "the account at the top of the page.",
    ),
    409: ("Someone was faster", "This has changed since you opened it. Load the page again."),
    413: ("That is too large", "The file or form is larger than this page accepts."),
    422: ("That cannot be used as it is", "Go back, and correct what the form asks for."),
    429: ("A little slower, please", "Too many requests came from here. Wait a minute, try again."),
    503: (
        "A part of Myriad is not ready",
        "It starts or restarts at this moment. Nothing is lost; try again in a few seconds.",
    ),
}
_UNKNOWN = (
    "Something broke on our side",
    "Nothing that you saved is lost. Try again; if it happens once more, send us the reference.",
)


@dataclass(frozen=True, slots=True)
class Fault:
    """The words of one error page; `request_id` is the reference that finds it in the logs."""

    status: int
    title: str
    advice: str
    request_id: str = ""
    detail: str = ""


def fault(status: int, request_id: str = "", detail: str = "") -> Fault:
    """Return the words for an HTTP status; unknown ones read as a failure of ours."""
    title, advice = _WORDS.get(status, _UNKNOWN)
    return Fault(status, title, advice, request_id, detail)
