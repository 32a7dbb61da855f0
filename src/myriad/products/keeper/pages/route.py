"""How Keeper's pages behave as routes: without an account they lead to Connections."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from myriad.products.keeper.errors import NoAccountError
from myriad.scale.http import Router
from myriad.scale.http.router import Route

CONNECTIONS = "/keeper/connections"
_SEE_OTHER = 303


class PageRoute(Route):
    """A page that needs the tenant's Keeper account; a tenant without one is led to connect."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with the way out."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except NoAccountError:
                if request.url.path == CONNECTIONS:
                    raise
                return see_other(CONNECTIONS)

        return answer


def page_router() -> Router:
    """Return a router of Keeper's pages."""
    return Router(tags=["keeper"], route_class=PageRoute)


def see_other(path: str) -> RedirectResponse:
    """Return the answer that lets a browser load `path` after a form was sent."""
    return RedirectResponse(path, _SEE_OTHER)


def is_partial(request: Request) -> bool:
    """Tell whether a part of the page is asked for, not the page."""
    return "hx-request" in request.headers


def own_path(path: str, otherwise: str) -> str:
    """Return `path` when it is one of Keeper's own pages, else `otherwise`."""
    is_ours = path.startswith("/keeper/") and path.isprintable() and "\\" not in path
    return path if is_ours else otherwise
