"""The index of routes answers as FastAPI's own router does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match, Mount, Route
from starlette.types import Message, Scope

from myriad.scale.http.router import Route as LazyRoute
from myriad.scale.http.routing import RouteIndex

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW")
ODD = (
    ("/odd/{name}", ["GET"]),
    ("/odd/first", ["GET"]),
    ("/odd/first", ["POST"]),
    ("/odd/{name}.pdf", ["GET"]),
    ("/odd/{number:int}/parts", ["GET"]),
    ("/odd/{rest:path}", ["DELETE"]),
    ("/odd/", ["PUT"]),
    ("/o{middle}d", ["GET"]),
    ("/odd", ["GET", "PATCH"]),
    ("/even/{a}/{b}", ["GET"]),
    ("/even/{a}", ["POST"]),
    ("/even/list", ["GET"]),
    ("/{anything}", ["OPTIONS"]),
)
PATHS = (
    *(path for path, _ in ODD),
    "/nested1/{x}",
    "/nested1/fixed",
    "/in/nested1/fixed",
    "/in/nested1/{x}",
    "/nested2/fixed",
    "/static/{x}/b",
    "/in/mounted/{x}",
    "/odd/starlette",
)


@dataclass(frozen=True)
class Asked:
    """A method, the number of a path, what its parameters are, and what is then done to it."""

    method: str
    number: int
    values: list[str]
    change: str

    def path(self, templates: list[str]) -> str:
        """Return the path, made of one of the templates."""
        pieces = templates[self.number % len(templates)].replace("}", "{").split("{")
        given = [self.values[n // 2 % 3] if n % 2 else piece for n, piece in enumerate(pieces)]
        filled = "".join(given)
        changes = {
            "slash": filled + "/",
            "part": filled + "/more",
            "cut": filled.rpartition("/")[0],
            "double": filled.replace("/", "//", 1),
            "line": filled + "\n",
            "case": filled.upper(),
        }
        return changes.get(self.change, filled)


asked = st.builds(
    Asked,
    st.sampled_from(METHODS),
    st.integers(0, 10_000),
    st.lists(
        st.sampled_from(["x", "first", "7", "a.pdf", "é", "", "a/b", "list", "x\n"]),
        min_size=3,
        max_size=3,
    ),
    st.sampled_from(["", "", "", "slash", "part", "cut", "double", "line", "case"]),
)


def _endpoint(name: str) -> Any:
    async def answer(request: Request) -> Response:
        route = getattr(request.scope.get("route"), "path", "")
        return PlainTextResponse(f"{name} {dict(request.path_params)} {route}")

    return answer


def _nested(number: int) -> APIRouter:
    router = APIRouter(prefix=f"/nested{number}")
    router.get("/{name}")(_endpoint(f"nested {number}"))
    router.get("/fixed")(_endpoint(f"fixed {number}"))
    return router


def _make(*, redirects: bool) -> FastAPI:
    """Return an application of odd routes: two kinds of router, mounts, and orders that matter."""
    app = FastAPI(redirect_slashes=redirects, openapi_url=None)
    inner = APIRouter()
    inner.include_router(_nested(1))
    inner.routes.append(Mount("/mounted", app=Route("/{path:path}", _endpoint("inner mount"))))
    for number, (path, methods) in enumerate(ODD):
        target = app.router if number % 3 else inner
        target.add_api_route(path, _endpoint(str(number)), methods=methods)
        if number == len(ODD) // 2:
            app.include_router(inner, prefix="/in")
            app.include_router(inner)
    app.router.routes.append(Route("/odd/starlette", _endpoint("starlette")))
    app.router.routes.append(Mount("/static", app=Route("/{path:path}", _endpoint("static"))))
    app.include_router(_nested(2))
    return app


@pytest.fixture(scope="module", params=[False, True], ids=["strict", "redirecting"])
def twins(request: pytest.FixtureRequest) -> tuple[FastAPI, FastAPI]:
    """Two applications with the same routes, the second with the index."""
    plain, indexed = (_make(redirects=request.param) for _ in range(2))
    stack = indexed.router.middleware_stack
    indexed.router.middleware_stack = RouteIndex(stack, indexed.routes)
    return plain, indexed


def _scope(method: str, path: str) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"test")],
        "server": ("test", 80),
    }


async def _ask(app: FastAPI, method: str, path: str) -> tuple[object, ...]:
    """Return status, body and the headers that routing decides."""
    heard: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        heard.append(message)

    await app(_scope(method, path), receive, send)
    headers = dict(heard[0]["headers"])
    allowed = sorted(headers.get(b"allow", b"").split(b", "))
    body = b"".join(message.get("body", b"") for message in heard[1:])
    return heard[0]["status"], headers.get(b"location"), allowed, body


@settings(max_examples=200, deadline=None)
@given(what=asked)
def test_every_path_is_answered_as_without_the_index(
    twins: tuple[FastAPI, FastAPI], what: Asked
) -> None:
    path = what.path(list(PATHS))
    plain, indexed = [asyncio.run(_ask(app, what.method, path)) for app in twins]
    assert indexed == plain


def _index_of(app: FastAPI) -> RouteIndex:
    index = app.router.middleware_stack
    assert isinstance(index, RouteIndex)
    return index


def _by_the_framework(app: FastAPI, scope: Scope) -> tuple[Any, Any] | None:
    """Return the route that FastAPI finds in full, and its parameters."""
    candidates: list[Any] = list(app.routes)
    while candidates:
        candidate = candidates.pop(0)
        match, found = candidate.matches(scope)
        if match is not Match.FULL:
            continue
        while hasattr(candidate, "original_router"):
            _, found, candidate, _ = candidate._match(scope)
        return candidate, found["path_params"]
    return None


@pytest.fixture(scope="module")
def real_paths(real_app: FastAPI) -> list[str]:
    """The path of every real route."""
    return [str(one.path) for one in iter_route_contexts(real_app.routes)]


@settings(max_examples=200, deadline=None)
@given(what=asked)
def test_every_real_route_is_found_as_fastapi_finds_it(
    real_app: FastAPI, real_paths: list[str], what: Asked
) -> None:
    scope = _scope(what.method, what.path(real_paths))
    theirs, ours = _by_the_framework(real_app, scope), _index_of(real_app).find(scope)
    if ours is not None:
        assert (ours[0].route, ours[1]) == theirs
    elif theirs is not None:
        # What the index leaves to FastAPI is no endpoint, or has a line's end in it.
        assert not isinstance(theirs[0], APIRoute) or "\n" in scope["path"]


def test_every_real_route_is_found_by_the_index_itself(real_app: FastAPI) -> None:
    index, missed = _index_of(real_app), []
    for number, context in enumerate(iter_route_contexts(real_app.routes)):
        for method in context.methods or ():
            path = Asked(method, 0, ["x", "x", "x"], "").path([str(context.path)])
            found = index.find(_scope(method, path))
            if isinstance(context.original_route, APIRoute) and found is None:
                missed.append((number, method, path))
    assert missed == []


def test_a_route_is_put_together_at_its_first_use(real_app: FastAPI) -> None:
    """Nothing of a route but path and methods is there before; every route can be put together."""
    ours = [route for route in real_app.routes if isinstance(route, LazyRoute)]
    assert len(ours) > 200
    fresh = [route.included(APIRouter(), "", include_in_schema=True) for route in ours]
    assert all("dependant" not in vars(route) for route in fresh)
    assert all(callable(route.app) and "dependant" in vars(route) for route in fresh)
    with pytest.raises(AttributeError, match="absent"):
        _ = fresh[0].absent
