"""A model's words in a real browser: they come one by one, survive a reload, and can be stopped."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from pydantic import SecretStr

from myriad.apps import api
from myriad.products.upswitch.registry.kbo.loading import load_full
from myriad.products.upswitch.registry.kbo.simulator import write_extract
from myriad.products.upswitch.registry.numbers import format_number
from myriad.scale.ai import AISettings
from myriad.scale.ai.catalog import ModelKey
from myriad.scale.ai.providers import Providers
from myriad.scale.ai.simulator import World
from myriad.scale.embedded.servers import ServerUrls
from tests.fixtures.app import Company, create_company, serve, settings_for
from tests.fixtures.browser import PHONE, Watched, watched
from tests.fixtures.database import runtime_for
from tests.products.upswitch.conversation.conftest import file_accounts, filing, says

WORDS = "Thank you, that is noted as you said it. And what would hired managers cost for that work?"
# A folder for pictures of each step, to be looked at.
PICTURES = os.environ.get("MYRIAD_PICTURES", "")


@dataclass(frozen=True)
class Desk:
    """The application with a simulated model, and who values which company."""

    url: str
    company: Company
    number: str


@pytest.fixture
def desk(
    database_urls: ServerUrls,
    tmp_path_factory: pytest.TempPathFactory,
    world: World,
    served: tuple[World, str],
) -> Iterator[Desk]:
    """The live application whose model is the simulator."""
    made: list[tuple[Company, str]] = []
    folder = tmp_path_factory.mktemp("extract") / "files"

    async def prepare() -> None:
        async with runtime_for(database_urls) as runtime:
            write_extract(folder, enterprises=60, seed=11)
            await load_full(runtime.database, folder)
            rows = await runtime.database.crossing_rows(
                "test looks", "SELECT number FROM upswitch.company ORDER BY number"
            )
            await file_accounts(runtime, filing(rows[0]["number"]))
            made.append((await create_company(runtime), format_number(rows[0]["number"])))

    # Playwright holds this thread's loop.
    maker = threading.Thread(target=lambda: asyncio.run(prepare()))
    maker.start()
    maker.join()
    ai = AISettings(anthropic_api_key=SecretStr("sim"), anthropic_base_url=served[1])
    # The libraries of a provider take seconds to load; no promise hangs on that.
    Providers(ai).model(ModelKey("anthropic", "claude-haiku-4-5"))
    settings = settings_for(database_urls).model_copy(update={"ai": ai})
    with serve(api.create_app(settings)) as url:
        yield Desk(url, *made[0])


@pytest.fixture
def phone(chromium: Browser, desk: Desk) -> Iterator[Watched]:
    """A telephone on which the staff has signed in."""
    tab = watched(chromium.new_context(viewport=PHONE), desk.url)  # type: ignore[arg-type]
    page = tab.open("/login")
    page.get_by_label("E-mail").fill(desk.company.staff.email)
    page.get_by_label("Password").fill(desk.company.staff.password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)
    yield tab
    page.context.close()


def picture(page: Page, name: str) -> None:
    """Keep a picture where somebody wants to look."""
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def fits(page: Page) -> bool:
    """Whether nothing is wider than the telephone."""
    return int(page.evaluate("document.documentElement.scrollWidth")) <= PHONE["width"]


@pytest.mark.browser
def test_words_come_one_by_one_and_stop_when_asked(
    phone: Watched, desk: Desk, world: World
) -> None:
    world.answers["message"], world.seconds_a_token = says(WORDS), 0.15
    page = phone.open(f"/upswitch/companies/{desk.number}")
    page.get_by_role("button", name="Value this company").click()
    page.wait_for_url("**/upswitch/sessions/**")
    page.get_by_label("Your answer").fill("60.000")
    page.get_by_role("button", name="Send").click()
    speaking = page.locator("[data-words]")
    expect(speaking).to_contain_text("Thank you", timeout=60_000)
    picture(page, "speaking")
    # Whoever loads the page anew hears on.
    page.reload()
    expect(page.get_by_text("hired managers cost for that work?")).to_be_visible(timeout=60_000)
    expect(speaking).to_have_count(0)
    assert page.get_by_text("Thank you, that is noted").count() == 1
    picture(page, "spoken")
    world.answers["message"], world.seconds_a_token = says(WORDS * 4), 0.4
    page.get_by_label("Your answer").fill("70.000")
    page.get_by_role("button", name="Send").click()
    expect(speaking).to_contain_text("Thank you", timeout=60_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_label("Your answer")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("…").first).to_be_visible()
    picture(page, "stopped")
    assert phone.complaints == []


@pytest.mark.browser
def test_a_company_is_valued_on_a_telephone_by_keyboard_alone_in_french(
    phone: Watched, desk: Desk
) -> None:
    page = phone.open(f"/upswitch/companies/{desk.number}")
    _walk_to(page, "Language of the questions")
    page.keyboard.type("Fr")
    picture(page, "card")
    _walk_to(page, "Value this company")
    page.keyboard.press("Enter")
    page.wait_for_url("**/upswitch/sessions/**")
    path = urlsplit(page.url).path
    assert fits(page)
    assert Axe().run(page).response["violations"] == []
    # The field for the answer has the focus.
    page.keyboard.type("60 000 €")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("60 000 €").first).to_be_visible(timeout=60_000)
    picture(page, "french")
    before = page.locator(".worth").inner_text()
    _walk_to(page, "Croissance l'an prochain")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+A")
    page.keyboard.type("12,5 %")
    page.keyboard.press("Enter")
    expect(page.locator(".worth")).to_contain_text("depuis le dernier changement")
    assert page.locator(".worth").inner_text() != before
    picture(page, "effect")
    phone.open(path)
    _walk_to(page, "Évaluer la société")
    page.keyboard.press("Enter")
    page.wait_for_url("**/upswitch/valuations/*")
    assert fits(page)
    picture(page, "result")
    _walk_to(page, "Rapport")
    page.keyboard.press("Enter")
    page.wait_for_url("**/report")
    assert fits(page)
    picture(page, "report")
    with page.expect_download() as download:
        _walk_to(page, "PDF")
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".pdf")
    if PICTURES:
        download.value.save_as(Path(PICTURES) / "report.pdf")
    assert phone.complaints == []


def _walk_to(page: Page, name: str) -> None:
    """Press Tab until something of that name has the focus, as a person without a mouse would."""
    for _ in range(120):
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => {
                const one = document.activeElement;
                if (!one.matches("a, button, summary, input, select, textarea")) return "";
                const label = one.labels?.length ? one.labels[0].textContent : "";
                return [one.getAttribute("aria-label"), label, one.textContent].join(" ");
            }"""
        )
        if name in found:
            return
    raise AssertionError(f"Tab never comes to {name!r}")
