"""The two cookies of the pages: the session, and the visitor that forms are bound to."""

from __future__ import annotations

from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from myriad.kit.clock import utc_now
from myriad.scale.http.settings import EdgeSettings

SESSION = "myriad_session"
VISITOR = "myriad_visitor"
_VISITOR_SECONDS = 14 * 24 * 3600


def cookie_name(settings: EdgeSettings, name: str) -> str:
    """Return the name as browsers hold it: `__Host-` binds a cookie to https and this host."""
    return f"__Host-{name}" if settings.is_https else name


def settings_of(request: Request) -> EdgeSettings:
    """Return the edge's settings of the application that answers."""
    settings: EdgeSettings = request.app.state.edge
    return settings


def find_session_token(request: Request) -> str | None:
    """Return the session token that the browser sent, or None."""
    return request.cookies.get(cookie_name(settings_of(request), SESSION))


def find_visitor(request: Request) -> str | None:
    """Return the visitor's random name that the browser sent, or None."""
    return request.cookies.get(cookie_name(settings_of(request), VISITOR))


def set_session_cookie(
    request: Request, response: Response, token: str, expires_at: datetime
) -> None:
    """Let the browser keep the session token; scripts cannot read it."""
    age = int((expires_at - utc_now()).total_seconds())
    _set(request, response, SESSION, token, age)


def set_visitor_cookie(request: Request, response: Response, value: str) -> None:
    """Let the browser keep the visitor's random name."""
    _set(request, response, VISITOR, value, _VISITOR_SECONDS)


def clear_session_cookie(request: Request, response: Response) -> None:
    """Let the browser forget the session token."""
    _set(request, response, SESSION, "", 0)


def _set(request: Request, response: Response, name: str, value: str, age: int) -> None:
    settings = settings_of(request)
    response.set_cookie(
        cookie_name(settings, name),
        value,
        max_age=age,
        path="/",
        httponly=True,
        secure=settings.is_https,
        samesite="lax",
    )
