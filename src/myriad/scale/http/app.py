"""The application: conventions around the routers that it is given."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import APIRouter
from fastapi.routing import iter_route_contexts
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute

from myriad.kit.errors import MyriadError
from myriad.scale.http.edge import EdgeMiddleware
from myriad.scale.http.handlers import FaultPage, install_handlers
from myriad.scale.http.health import DEFAULT_CHECKS, Check, Readiness, health_router
from myriad.scale.http.idempotency import METHODS
from myriad.scale.http.openapi import DocumentedApp
from myriad.scale.http.router import Route, include
from myriad.scale.http.routing import RouteIndex
from myriad.scale.http.settings import EdgeSettings
from myriad.scale.runtime import Runtime
from myriad.scale.vault import Vault

_GZIP_FROM_BYTES = 800
# A higher level saves a tenth of the bytes for twice the time.
_GZIP_LEVEL = 1


class RouteError(MyriadError):
    """A route does not keep the conventions; the message names it."""

    code = "broken_route"
    title = "Broken route"


def create_app(
    *,
    open_runtime: Callable[[], AbstractAsyncContextManager[Runtime]],
    vault: Vault,
    api: Mapping[str, APIRouter],
    pages: Mapping[str, APIRouter] | None = None,
    mounts: Sequence[BaseRoute] = (),
    checks: Mapping[str, Check] | None = None,
    edge: EdgeSettings | None = None,
    fault_page: FaultPage | None = None,
    version: str = "0",
) -> DocumentedApp:
    """Return the application; its runtime opens with the server and closes with it.

    `api` and `pages` map a path prefix to a router. Pages stay out of the OpenAPI document.
    `checks` are made by /readyz beside those of database, broker and cache. `vault` gives the
    keys that sign cursors and forms. Raises RouteError for a route without idempotency.
    """
    settings = edge or EdgeSettings()
    app = DocumentedApp(
        title="Myriad",
        version=version,
        lifespan=_lifespan(open_runtime),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.edge = settings
    app.state.fault_page = fault_page
    app.state.cursor_key = vault.derive("cursor")
    app.state.csrf_key = vault.derive("csrf")
    _include(app, api, pages or {})
    app.include_router(health_router(Readiness({**DEFAULT_CHECKS, **(checks or {})}), version))
    app.router.routes.extend(mounts)
    app.router.middleware_stack = RouteIndex(app.router.middleware_stack, app.routes)
    install_handlers(app)
    app.user_middleware = [
        Middleware(EdgeMiddleware, settings=settings, templates=route_templates(app)),
        Middleware(GZipMiddleware, minimum_size=_GZIP_FROM_BYTES, compresslevel=_GZIP_LEVEL),
    ]
    return app


def _include(
    app: DocumentedApp, api: Mapping[str, APIRouter], pages: Mapping[str, APIRouter]
) -> None:
    for prefix, router in api.items():
        already = len(app.routes)
        include(app.router, router, prefix=prefix)
        _require_idempotency(app.routes[already:])
    for prefix, router in pages.items():
        include(app.router, router, prefix=prefix, include_in_schema=False)


def _require_idempotency(routes: Sequence[BaseRoute]) -> None:
    for context in iter_route_contexts(routes):
        changes = METHODS & (context.methods or set())
        if changes and not isinstance(context.original_route, Route):
            raise RouteError(f"{context.path} must be a route of myriad.scale.http.Router")


def _lifespan(
    open_runtime: Callable[[], AbstractAsyncContextManager[Runtime]],
) -> Callable[[DocumentedApp], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: DocumentedApp) -> AsyncIterator[None]:
        async with open_runtime() as runtime:
            app.state.runtime = runtime
            yield

    return lifespan


def route_templates(app: DocumentedApp) -> dict[int, str]:
    """Return the full path template of each route by its `id`, for metrics and logs."""
    templates: dict[int, str] = {}
    for context in iter_route_contexts(app.routes):
        if context.path is not None:
            templates[id(context.original_route)] = context.path
    return templates
