"""The programme's first page as axe and a phone see it."""

from __future__ import annotations

import asyncio
import threading

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from myriad.scale.embedded.servers import ServerUrls
from tests.fixtures.app import PASSWORD, LiveApp
from tests.fixtures.browser import watched
from tests.fixtures.database import runtime_for
from tests.products.kamioi.people import Person

pytestmark = pytest.mark.browser

PURCHASES = (
    "INSERT INTO kamioi.purchase (tenant_id, booked_on, member_id, account_id, external_id, "
    "state, kind, shown_on, amount_minor, currency, raw, source) "
    "SELECT %s, current_date - n / 3, %s, %s, 'p' || n, 'posted', 'purchase', current_date, "
    "100 + n * 37 %% 900, CASE WHEN n %% 9 = 0 THEN 'EUR' ELSE 'USD' END, 'a shop', 'csv' "
    "FROM generate_series(0, 400) AS n WHERE n %% 7 < 5"
)


async def _fill(urls: ServerUrls, live: LiveApp) -> None:
    async with runtime_for(urls) as runtime:
        ann = await Person.join(runtime, live.first.tenant_id)
        await ann.change(PURCHASES, (ann.tenant_id, ann.id, ann.id))


def test_axe_finds_no_fault_and_nothing_scrolls_sideways_on_a_phone(
    chromium: Browser, live_app: LiveApp, database_urls: ServerUrls
) -> None:
    filler = threading.Thread(target=lambda: asyncio.run(_fill(database_urls, live_app)))
    filler.start()
    filler.join()
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    tab = watched(context, live_app.url)
    page = tab.open("/login?next=/kamioi/programme")
    page.fill("[name=email]", live_app.first.owner.email)
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    # The whole address, for that of the form ends in the same words.
    page.wait_for_url(f"{live_app.url}/kamioi/programme")
    faults = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        faults += [fault["id"] for fault in Axe().run(page).response["violations"]]
    page.set_viewport_size({"width": 360, "height": 740})
    width = page.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert faults == []
    assert width <= 360
    assert tab.complaints == []
