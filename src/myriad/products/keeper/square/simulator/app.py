"""The simulated Square as one Starlette application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from myriad.products.keeper.square.simulator import consent, control, endpoints
from myriad.products.keeper.square.simulator.answers import SquareError
from myriad.products.keeper.square.simulator.settings import VERSION, SimulatorSettings
from myriad.products.keeper.square.simulator.state import Simulator, WaitError, new_simulator
from myriad.products.keeper.square.simulator.world import World
from myriad.scale.simulator.answers import json_response

_Handler = Callable[[Request], Awaitable[Response]]

_ROUTES: list[tuple[str, str, _Handler]] = [
    ("GET", "/", control.state),
    ("GET", "/oauth2/authorize", consent.authorize),
    ("POST", "/oauth2/token", consent.token),
    ("POST", "/oauth2/token/status", consent.status),
    ("POST", "/oauth2/revoke", consent.revoke),
    ("GET", "/v2/merchants", endpoints.merchants),
    ("GET", "/v2/merchants/{merchant_id}", endpoints.merchants),
    ("GET", "/v2/locations", endpoints.locations),
    ("GET", "/v2/customers", endpoints.customers),
    ("POST", "/v2/customers/search", endpoints.search_customers),
    ("GET", "/v2/payments", endpoints.payments),
    ("GET", "/v2/refunds", endpoints.refunds),
    ("POST", "/v2/orders/search", endpoints.search_orders),
    ("GET", "/v2/bookings", endpoints.bookings),
    ("POST", "/v2/team-members/search", endpoints.search_team_members),
    ("POST", "/v2/labor/timecards/search", endpoints.search_timecards),
    ("POST", "/v2/labor/shifts/search", endpoints.search_shifts),
    ("GET", "/_control/state", control.state),
    ("POST", "/_control/faults", control.faults),
    ("POST", "/_control/plan", control.plan),
    ("POST", "/_control/payments", control.add_payment),
    ("POST", "/_control/customers", control.add_customer),
    ("POST", "/_control/bookings", control.add_booking),
    ("POST", "/_control/refunds", control.add_refund),
    ("POST", "/_control/update", control.update),
    ("POST", "/_control/merge", control.merge),
    ("POST", "/_control/webhooks/send", control.send_webhook),
]


def create_app(world: World, settings: SimulatorSettings | None = None) -> Starlette:
    """Return the application that serves `world`."""
    app = Starlette(routes=[Route(path, _squarely(call), methods=[m]) for m, path, call in _ROUTES])
    app.state.simulator = new_simulator(world, settings or SimulatorSettings())
    app.add_exception_handler(404, _not_found)
    return app


def _squarely(handler: _Handler) -> _Handler:
    async def call(request: Request) -> Response:
        try:
            answer = await handler(request)
        except WaitError as refusal:
            answer = refusal.response(refusal.headers)
        except SquareError as refusal:
            answer = refusal.response()
        except (TypeError, ValueError, AttributeError, KeyError) as fault:
            answer = _misunderstood(request, fault)
        version = request.headers.get("square-version", VERSION)
        answer.headers["Square-Version"] = version
        return answer

    return call


def _misunderstood(request: Request, fault: Exception) -> Response:
    Simulator.of(request).weather.count("misunderstood")
    error = {"category": "INVALID_REQUEST_ERROR", "code": "BAD_REQUEST", "detail": repr(fault)}
    return json_response({"errors": [error]}, 400)


async def _not_found(request: Request, _: Exception) -> Response:
    detail = f"API endpoint for URL path `{request.url.path}` is not found."
    error = {"category": "INVALID_REQUEST_ERROR", "code": "NOT_FOUND", "detail": detail}
    return json_response({"errors": [error]}, 404)
