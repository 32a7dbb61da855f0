"""The screens of running a programme: on a desk and a phone, light and dark, and without eyes."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from myriad.scale.embedded.servers import ServerUrls
from tests.fixtures.app import LiveApp
from tests.fixtures.browser import DESK, PHONE, Watched, watched
from tests.products.kamioi.member.world import in_a_loop_of_its_own
from tests.products.kamioi.operation.world import make_operated

SCREENS = ("analytics", "costs", "securities", "reconciliation", "foreign", "audit")


def _faults(tab: Watched) -> list[str]:
    found = Axe().run(tab.page).response["violations"]
    return [f"{fault['id']}: {node['html'][:160]}" for fault in found for node in fault["nodes"]]


@pytest.mark.browser
def test_every_screen_fits_a_phone_and_is_accessible_light_and_dark(
    chromium: Browser, live_app: LiveApp, database_urls: ServerUrls
) -> None:
    operated = in_a_loop_of_its_own(make_operated(database_urls))
    tab = watched(chromium.new_context(viewport=DESK), live_app.url)  # type: ignore[arg-type]
    page = tab.open("/login?next=/kamioi/admin/costs")
    page.get_by_label("E-mail").fill(operated.operator.email)
    page.get_by_label("Password").fill(operated.operator.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login" not in url)
    for size, scheme in ((DESK, "light"), (PHONE, "dark")):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        for screen in SCREENS:
            page = tab.open(f"/kamioi/admin/{screen}")
            assert page.get_by_text("Simulation").first.is_visible()
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= size["width"], (screen, width)
            assert _faults(tab) == [], screen
    assert tab.hosts == {urlsplit(tab.base).netloc}
    assert tab.complaints == []
    page.context.close()
