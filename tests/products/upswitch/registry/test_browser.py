"""The register's screens in a real browser: light and dark, on a phone, by keyboard."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from myriad.products.upswitch.registry.kbo.loading import load_full
from myriad.products.upswitch.registry.kbo.simulator import write_extract
from myriad.products.upswitch.registry.numbers import format_number
from myriad.products.upswitch.valuations.moves import note_move
from myriad.products.upswitch.valuations.ordering import Desk as Orders
from myriad.products.upswitch.valuations.ordering import value_session
from myriad.products.upswitch.valuations.reading import get_valuation
from myriad.scale.directory import Role
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.http import BoundReader
from myriad.scale.runtime import Runtime
from tests.fixtures.accessibility import faults_in_light_and_dark
from tests.fixtures.app import Company, LiveApp, Person, create_company, create_person
from tests.fixtures.browser import DESK, PHONE, Watched, watched
from tests.fixtures.database import runtime_for
from tests.products.upswitch.valuations.conftest import begin


@dataclass(frozen=True)
class Desk:
    """The live application, an operator, and a company of the register."""

    url: str
    operator: Person
    number: str


async def _open(urls: ServerUrls, folder: Path, found: list[tuple[Person, int]]) -> None:
    async with runtime_for(urls) as runtime:
        write_extract(folder, enterprises=60, seed=11)
        await load_full(runtime.database, folder)
        rows = await runtime.database.crossing_rows(
            "test looks", "SELECT number FROM upswitch.company ORDER BY number"
        )
        company = await create_company(runtime)
        await _move(runtime, company)
        operator = await create_person(runtime, company.tenant_id, Role.OWNER, is_operator=True)
        found.append((operator, rows[0]["number"]))


async def _move(runtime: Runtime, company: Company) -> None:
    """Value a session, and say that it was worth half as much before."""
    session_id = await begin(runtime, company)
    async with runtime.database.session(company.tenant_id) as session:
        orders = Orders(runtime.database, session, BoundReader(runtime, company.tenant_id))
        made, _ = await value_session(orders, session_id)
        after = await get_valuation(session, made)
        half = {"id": made, "middle_minor": after.middle.minor // 2, "currency": "EUR"}
        assert await note_move(session, half, after, "parameters")


@pytest.fixture(scope="module")
def desk(
    live_app: LiveApp, database_urls: ServerUrls, tmp_path_factory: pytest.TempPathFactory
) -> Desk:
    """The live application with a register of this module's own."""
    found: list[tuple[Person, int]] = []
    folder = tmp_path_factory.mktemp("extract") / "files"
    # Playwright holds this thread's loop.
    maker = threading.Thread(target=lambda: asyncio.run(_open(database_urls, folder, found)))
    maker.start()
    maker.join()
    return Desk(live_app.url, found[0][0], format_number(found[0][1]))


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
def test_every_screen_of_the_register_is_accessible_and_fits(tab: Watched, desk: Desk) -> None:
    card = f"/upswitch/companies/{desk.number}"
    for path in ("/upswitch/companies?q=a", card, "/upswitch/register", "/upswitch/moves"):
        for viewport in (DESK, PHONE):
            tab.page.set_viewport_size(viewport)  # type: ignore[arg-type]
            page = tab.open(path)
            if path == card:
                expect(page.get_by_role("heading", name="In other registers")).to_be_visible()
            assert faults_in_light_and_dark(page) == [], (path, viewport)
            wide = "document.documentElement.scrollWidth > innerWidth"
            assert not page.evaluate(wide), (path, viewport)
    assert tab.complaints == []


@pytest.mark.browser
def test_a_move_is_opened_and_seen_by_keyboard(tab: Watched, desk: Desk) -> None:
    page = tab.open("/upswitch/companies")
    alert = page.get_by_role("region", name="Alerts").get_by_role("link")
    expect(alert).to_contain_text("rose by 100%")
    seen = page.get_by_role("button", name="Seen: ")
    seen.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/upswitch/companies")
    expect(page.get_by_role("region", name="Alerts").get_by_role("link")).to_have_count(0)
    tab.open("/upswitch/moves")
    expect(page.get_by_role("heading", level=1)).to_have_text("Every move has been seen")
