"""Two companies with Keeper accounts, and Keeper's routes in an application on the test's runtime."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI

from myriad.apps.console import signing
from myriad.products.keeper.endpoints import router as api_router
from myriad.products.keeper.pages import router as page_router
from myriad.scale import http, ui
from myriad.scale.runtime import Runtime
from myriad.scale.ui.page import Frame
from myriad.scale.vault import Vault
from tests.fixtures.app import Company, client_of, create_company, csrf_of, log_in
from tests.fixtures.database import TEST_KEY
from tests.products.keeper.ledger import Shop

API = "/api/v1/keeper"


@dataclass
class Desk:
    """A company with an open account, and ways to speak to it."""

    shop: Shop
    company: Company
    app: FastAPI

    def client(self, who: str = "owner") -> httpx.AsyncClient:
        """Return a program of the owner's or of staff's."""
        client = client_of(self.app)
        client.headers.update(getattr(self.company, who).bearer)
        return client

    @asynccontextmanager
    async def browser(self, who: str = "owner") -> AsyncIterator[httpx.AsyncClient]:
        """A browser in which the owner or staff has signed in."""
        async with client_of(self.app) as browser:
            await log_in(browser, getattr(self.company, who))
            yield browser


async def send(
    browser: httpx.AsyncClient, page: str, path: str, **fields: object
) -> httpx.Response:
    """Send a form as the page would, with its token."""
    token = csrf_of((await browser.get(page)).text)
    return await browser.post(path, data={"csrf_token": token, **fields})


def app_on(runtime: Runtime) -> FastAPI:
    """Return an application with Keeper's API and pages on a runtime."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Runtime]:
        yield runtime

    app = http.create_app(
        open_runtime=opened,
        vault=Vault(TEST_KEY),
        api={API: api_router},
        pages={"": signing.router, "/keeper": page_router},
        mounts=[ui.static_mount()],
        fault_page=signing.fault_page,
        version="test",
    )
    app.state.frame = Frame()
    app.state.runtime = runtime
    return app


@pytest.fixture
def keeper_app(runtime: Runtime) -> FastAPI:
    """Keeper's API and pages on the test's runtime."""
    return app_on(runtime)


async def _desk(runtime: Runtime, app: FastAPI) -> Desk:
    company = await create_company(runtime)
    return Desk(await Shop.open(runtime, company.tenant_id), company, app)


@pytest.fixture
async def desk(runtime: Runtime, keeper_app: FastAPI) -> Desk:
    """The first company."""
    return await _desk(runtime, keeper_app)


@pytest.fixture
async def other_desk(runtime: Runtime, keeper_app: FastAPI) -> Desk:
    """Another company on the same server."""
    return await _desk(runtime, keeper_app)
