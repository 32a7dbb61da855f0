"""Finding the route of a request in a few dictionary steps instead of one expression a route.

FastAPI tries every route of every router in order, a regular expression each; at some hundred
routes that is a tenth of what a page costs. The index keeps FastAPI's rule, the first route in
order that fits path and method, and asks only those whose literal beginning fits. Whatever it does
not find (wrong methods, mounts, redirects, unknown paths) goes on to FastAPI's own router.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Any

from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.convertors import Convertor
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

_ANYTHING = re.compile("")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One route; without `context` it belongs to FastAPI's router, and so does what it matches."""

    number: int
    route: BaseRoute
    pattern: re.Pattern[str]
    methods: frozenset[str] = frozenset()
    convertors: tuple[tuple[str, Convertor[Any]], ...] = ()
    endpoint: Any = None
    context: RouteContext | None = None

    def __lt__(self, other: _Entry) -> bool:
        return self.number < other.number


def _entry_of(number: int, context: RouteContext) -> _Entry:
    route = context.original_route
    if not isinstance(route, APIRoute):
        return _Entry(number, route, getattr(context, "path_regex", _ANYTHING))
    return _Entry(
        number,
        route,
        context.path_regex,
        frozenset(context.methods or ()),
        tuple(context.param_convertors.items()),
        context.endpoint,
        context,
    )


class RouteIndex:
    """ASGI: answers what it finds and leaves the rest to the application that it stands before.

    Routes that are added later are found there, after those of the index. Form limits of a router,
    other than those of a route, are not looked at.
    """

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._literal: dict[str, list[_Entry]] = {}
        self._below: dict[str, list[_Entry]] = {}
        for number, context in enumerate(iter_route_contexts(routes)):
            if not isinstance(context.original_route, WebSocketRoute):
                self._add(number, context)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        found = self.find(scope)
        if found is None:
            await self._app(scope, receive, send)
            return
        entry, parameters = found
        assert entry.context is not None
        scope["route"], scope["endpoint"] = entry.route, entry.endpoint
        scope["path_params"] = {**scope.get("path_params", {}), **parameters}
        # Asked for only now: a route of ours is put together at its first request.
        app: ASGIApp = entry.context.app
        await app(scope, receive, send)

    def find(self, scope: Scope) -> tuple[_Entry, dict[str, Any]] | None:
        """Return the first route that fits path and method with its parameters, or None."""
        # A line's end stands before "$" as well, and a path below a prefix begins elsewhere.
        if scope["type"] != "http" or scope.get("root_path") or "\n" in scope["path"]:
            return None
        path, method = scope["path"], scope["method"]
        for entry in self._candidates(path):
            match = entry.pattern.match(path)
            if match is not None and entry.context is None:
                return None
            if match is not None and method in entry.methods:
                found = match.groupdict()
                return entry, {name: kind.convert(found[name]) for name, kind in entry.convertors}
        return None

    def _add(self, number: int, context: RouteContext) -> None:
        entry = _entry_of(number, context)
        path = context.path or ""
        literal, brace, _ = path.partition("{")
        if isinstance(entry.route, Route) and not brace:
            self._literal.setdefault(path, []).append(entry)
            return
        # A mount answers below its whole path, another kind of route perhaps anything.
        is_mount = isinstance(entry.route, Mount) and not brace
        start = path if is_mount else literal.rpartition("/")[0]
        self._below.setdefault(start, []).append(entry)

    def _candidates(self, path: str) -> Iterator[_Entry]:
        """Yield the routes whose literal beginning fits, in the order in which they were added."""
        lists = [self._literal[path]] if path in self._literal else []
        end = path.find("/")
        while end >= 0:
            if (below := self._below.get(path[:end])) is not None:
                lists.append(below)
            end = path.find("/", end + 1)
        return iter(lists[0]) if len(lists) == 1 else merge(*lists)
