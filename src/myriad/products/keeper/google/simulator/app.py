"""The simulated Business Profile as one Starlette application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from myriad.products.keeper.google.simulator import consent, control, endpoints
from myriad.products.keeper.google.simulator.pushes import Pushes
from myriad.products.keeper.google.simulator.state import (
    GoogleFaultError,
    GoogleSettings,
    GoogleSimulator,
    new_simulator,
)
from myriad.products.keeper.google.simulator.world import GoogleWorld

_Handler = Callable[[Request], Awaitable[Response]]
_SPOT = "/v4/accounts/{account}/locations/{location}"

_ROUTES: list[tuple[str, str, _Handler]] = [
    ("GET", "/", control.state),
    ("GET", "/o/oauth2/v2/auth", consent.authorize),
    ("POST", "/token", consent.token),
    ("POST", "/revoke", consent.revoke),
    ("GET", "/oauth2/v3/certs", control.keys),
    ("GET", "/v1/accounts", endpoints.accounts),
    ("GET", "/v1/accounts/{account}/locations", endpoints.locations),
    ("PATCH", "/v1/accounts/{account}/notificationSetting", endpoints.subscribe),
    ("GET", _SPOT + "/reviews", endpoints.reviews),
    ("GET", _SPOT + "/reviews/{review}", endpoints.review),
    ("PUT", _SPOT + "/reviews/{review}/reply", endpoints.update_reply),
    ("DELETE", _SPOT + "/reviews/{review}/reply", endpoints.delete_reply),
    ("GET", "/_control/state", control.state),
    ("POST", "/_control/faults", control.faults),
    ("POST", "/_control/verify", control.verify),
    ("POST", "/_control/revoke", control.revoke),
    ("POST", "/_control/reviews", control.put_review),
    ("POST", "/_control/reviews/delete", control.delete_review),
]


def create_app(world: GoogleWorld, settings: GoogleSettings | None = None) -> Starlette:
    """Return the application that serves `world`."""
    app = Starlette(routes=[Route(path, _told(call), methods=[m]) for m, path, call in _ROUTES])
    chosen = settings or GoogleSettings()
    app.state.simulator = new_simulator(world, chosen)
    app.state.pushes = Pushes(chosen)
    return app


def _told(handler: _Handler) -> _Handler:
    async def call(request: Request) -> Response:
        try:
            return await handler(request)
        except GoogleFaultError as refusal:
            return refusal.response()
        except (TypeError, ValueError, KeyError, msgspec.DecodeError) as fault:
            GoogleSimulator.of(request).weather.count("misunderstood")
            return GoogleFaultError(400, "INVALID_ARGUMENT", repr(fault)).response()

    return call
