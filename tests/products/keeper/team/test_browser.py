"""The Team screens in Chromium: accessible, at home on a phone, strict."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.tenancy import TenantId
from tests.fixtures.accessibility import faults_in_light_and_dark
from tests.fixtures.app import LiveApp, Person
from tests.fixtures.browser import DESK, PHONE, Watched, watched
from tests.fixtures.database import runtime_for
from tests.products.keeper.ledger import LAST, Shop
from tests.products.keeper.team.salon import Salon, days_back
from tests.products.keeper.team.test_agent import measure

pytestmark = pytest.mark.browser

_LINK = (
    "INSERT INTO keeper.staff_link (tenant_id, team_member_id, user_id) "
    "SELECT m.tenant_id, %s, m.user_id FROM platform.membership m WHERE m.role = 'staff' "
    "ON CONFLICT DO NOTHING"
)


async def _fill(urls: ServerUrls, tenant_id: TenantId) -> None:
    async with runtime_for(urls) as runtime:
        salon = Salon(await Shop.open(runtime, tenant_id))
        await salon.hire("ann", "bob", "cat", "dan")
        for number, day in enumerate(days_back(60, 2)):
            for place, who in enumerate(salon.staff):
                made = day if number % (place + 2) == 0 else None
                await salon.book(f"{who}{number % 9}", who, day, made=made)
                await salon.sell(f"{who}{number % 9}", who, day, 8_000 + 90 * (number % 7))
        await salon.work("ann", days_back(30, 2))
        await measure(salon)
        await salon.shop.change("UPDATE keeper.account SET business_date = %s", (LAST,))
        await salon.shop.change(_LINK, (salon.staff["ann"],))


@pytest.fixture(scope="module")
def keeper(live_app: LiveApp, database_urls: ServerUrls) -> LiveApp:
    """The live application whose first company has four members of staff."""
    failures: list[BaseException] = []

    def work() -> None:
        try:
            asyncio.run(_fill(database_urls, live_app.first.tenant_id))
        except BaseException as error:  # noqa: BLE001 - raised again in the test's own thread
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return live_app


@pytest.fixture
def tab(chromium: Browser, keeper: LiveApp) -> Iterator[Watched]:
    """A tab in which nobody has signed in yet."""
    context = chromium.new_context(viewport=DESK, reduced_motion="reduce")  # type: ignore[arg-type]
    yield watched(context, keeper.url)
    context.close()


def _sign_in(tab: Watched, person: Person) -> None:
    page = tab.open("/login")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state("networkidle")


def _check(tab: Watched) -> None:
    assert faults_in_light_and_dark(tab.page) == []
    tab.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    width = tab.page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"], tab.page.url
    tab.page.set_viewport_size(DESK)  # type: ignore[arg-type]
    assert tab.complaints == []
    assert tab.hosts == {urlsplit(tab.base).netloc}


def test_an_owner_goes_from_the_team_to_a_member(tab: Watched, keeper: LiveApp) -> None:
    """Both screens, and the period is one click."""
    _sign_in(tab, keeper.first.owner)
    page = tab.open("/keeper/team")
    expect(page.get_by_role("heading", name="Pre-booking")).to_be_visible()
    _check(tab)
    page.get_by_role("link", name="12 months").click()
    page.wait_for_url("**period=days_365")
    page.locator("tr.linked a").first.click()
    page.wait_for_url("**/keeper/team/*")
    expect(page.get_by_role("heading", name="Strengths")).to_be_visible()
    expect(page.get_by_role("button", name="Link", exact=True)).to_be_visible()
    _check(tab)


def test_staff_find_their_own_page_under_team(tab: Watched, keeper: LiveApp) -> None:
    """Without a colleague's name on it."""
    _sign_in(tab, keeper.first.staff)
    page = tab.open("/keeper/team")
    assert urlsplit(page.url).path == "/keeper/me"
    expect(page.get_by_text("These are yours alone")).to_be_visible()
    assert page.get_by_text("Bob Weber").count() == 0
    _check(tab)
