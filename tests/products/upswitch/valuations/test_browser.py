"""Every screen of a valuation in a real browser: light and dark, on a phone, by keyboard."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from playwright.sync_api import Browser

from myriad.scale.directory import Role
from myriad.scale.embedded.servers import ServerUrls
from tests.fixtures.accessibility import faults_in_light_and_dark
from tests.fixtures.app import Company, LiveApp, Person, create_company, create_person
from tests.fixtures.browser import DESK, PHONE, Watched, watched
from tests.fixtures.database import runtime_for
from tests.products.upswitch.valuations.conftest import begin


@dataclass(frozen=True)
class Desk:
    """The live application, somebody who runs it, and a session that can be valued."""

    url: str
    company: Company
    operator: Person
    session_id: UUID


async def _open(urls: ServerUrls, found: list[tuple[Company, Person, UUID]]) -> None:
    async with runtime_for(urls) as runtime:
        company = await create_company(runtime)
        operator = await create_person(runtime, company.tenant_id, Role.OWNER, is_operator=True)
        found.append((company, operator, await begin(runtime, company)))


@pytest.fixture(scope="module")
def desk(live_app: LiveApp, database_urls: ServerUrls) -> Desk:
    """The live application with a company of this module's own."""
    found: list[tuple[Company, Person, UUID]] = []
    # Playwright holds this thread's loop.
    maker = threading.Thread(target=lambda: asyncio.run(_open(database_urls, found)))
    maker.start()
    maker.join()
    return Desk(live_app.url, *found[0])


@pytest.fixture
def tab(chromium: Browser, desk: Desk) -> Iterator[Watched]:
    tab = watched(chromium.new_context(viewport=DESK), desk.url)  # type: ignore[arg-type]
    page = tab.open("/login")
    page.get_by_label("E-mail").fill(desk.operator.email)
    page.get_by_label("Password").fill(desk.operator.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login" not in url)
    yield tab
    tab.page.context.close()


@pytest.mark.browser
def test_every_screen_of_a_valuation_is_accessible_and_fits(tab: Watched, desk: Desk) -> None:
    page = tab.open(f"/upswitch/sessions/{desk.session_id}")
    page.get_by_role("button", name="Value the company").click()
    page.wait_for_url("**/upswitch/valuations/*")
    result = urlsplit(page.url).path
    page.get_by_label("Operating margin in five years").fill("12")
    page.keyboard.press("Enter")
    page.wait_for_url("**/compare?with=*")
    compared = page.url.removeprefix(desk.url)
    tab.open(result)
    page.get_by_role("button", name="Make a link").click()
    shared = page.get_by_label("Link").input_value()
    parts = ("", "/assumptions", "/proof", "/compare", "/report")
    screens = [f"{result}{part}" for part in parts]
    screens += [compared, "/upswitch/valuations", "/upswitch/ops", shared]
    for screen in screens:
        assert faults_in_light_and_dark(tab.open(screen)) == [], screen
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    for screen in screens:
        width = tab.open(screen).evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], screen
    assert tab.hosts == {urlsplit(tab.base).netloc}
    assert tab.complaints == []
