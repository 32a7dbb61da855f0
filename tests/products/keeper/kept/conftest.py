"""One account, looked at through two processes: one that changes it and one that keeps its screens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest

from myriad.scale.cache import get_namespace
from myriad.scale.cache.statistics import How
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.runtime import Runtime
from tests.fixtures.app import Company, client_of, create_company, log_in
from tests.fixtures.database import runtime_for
from tests.products.keeper.keeping.conftest import Desk, app_on
from tests.products.keeper.ledger import Shop, fill


@dataclass
class Two:
    """`here` things are changed, `there` screens are kept; `runtime` is that of there."""

    here: Desk
    there: Desk
    runtime: Runtime

    def made(self, screen: str) -> int:
        """Return how often `screen` was drawn there."""
        return self.runtime.caches.statistics.counted[
            get_namespace(f"keeper.{screen}").name, How.MISS
        ]


@pytest.fixture(scope="session")
async def elsewhere(database_urls: ServerUrls) -> AsyncIterator[Runtime]:
    """What another process has open."""
    async with runtime_for(database_urls) as opened:
        yield opened


async def two_of(runtime: Runtime, elsewhere: Runtime, company: Company) -> Two:
    """Return the two processes with a company's account in them."""
    shop = await Shop.open(runtime, company.tenant_id)
    here, there = Desk(shop, company, app_on(runtime)), Desk(shop, company, app_on(elsewhere))
    return Two(here, there, elsewhere)


@pytest.fixture
async def two(runtime: Runtime, elsewhere: Runtime) -> Two:
    """A company without customers."""
    return await two_of(runtime, elsewhere, await create_company(runtime))


@pytest.fixture
async def busy(two: Two) -> Two:
    """A company with sixty customers, after a night."""
    await fill(two.here.shop)
    await two.here.shop.run()
    return two


@asynccontextmanager
async def looking(desk: Desk, who: str = "staff") -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which somebody has signed in."""
    async with client_of(desk.app) as browser:
        await log_in(browser, getattr(desk.company, who))
        yield browser


async def page_of(browser: httpx.AsyncClient, path: str) -> str:
    """Return a page that must be there."""
    answer = await browser.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.text
