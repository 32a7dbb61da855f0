"""The real application in Chromium: sign in, look at every screen, decide something, sign out."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.tenancy import TenantId
from tests.fixtures.accessibility import faults_in_light_and_dark
from tests.fixtures.app import LiveApp, Person
from tests.fixtures.database import runtime_for
from tests.products.keeper.ledger import Shop, fill
from tests.products.keeper.pages.conftest import DESK, PHONE, Watched, watched

pytestmark = pytest.mark.browser

SCREENS = (
    "/keeper/today",
    "/keeper/customers",
    "/keeper/customers?sort=name&state=active&q=given",
    "/keeper/duplicates",
    "/keeper/duplicates?show=linked",
    "/keeper/insights",
    "/keeper/proof",
    "/keeper/reports",
    "/keeper/connections",
)


async def _fill_and_run(urls: ServerUrls, tenant_id: TenantId) -> None:
    async with runtime_for(urls) as runtime:
        shop = await Shop.open(runtime, tenant_id)
        await fill(shop, people=70)
        await shop.add_customer(
            "twin-1", given_name="Given1", family_name="Family1", email="twin@example.com"
        )
        await shop.run()


@pytest.fixture(scope="module")
def keeper(live_app: LiveApp, database_urls: ServerUrls) -> LiveApp:
    """The live application whose first company has seventy customers and one run."""
    failures: list[BaseException] = []

    def work() -> None:
        try:
            asyncio.run(_fill_and_run(database_urls, live_app.first.tenant_id))
        except BaseException as error:  # noqa: BLE001 - raised again in the test's own thread
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return live_app


def _sign_in(tab: Watched, person: Person, password: str | None = None) -> None:
    page = tab.open("/login")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(person.password if password is None else password)
    page.get_by_role("button", name="Sign in").click()


@pytest.fixture
def inside(chromium: Browser, keeper: LiveApp) -> Iterator[Watched]:
    """A tab in which the owner of the first company has signed in."""
    context = chromium.new_context(viewport=DESK)  # type: ignore[arg-type]
    tab = watched(context, keeper.url)
    _sign_in(tab, keeper.first.owner)
    tab.page.wait_for_url("**/keeper/today")
    yield tab
    context.close()


def _faults(tab: Watched) -> list[str]:
    found = Axe().run(tab.page).response["violations"]
    return [f"{fault['id']}: {node['html'][:160]}" for fault in found for node in fault["nodes"]]


def test_sign_in_refuses_a_wrong_password_and_keeps_the_address(
    chromium: Browser, keeper: LiveApp
) -> None:
    context = chromium.new_context()
    tab = watched(context, keeper.url)
    tab.page.goto(keeper.url + "/keeper/customers")
    assert urlsplit(tab.page.url).path == "/login"
    tab.page.get_by_label("E-mail").fill(keeper.first.staff.email)
    tab.page.get_by_label("Password").fill("wrong")
    tab.page.get_by_role("button", name="Sign in").click()
    expect(tab.page.get_by_role("alert")).to_contain_text("do not belong together")
    tab.page.get_by_label("Password").fill(keeper.first.staff.password)
    tab.page.get_by_role("button", name="Sign in").click()
    tab.page.wait_for_url("**/keeper/customers")
    context.close()


def test_every_screen_is_accessible_strict_and_its_own(inside: Watched) -> None:
    faults = {path: faults_in_light_and_dark(inside.open(path)) for path in SCREENS}
    assert {path: found for path, found in faults.items() if found} == {}
    assert inside.hosts == {urlsplit(inside.base).netloc}
    assert inside.complaints == []


def test_every_screen_fits_a_phone(inside: Watched) -> None:
    inside.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    widths = {
        path: inside.open(path).evaluate("document.documentElement.scrollWidth") for path in SCREENS
    }
    assert {path: width for path, width in widths.items() if width > PHONE["width"]} == {}


def test_from_the_list_to_a_person_and_to_the_report(inside: Watched) -> None:
    page = inside.open("/keeper/customers")
    page.locator("tr.linked a").first.click()
    page.wait_for_url("**/keeper/customers/*-*")
    expect(page.get_by_role("heading", name="Risk")).to_be_visible()
    assert _faults(inside) == []
    inside.open("/keeper/reports").locator("tr.linked a").first.click()
    page.wait_for_url("**/keeper/reports/*")
    expect(page.get_by_role("link", name="Download PDF")).to_be_visible()
    assert _faults(inside) == []
    assert inside.complaints == []


def test_the_next_page_of_a_list_holds_other_people(inside: Watched) -> None:
    page = inside.open("/keeper/customers?sort=name")
    first = page.locator("tr.linked a").all_inner_texts()
    page.get_by_role("link", name="Next page").click()
    page.wait_for_url("**cursor=**")
    second = page.locator("tr.linked a").all_inner_texts()
    assert second
    assert not set(first) & set(second)


def test_a_search_narrows_the_list_while_typing(inside: Watched) -> None:
    page = inside.open("/keeper/customers")
    page.get_by_label("Search customers").press_sequentially("family7", delay=20)
    page.wait_for_url("**q=family7**")
    expect(page.locator("tr.linked")).to_have_count(1)


def test_a_task_is_decided_and_taken_back(inside: Watched) -> None:
    page = inside.open("/keeper/today")
    cards = page.locator("li[data-row]")
    count = cards.count()
    assert 1 <= count <= 5
    cards.first.get_by_role("button", name="Done").click()
    expect(cards).to_have_count(count - 1)
    page.get_by_role("button", name="Undo for").click()
    expect(cards).to_have_count(count)
    assert inside.complaints == []


def test_a_company_without_an_account_is_led_to_connect(chromium: Browser, keeper: LiveApp) -> None:
    context = chromium.new_context()
    tab = watched(context, keeper.url)
    _sign_in(tab, keeper.second.owner)
    tab.page.wait_for_url("**/keeper/connections")
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("Square is not connected yet")
    context.close()


def test_signing_out_ends_the_session(chromium: Browser, keeper: LiveApp) -> None:
    context = chromium.new_context()
    tab = watched(context, keeper.url)
    _sign_in(tab, keeper.first.staff)
    tab.page.wait_for_url("**/keeper/today")
    tab.page.get_by_text("Staff", exact=True).click()
    tab.page.get_by_role("button", name="Sign out").click()
    tab.page.wait_for_url("**/login")
    tab.page.goto(keeper.url + "/keeper/today")
    assert urlsplit(tab.page.url).path == "/login"
    context.close()
