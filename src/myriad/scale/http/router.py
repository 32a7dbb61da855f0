"""The router of products: its routes store answers under an Idempotency-Key before the commit."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from myriad.scale.http import idempotency


class Route(APIRoute):
    """A route whose answer belongs to the transaction that made it."""

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
