"""Every screen in Chromium: accessible, at home on a phone, strict, and usable from the keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Response, expect

from tests.fixtures.accessibility import faults_in_light_and_dark
from tests.products.keeper.pages.conftest import PHONE, Watched, watched
from tests.products.keeper.pages.sample_app import PAGES

pytestmark = pytest.mark.browser

# All pages share a tab, because to open one costs more than to look at the page.
_PATHS = sorted(PAGES)


@pytest.fixture
def phone(chromium: Browser, sample_url: str) -> Iterator[Watched]:
    context = chromium.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    yield watched(context, sample_url)
    context.close()


@pytest.mark.timeout(400)
def test_no_page_in_light_or_dark_has_a_fault_asks_another_host_or_breaks_the_policy(
    tab: Watched,
) -> None:
    faults = {path: faults_in_light_and_dark(tab.open(path)) for path in _PATHS}
    assert {path: found for path, found in faults.items() if found} == {}
    assert tab.hosts == {urlsplit(tab.base).netloc}
    assert tab.complaints == []


def test_no_page_scrolls_sideways_on_a_phone(phone: Watched) -> None:
    wide = {}
    for path in _PATHS:
        width = phone.open(path).evaluate("document.documentElement.scrollWidth")
        if width > PHONE["width"]:
            wide[path] = width
    assert wide == {}


def test_scripts_of_a_first_page_stay_under_a_hundred_kilobytes(tab: Watched) -> None:
    scripts: list[Response] = []
    tab.page.on("response", lambda it: scripts.append(it) if it.url.endswith(".js") else None)
    tab.open("/keeper/today").wait_for_load_state("networkidle")
    sizes = [len(script.body()) for script in scripts]
    assert 0 < sum(sizes) < 100_000


def test_the_navigation_of_a_phone_opens_and_closes(phone: Watched) -> None:
    page = phone.open("/keeper/today")
    side = page.locator("#side")
    expect(side).to_be_hidden()
    page.get_by_role("button", name="Open the navigation").click()
    expect(side).to_be_visible()
    side.get_by_role("link", name="Customers").click()
    expect(page).to_have_url(phone.base + "/keeper/customers")


def test_the_first_tab_stop_skips_to_the_page(tab: Watched) -> None:
    page = tab.open("/keeper/today")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_g_and_a_letter_goes_there_and_slash_searches(tab: Watched) -> None:
    page = tab.open("/keeper/today")
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page).to_have_url(tab.base + "/keeper/customers")
    page.keyboard.press("/")
    expect(page.get_by_label("Search customers")).to_be_focused()


def test_the_question_mark_tells_the_keys_and_they_can_be_switched_off(tab: Watched) -> None:
    page = tab.open("/keeper/today")
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Keyboard")
    expect(help_).to_be_visible()
    help_.get_by_label("Shortcuts on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("c")
    expect(page).to_have_url(tab.base + "/keeper/today")


def test_a_task_is_done_and_taken_back_without_leaving_the_page(tab: Watched) -> None:
    page = tab.open("/keeper/today")
    page.get_by_role("button", name="Done: Ana Duarte").click()
    expect(page.get_by_text("Ana Duarte: done")).to_be_visible()
    page.get_by_role("button", name="Undo for Ana Duarte").click()
    expect(page.get_by_role("button", name="Done: Ana Duarte")).to_be_visible()
    assert tab.complaints == []


def test_keys_decide_the_task_that_has_the_focus(tab: Watched) -> None:
    page = tab.open("/keeper/today")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_text("Bo Lindqvist: dismissed")).to_be_visible()
    page.keyboard.press("k")
    page.keyboard.press("s")
    page.get_by_role("button", name="A week").first.click()
    expect(page.get_by_text("Ana Duarte: comes back on 27 Nov")).to_be_visible()


def test_one_key_tells_how_a_call_ended(tab: Watched) -> None:
    page = tab.open("/keeper/today")
    page.keyboard.press("j")
    page.keyboard.press("m")
    expect(page.get_by_text("Ana Duarte: message left")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.get_by_text("Bo Lindqvist: no answer, comes back on 22 Nov")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("o")
    page.get_by_role("button", name="Not interested").click()
    expect(page.get_by_text("Priya Raghunathan: not interested, will not be")).to_be_visible()
    assert tab.complaints == []


def test_forms_work_without_scripts(chromium: Browser, sample_url: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(sample_url + "/keeper/today")
    page.get_by_role("button", name="Done: Ana Duarte").click()
    assert page.url == sample_url + "/keeper/today"
    page.goto(sample_url + "/keeper/customers")
    page.get_by_label("Search customers").fill("ana")
    page.get_by_role("button", name="Search").click()
    assert "q=ana" in page.url
    context.close()


def test_the_theme_is_remembered(tab: Watched) -> None:
    page = tab.open("/keeper/today")
    root = page.locator("html")
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(root).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(root).to_have_attribute("data-theme", "dark")


def test_typing_in_the_search_asks_again_and_keeps_the_address(tab: Watched) -> None:
    page = tab.open("/keeper/customers")
    with page.expect_response(lambda answer: "q=ana" in answer.url):
        page.get_by_label("Search customers").press_sequentially("ana", delay=20)
    page.wait_for_url("**q=ana**")
    expect(page.get_by_label("Search customers")).to_have_value("ana")


def test_a_chart_reads_out_what_is_under_the_pointer(tab: Watched) -> None:
    page = tab.open("/keeper/today")
    figure = page.locator("figure", has_text="Visits per week")
    figure.locator("[data-reading]").nth(3).hover(force=True)
    expect(figure.locator(".reading")).to_have_text("15 Jun: 88 visits")


def test_progress_asks_again_by_itself(tab: Watched) -> None:
    page = tab.open("/keeper/connections")
    with page.expect_response("**/keeper/connections/progress", timeout=6000) as answer:
        pass
    assert answer.value.ok
    assert tab.complaints == []
