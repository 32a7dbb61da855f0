"""Forms that only our own pages can post: signed double submit, bound to the session.

The browser sends a random visitor cookie; the form or header carries an HMAC of that cookie and of
the session. Another site can make a browser send the cookies and can never know the HMAC, and a
cookie planted from a sibling host does not fit the session.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from http import HTTPMethod

from starlette.datastructures import MutableHeaders, UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from myriad.kit.errors import ForbiddenError
from myriad.scale.http.cookies import find_session_token, find_visitor, set_visitor_cookie

FIELD = "csrf_token"
HEADER = "x-csrf-token"
SAFE_METHODS = frozenset({HTTPMethod.GET, HTTPMethod.HEAD, HTTPMethod.OPTIONS})
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


class CsrfError(ForbiddenError):
    """The form did not come from one of our pages, or the page was too old."""

    code = "csrf_failed"
    title = "Load the page again"


def csrf_token(request: Request) -> str:
    """Return the token for the forms of the page that answers `request`."""
    return _sign(request, _visitor(request))


def _visitor(request: Request) -> str:
    """Return the browser's visitor name, or one that the edge will hand out."""
    known = find_visitor(request)
    if known:
        return known
    if not hasattr(request.state, "new_visitor"):
        request.state.new_visitor = secrets.token_urlsafe(24)
    return str(request.state.new_visitor)


def remember_visitor(scope: Scope, headers: MutableHeaders) -> None:
    """Hand out the visitor cookie with the page whose token was made for a new visitor."""
    fresh = scope["state"].get("new_visitor")
    if fresh is not None:
        carrier = Response()
        set_visitor_cookie(Request(scope), carrier, fresh)
        headers.append("set-cookie", carrier.headers["set-cookie"])


def _sign(request: Request, visitor: str) -> str:
    session = find_session_token(request) or ""
    message = f"{visitor}|{session}".encode()
    key: bytes = request.app.state.csrf_key
    return hmac.digest(key, message, hashlib.sha256).hex()


async def check_csrf(request: Request) -> None:
    """Raise CsrfError unless a changing request carries the token of one of our pages."""
    if request.method in SAFE_METHODS:
        return
    visitor = find_visitor(request)
    given = request.headers.get(HEADER) or await _from_form(request)
    elsewhere = request.headers.get("sec-fetch-site") == "cross-site"
    if not (visitor and given) or elsewhere:
        raise CsrfError("the form did not come from this page; load the page and try again")
    if not hmac.compare_digest(given.encode(), _sign(request, visitor).encode()):
        raise CsrfError("the page was opened before you signed in; load it and try again")


async def _from_form(request: Request) -> str:
    if not request.headers.get("content-type", "").startswith(_FORM_TYPES):
        return ""
    value = (await request.form()).get(FIELD, "")
    return "" if isinstance(value, UploadFile) else value
