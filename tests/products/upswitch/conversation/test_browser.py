"""A valuation in a real browser: by keyboard, on a phone, light and dark."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from myriad.products.upswitch.registry.kbo.loading import load_full
from myriad.products.upswitch.registry.kbo.simulator import write_extract
from myriad.products.upswitch.registry.numbers import format_number
from myriad.scale.embedded.servers import ServerUrls
from tests.fixtures.accessibility import faults_in_light_and_dark
from tests.fixtures.app import Company, LiveApp, create_company
from tests.fixtures.browser import DESK, PHONE, Watched, watched
from tests.fixtures.database import runtime_for
from tests.products.upswitch.conversation.conftest import file_accounts, filing


@dataclass(frozen=True)
class Desk:
    """The live application, a company of people, and one of the register that has filed."""

    url: str
    company: Company
    number: str


async def _open(urls: ServerUrls, folder: Path, found: list[tuple[Company, int]]) -> None:
    async with runtime_for(urls) as runtime:
        write_extract(folder, enterprises=60, seed=11)
        await load_full(runtime.database, folder)
        rows = await runtime.database.crossing_rows(
            "test looks", "SELECT number FROM upswitch.company ORDER BY number"
        )
        await file_accounts(runtime, filing(rows[0]["number"]))
        found.append((await create_company(runtime), rows[0]["number"]))


@pytest.fixture(scope="module")
def desk(
    live_app: LiveApp, database_urls: ServerUrls, tmp_path_factory: pytest.TempPathFactory
) -> Desk:
    """The live application with a register of this module's own."""
    found: list[tuple[Company, int]] = []
    folder = tmp_path_factory.mktemp("extract") / "files"
    # Playwright holds this thread's loop.
    maker = threading.Thread(target=lambda: asyncio.run(_open(database_urls, folder, found)))
    maker.start()
    maker.join()
    return Desk(live_app.url, found[0][0], format_number(found[0][1]))


@pytest.fixture
def staff(chromium: Browser, desk: Desk) -> Iterator[Watched]:
    tab = watched(chromium.new_context(viewport=DESK), desk.url)  # type: ignore[arg-type]
    page = tab.open("/login")
    page.get_by_label("E-mail").fill(desk.company.staff.email)
    page.get_by_label("Password").fill(desk.company.staff.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login" not in url)
    yield tab
    tab.page.context.close()


@pytest.mark.browser
def test_a_company_is_valued_by_keyboard_and_every_screen_is_accessible(
    staff: Watched, desk: Desk
) -> None:
    page = staff.open(f"/upswitch/companies/{desk.number}")
    page.get_by_role("button", name="Value this company").click()
    page.wait_for_url("**/upswitch/sessions/**")
    answer = page.get_by_label("Your answer")
    answer.fill("60")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Thousands").click()
    expect(page.get_by_text("EUR 60,000").first).to_be_visible()
    page.locator("summary", has_text="Growth next year").click()
    field = page.get_by_label("Growth next year", exact=True)
    field.fill("much")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("such as 3.5 %")
    path = urlsplit(page.url).path
    screens = (path, f"{path}/normalisation", f"{path}/assumptions", "/upswitch/sessions")
    for screen in screens:
        assert faults_in_light_and_dark(staff.open(screen)) == [], screen
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    for screen in screens:
        width = staff.open(screen).evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], screen
    assert staff.hosts == {urlsplit(staff.base).netloc}
    assert staff.complaints == []
