"""The router of products: its routes store answers under an Idempotency-Key before the commit.

A route is put together when it is first asked for. FastAPI reads every signature and makes a schema
of every type where a route is declared, and again for each router that includes it; of two hundred
routes, four fifths of which a process may never be asked for, that was half of every start.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from typing import Any, Self

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path, get_name

from myriad.scale.http import idempotency

# The document of all routes is made in a thread, beside requests.
_PUTTING_TOGETHER = threading.RLock()


class Route(APIRoute):
    """A route whose answer belongs to the transaction that made it.

    It knows its path and its methods from the start, the rest from the first use.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self._options = options
        self._is_whole = False
        self.path, self.endpoint = path, endpoint
        self.name = options.get("name") or get_name(endpoint)
        self.methods = {method.upper() for method in options.get("methods") or ["GET"]}
        self.include_in_schema = options.get("include_in_schema", True)
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)

    def __getattr__(self, name: str) -> Any:
        """Put the route together when something is asked for that it does not know yet."""
        if not name.startswith("__"):
            with _PUTTING_TOGETHER:
                if not self.__dict__.get("_is_whole", True):
                    self._is_whole = True
                    super().__init__(self.path, self.endpoint, **self._options)
                if name in self.__dict__:
                    return self.__dict__[name]
        raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")

    def included(self, parent: APIRouter, prefix: str, include_in_schema: bool) -> Self:
        """Return this route as `parent` has it."""
        own = self._options
        return type(self)(
            f"{parent.prefix}{prefix}{self.path}",
            self.endpoint,
            **own
            | {
                "tags": [*parent.tags, *(own.get("tags") or ())],
                "dependencies": [*parent.dependencies, *(own.get("dependencies") or ())],
                "responses": {**parent.responses, **(own.get("responses") or {})},
                "deprecated": own.get("deprecated") or parent.deprecated,
                "include_in_schema": self.include_in_schema
                and include_in_schema
                and parent.include_in_schema,
                "dependency_overrides_provider": parent.dependency_overrides_provider,
            },
        )

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler; it still runs inside the session dependencies of the request."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            await idempotency.keep_body(request)
            try:
                response = await handle(request)
            except idempotency.AnsweredBeforeError as answered:
                return answered.response
            await idempotency.finish(request, response)
            return response

        return answer


class Router(APIRouter):
    """An APIRouter whose routes honour Idempotency-Key; products use this one."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("route_class", Route)
        super().__init__(**options)

    def include_router(self, router: APIRouter, **options: Any) -> None:
        """Take over the routes that `router` has now; with options, include it in FastAPI's way."""
        if options:
            super().include_router(router, **options)
        else:
            include(self, router)


def include(
    parent: APIRouter, router: APIRouter, *, prefix: str = "", include_in_schema: bool = True
) -> None:
    """Let `parent` answer the routes that `router` has now, below `prefix`.

    Other routes than ours are included in FastAPI's way.
    """
    if all(isinstance(route, Route) for route in router.routes):
        parent.routes.extend(
            route.included(parent, prefix, include_in_schema)
            for route in router.routes
            if isinstance(route, Route)
        )
    else:
        APIRouter.include_router(parent, router, prefix=prefix, include_in_schema=include_in_schema)
