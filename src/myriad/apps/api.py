"""The API process: settings, runtime, every product's routes and pages, static files.

Run by `uvicorn --factory myriad.apps.api:create_app`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version

from fastapi import APIRouter, FastAPI

import myriad
from myriad.apps.console import (
    cache_pages,
    database_pages,
    job_endpoints,
    job_pages,
    joining,
    model_pages,
    own_password,
    people_endpoints,
    people_pages,
    settings_pages,
    signing,
)
from myriad.apps.console import endpoints as console_api
from myriad.apps.products import PRODUCTS, migration_locations
from myriad.apps.settings import HttpSettings, Settings, load_settings
from myriad.kit.errors import UnavailableError
from myriad.scale import http, ui
from myriad.scale.ai.gateway import Gateway
from myriad.scale.manifest import NavigationItem, Product, load
from myriad.scale.observe import logs
from myriad.scale.runtime import Runtime, open_runtime
from myriad.scale.ui.page import Frame, ProductFrame
from myriad.scale.vault import Vault

_MIGRATIONS_TRUSTED_SECONDS = 60.0


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the application of this installation; settings come from the environment."""
    logs.configure("api")
    chosen = settings or load_settings()
    vault = Vault.from_base64(chosen.secrets.key.get_secret_value())

    @asynccontextmanager
    async def runtime() -> AsyncIterator[Runtime]:
        async with open_runtime(
            process="api",
            database=chosen.database,
            broker_url=chosen.redis.broker_url.get_secret_value(),
            cache_url=chosen.redis.cache_url.get_secret_value(),
            vault=vault,
            settings=[
                chosen.http,
                chosen.ai,
                chosen.storage.within(chosen.home),
                chosen.backup.within(chosen.home),
                chosen.keeper,
                chosen.upswitch,
                chosen.kamioi,
            ],
        ) as opened:
            Gateway.of(opened).start_warming()
            yield opened

    app = http.create_app(
        open_runtime=runtime,
        vault=vault,
        api=_apis(),
        pages=_pages(),
        mounts=[ui.static_mount()],
        checks={"migrations": MigrationsCheck(chosen.database.owner)},
        edge=_edge_of(chosen.http),
        fault_page=signing.fault_page,
        version=_version(),
    )
    app.state.frame = Frame(tuple(_frame_of(product) for product in PRODUCTS))
    return app


def _edge_of(settings: HttpSettings) -> http.EdgeSettings:
    known = http.EdgeSettings.model_validate(settings, from_attributes=True)
    return known.model_copy(update={"workers": settings.sharers})


def _apis() -> dict[str, APIRouter]:
    products = {f"/api/v1/{product.name}": product.load_router() for product in PRODUCTS}
    console = http.Router()
    console.include_router(console_api.router)
    console.include_router(people_endpoints.router)
    console.include_router(job_endpoints.router)
    return {"/api/v1": console, **products}


def _pages() -> dict[str, APIRouter]:
    products = {f"/{product.name}": product.load_pages() for product in PRODUCTS}
    console = http.Router()
    console.include_router(signing.router)
    console.include_router(joining.router)
    console.include_router(own_password.router)
    console.include_router(settings_pages.router)
    console.include_router(people_pages.router)
    console.include_router(job_pages.router)
    console.include_router(cache_pages.router)
    console.include_router(model_pages.router)
    console.include_router(database_pages.router)
    return {"": console, **products}


def _frame_of(product: Product) -> ProductFrame:
    card = ui.Link(title=product.title, href=product.home)
    return ProductFrame(
        product.name,
        card,
        _links(item for item in product.navigation if item.audience != "member"),
        _links(item for item in product.navigation if item.audience == "member"),
        frozenset(item.path for item in product.navigation if item.audience == "owner"),
        operations=_links(product.operations),
        alerts=load(product.alerts) if product.alerts else None,
        standing=load(product.standing) if product.standing else None,
        shortcuts=product.shortcuts,
    )


def _links(items: Iterable[NavigationItem]) -> tuple[ui.Link, ...]:
    return tuple(ui.Link(title=item.title, href=item.path, key=item.key) for item in items)


def _version() -> str:
    try:
        return installed_version("myriad")
    except PackageNotFoundError:
        return getattr(myriad, "__version__", "0")


class MigrationsCheck:
    """Readiness: the database stands at the newest revision; looked up once a minute at most."""

    def __init__(self, owner_url: str) -> None:
        self._owner_url = owner_url
        self._trusted_until = 0.0

    async def __call__(self, _runtime: Runtime) -> None:
        """Raise UnavailableError while migrations are missing."""
        if time.monotonic() < self._trusted_until:
            return
        if not await asyncio.to_thread(_is_current, self._owner_url):
            raise UnavailableError("migrations are missing; run ./myriad migrate")
        self._trusted_until = time.monotonic() + _MIGRATIONS_TRUSTED_SECONDS


def _is_current(owner_url: str) -> bool:
    # Alembic is looked up by name at the first check, so that the first page need not wait for it.
    is_current = load("myriad.scale.data.migrations:is_current")
    return bool(is_current(owner_url, migration_locations()))
