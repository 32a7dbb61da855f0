"""The member's pages in Chromium: accessible, at home on a phone, strict."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from myriad.apps import api
from myriad.scale.embedded.servers import ServerUrls
from tests.fixtures.app import Person, serve, settings_for
from tests.fixtures.browser import DESK, PHONE, Watched, watched
from tests.products.kamioi.member.world import World

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def address(database_urls: ServerUrls) -> Iterator[str]:
    """Where the real application answers."""
    with serve(api.create_app(settings_for(database_urls))) as url:
        yield url


def _sign_in(tab: Watched, who: Person) -> None:
    page = tab.open("/login")
    page.get_by_label("E-mail").fill(who.email)
    page.get_by_label("Password").fill(who.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/kamioi/**")


def _faults(tab: Watched, path: str) -> list[str]:
    page = tab.open(path)
    found = [
        f"{path} {fault['id']}: {node['html'][:160]}"
        for fault in Axe().run(page).response["violations"]
        for node in fault["nodes"]
    ]
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [*found, *([f"{path} is wider than the window"] if wide else [])]


@pytest.mark.parametrize(
    ("theme", "size"), [("light", DESK), ("dark", PHONE)], ids=["light-desk", "dark-phone"]
)
def test_a_members_pages_are_accessible_and_fit(
    chromium: Browser, address: str, world: World, theme: str, size: dict[str, int]
) -> None:
    place = f"/kamioi/activity/{world.day}/{world.bobs['coffee']}"
    paths = ["/kamioi/home", "/kamioi/activity", f"{place}?q=cost", "/kamioi/rules?q=cost"]
    context = chromium.new_context(viewport=size, color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    tab = watched(context, address)
    _sign_in(tab, world.bob.sign_in)
    faults = [fault for path in paths for fault in _faults(tab, path)]
    context.close()
    assert (faults, tab.complaints) == ([], [])
