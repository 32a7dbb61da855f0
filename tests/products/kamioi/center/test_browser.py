"""The queue by keyboard alone, and the center's screens as axe and a phone see them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from myriad.products.kamioi.center import decisions
from myriad.products.kamioi.center.decisions import Seen
from myriad.products.kamioi.facts.importing import import_brands
from myriad.products.kamioi.facts.loading import load_world
from myriad.products.kamioi.repository.corrections import correct
from myriad.products.kamioi.repository.mappings import Proposal, propose
from myriad.scale.embedded.servers import ServerUrls
from tests.fixtures.app import PASSWORD, LiveApp
from tests.fixtures.browser import Watched, watched
from tests.fixtures.database import runtime_for
from tests.products.kamioi.center.conftest import Center

pytestmark = pytest.mark.browser

QUEUE = "/kamioi/admin/queue"


async def _fill(urls: ServerUrls, live: LiveApp) -> UUID:
    async with runtime_for(urls) as runtime:
        await import_brands(runtime.database, None)
        world = await load_world(runtime.database)
        center = Center(runtime, live.first.tenant_id, company=live.first, world=world)
        first = await center.proposed(norm="tesco stores", amount_minor=90_000)
        await center.bought(first, 45_000)
        await center.proposed("Shell", norm="shell fiveways", amount_minor=40_000)
        await center.proposed("Costa", norm="costa coffee grand central", amount_minor=700_000)
        candidates = [
            {"id": str(center.brand(name)), "brand": name, "likeness": likeness}
            for name, likeness in (("Starbucks", 0.71), ("Costa", 0.4))
        ]
        alike = await center.string("starbuks cofee")
        await center.bought(alike, 20_000)
        evidence = {"why": "no brand has a name like this", "candidates": candidates}
        async with center.session() as session:
            await propose(session, [Proposal(alike, None, 0.5, 5, "ngram", "proposed", evidence)])
        held = await center.proposed("Asda", norm="corner shop", amount_minor=3_000, state="auto")
        for _ in range(3):
            member = await center.bought(held, 500)
            async with center.session() as session:
                await correct(session, member, held, center.brand("Tesco"))
        await center.proposed(norm="oslo kaffe", amount_minor=2_000, currency="NOK")
        for letter in "abc":
            await center.proposed("Asda", norm=f"asda express {letter}", amount_minor=900)
        for number in range(12):
            checked = await center.proposed(
                norm=f"asda store {'abcdefgh'[number % 8] * (number + 1)}"
            )
            async with center.session() as session:
                brand = center.brand("Asda" if number % 5 == 0 else "Tesco")
                await decisions.approve(session, center.staff, [Seen(checked, 1)], brand)
        return held


@pytest.fixture(scope="module")
def held(live_app: LiveApp, database_urls: ServerUrls) -> UUID:
    """A programme with work in its queue; returns a string that holds and is asked about."""
    made: list[UUID] = []
    filler = threading.Thread(
        target=lambda: made.append(asyncio.run(_fill(database_urls, live_app)))
    )
    filler.start()
    filler.join()
    return made[0]


@pytest.fixture
def tab(chromium: Browser, live_app: LiveApp, held: UUID) -> Iterator[Watched]:
    """A tab in which the owner has signed in."""
    assert held
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    opened = watched(context, live_app.url)
    page = opened.open("/login")
    page.fill("[name=email]", live_app.first.owner.email)
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)
    yield opened
    context.close()


def test_axe_finds_no_fault_and_no_screen_scrolls_sideways_on_a_phone(
    tab: Watched, held: UUID
) -> None:
    paths = ["/kamioi/admin/center", QUEUE, f"{QUEUE}?q=asda", f"{QUEUE}?show=requests"]
    paths.append(f"/kamioi/admin/mappings/{held}?q=tes")
    faults = {}
    for path in paths:
        page = tab.open(path)
        page.emulate_media(color_scheme="light")
        found = [fault["id"] for fault in Axe().run(page).response["violations"]]
        page.emulate_media(color_scheme="dark")
        found += [fault["id"] for fault in Axe().run(page).response["violations"]]
        page.set_viewport_size({"width": 360, "height": 740})
        width = page.evaluate("document.documentElement.scrollWidth")
        faults[path] = found + ([f"{width} wide"] if width > 360 else [])
        page.set_viewport_size({"width": 1280, "height": 800})
    assert {path: found for path, found in faults.items() if found} == {}
    assert tab.complaints == []


def test_the_queue_is_worked_through_by_keyboard_alone(tab: Watched) -> None:
    page = tab.open(QUEUE)
    rows = page.locator("[data-row]")
    page.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("a")
    expect(rows.nth(0)).to_contain_text("a second person must say the same")
    tab.settle()
    page.keyboard.press("r")
    expect(rows.nth(0)).not_to_contain_text("a second person")
    tab.settle()
    page.keyboard.press("j")
    page.keyboard.press("n")
    expect(rows.nth(1)).to_contain_text("Decided: no brand")
    tab.settle()
    page.keyboard.press("u")
    expect(rows.nth(1)).to_contain_text("Approve")
    tab.settle()
    page.keyboard.press("j")
    page.keyboard.press("c")
    expect(rows.nth(2).locator("input[type=search]")).to_be_focused()
    page.keyboard.type("asda")
    page.keyboard.press("Tab")
    expect(rows.nth(2)).to_contain_text("It is Asda")
    page = tab.open(QUEUE)
    page.keyboard.press("/")
    page.keyboard.type("asda")
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue?q=asda*")
    expect(rows).to_have_count(3)
    rows.nth(0).focus()
    page.keyboard.press("a")
    expect(rows.nth(0)).to_contain_text("Decided: Asda")
    assert page.get_by_label("They are").evaluate("at => at.selectedOptions[0].text") == "Asda"
    page.get_by_role("button", name="Decide all").click()
    expect(page.get_by_role("status").first).to_contain_text("somebody else meanwhile")
    assert tab.complaints == []
