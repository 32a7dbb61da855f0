"""Settings, people, in Chromium: accessible, at home on a phone, and a link that is shown once."""

from __future__ import annotations

from secrets import token_hex

import pytest
from playwright.sync_api import Browser, Page

from tests.fixtures.accessibility import faults_in_light_and_dark
from tests.fixtures.app import PASSWORD, Company, LiveApp
from tests.fixtures.browser import DESK, PHONE, Watched, watched

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def _sign_in(tab: Watched, company: Company) -> Page:
    page = tab.open("/login")
    page.get_by_label("E-mail").fill(company.owner.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login" not in url)
    return tab.open("/settings")


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_people_are_invited_on_a_page_that_is_accessible_and_fits(
    chromium: Browser, live_app: LiveApp, size: dict[str, int]
) -> None:
    context = chromium.new_context(viewport=size)  # type: ignore[arg-type]
    tab = watched(context, live_app.url)
    page = _sign_in(tab, live_app.first)
    email = f"guest-{token_hex(6)}@example.com"
    invite = page.locator("#invite")
    invite.get_by_label("Name").fill("Wilhelmina Featherstonehaugh-Cholmondeley")
    invite.get_by_label("E-mail").fill(email)
    invite.get_by_role("button", name="Invite somebody as staff").click()
    link = page.locator("#link").inner_text()
    assert link.startswith(f"{live_app.url}/join/")
    page.get_by_text("Make owner", exact=True).first.click()
    assert page.get_by_role("button", name="Make Staff an owner").is_visible()
    faults = faults_in_light_and_dark(page)
    is_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    tab.open("/settings")
    assert page.locator("#link").count() == 0
    withdraw = "Withdraw the invitation of Wilhelmina Featherstonehaugh-Cholmondeley"
    page.get_by_role("button", name=withdraw).click()
    page.get_by_text("The invitation is withdrawn").wait_for()
    assert page.get_by_text(email).count() == 0
    context.close()
    assert (faults, is_wide, tab.complaints) == ([], False, [])
