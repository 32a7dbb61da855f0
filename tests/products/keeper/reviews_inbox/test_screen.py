"""The Reviews screen in Chromium: an import, a draft, an answer marked, and nothing that axe minds."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from myriad.kit.clock import utc_now
from myriad.products.keeper.agents.graph import run_agent
from myriad.products.keeper.agents.review import REVIEW
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.tenancy import TenantId
from tests.fixtures.accessibility import faults_in_light_and_dark
from tests.fixtures.app import LiveApp, Person
from tests.fixtures.browser import DESK, PHONE, Watched, watched
from tests.fixtures.database import runtime_for
from tests.products.keeper.ledger import Shop
from tests.products.keeper.reviews_inbox.given import intake, review

pytestmark = pytest.mark.browser

FILE = (
    "Date,Rating,Review,Name\n"
    "2026-01-03,5/5,Lovely massage,Ann\n"
    "2026-02-03,★★,Waited an hour and the staff was rude,Bo\n"
    "2026-02-04,great,?,Cy\n"
)
TEXTS = (
    (5, "Best massage in years, and the team is so friendly!"),
    (1, "Waited forty minutes, the receptionist was rude and the room was dirty."),
    (3, "Great facial but overpriced."),
    (4, ""),
)


async def _fill(urls: ServerUrls, tenant_id: TenantId) -> None:
    async with runtime_for(urls) as runtime:
        shop = await Shop.open(runtime, tenant_id)
        now = utc_now()
        given = [
            review(
                f"r{number}",
                *TEXTS[number % 4],
                at=now - timedelta(days=3 + 11 * number),
                author=f"Given{number} Family",
                source="google" if number % 3 else "yelp",
            )
            for number in range(26)
        ]
        await intake(shop, *given)
        context = await shop.context(now.date())
        await run_agent(REVIEW, context)


@pytest.fixture(scope="module")
def keeper(live_app: LiveApp, database_urls: ServerUrls) -> LiveApp:
    """The live application whose first company has reviews; the second has nothing."""
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


def _sign_in(tab: Watched, person: Person) -> None:
    page = tab.open("/login")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/keeper/**")


@pytest.fixture
def inside(chromium: Browser, keeper: LiveApp) -> Iterator[Watched]:
    """A tab in which the owner of the first company has signed in."""
    context = chromium.new_context(viewport=DESK)  # type: ignore[arg-type]
    tab = watched(context, keeper.url)
    _sign_in(tab, keeper.first.owner)
    yield tab
    context.close()


def _faults(tab: Watched) -> list[str]:
    found = Axe().run(tab.page).response["violations"]
    return [f"{fault['id']}: {node['html'][:160]}" for fault in found for node in fault["nodes"]]


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_the_inbox_is_readable_by_everybody(inside: Watched, viewport: dict[str, int]) -> None:
    """Light and dark, at a desk and on a phone: nothing wider than the window, nothing for axe."""
    inside.page.set_viewport_size(viewport)  # type: ignore[arg-type]
    page = inside.open("/keeper/reviews")
    expect(page.get_by_role("heading", level=1)).to_contain_text(" reviews")
    assert faults_in_light_and_dark(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_an_answer_is_drafted_by_keyboard_edited_and_refused_when_it_offers_money(
    inside: Watched,
) -> None:
    """Draft, change, keep; an answer that buys a better review is not accepted and says why."""
    page = inside.open("/keeper/reviews?show=unanswered&stars=1")
    card = page.locator("li[data-row]").filter(has_text="Given1 Family")
    card.focus()
    page.keyboard.press("d")
    box = card.get_by_label("Your answer to Given1 Family")
    expect(box).to_be_visible()
    assert "sorry" in box.input_value()
    box.fill("We will refund you when you change your review.")
    card.get_by_role("button", name="Keep as draft").click()
    expect(card.get_by_role("alert")).to_contain_text("forbid")
    assert _faults(inside) == []


def test_a_file_is_imported_and_its_bad_rows_are_named(inside: Watched, tmp_path: Path) -> None:
    """Two reviews come in, the third row is refused with its line and what was expected."""
    path = tmp_path / "untidy.csv"
    path.write_text(FILE)
    page = inside.open("/keeper/reviews")
    page.get_by_label("A CSV file").set_input_files(path)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("2 new reviews")
    row = page.get_by_role("row").filter(has_text="line 4")
    expect(row).to_be_visible()
    expect(row.get_by_role("cell")).not_to_contain_text("line 4")
    assert _faults(inside) == []


def test_without_reviews_the_page_says_how_they_come(chromium: Browser, keeper: LiveApp) -> None:
    """The second company is told to connect Google or to import a file, and sees no review."""
    context = chromium.new_context(viewport=PHONE)  # type: ignore[arg-type]
    tab = watched(context, keeper.url)
    _sign_in(tab, keeper.second.owner)
    page = tab.open("/keeper/reviews")
    expect(page.get_by_role("heading", name="No reviews to show")).to_be_visible()
    expect(page.get_by_label("A CSV file")).to_be_visible()
    assert page.get_by_text("Given1 Family").count() == 0
    assert _faults(tab) == []
    context.close()
