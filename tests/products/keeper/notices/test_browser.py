"""Notices in Chromium: a strip that fills by itself, a list by keyboard, no fault for axe."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from myriad.products.keeper import tasks  # noqa: F401 - registers the tasks
from myriad.products.keeper.notify import DELIVER_TASK, Notice, raise_notice
from myriad.scale.directory import Role
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.runtime import Runtime
from tests.fixtures.accessibility import faults_in_light_and_dark
from tests.fixtures.app import LiveApp, Person, create_person
from tests.fixtures.browser import DESK, PHONE, Watched, watched
from tests.fixtures.database import runtime_for
from tests.fixtures.jobs import run_job
from tests.products.keeper.ledger import Shop

pytestmark = pytest.mark.browser
T = TypeVar("T")
_WEEK = """
INSERT INTO platform.schedule
    (tenant_id, name, task, every, slot, second, weekday, next_fire_at, size_seconds)
SELECT %(tenant_id)s, 'sample-' || n, 'keeper.account.sample',
    CASE WHEN n %% 3 = 0 THEN 'nightly' ELSE 'weekly' END, n * n %% 96, 0, n %% 7,
    date_trunc('day', now()) + interval '1 day' + n %% 6 * interval '1 hour', n %% 5
FROM generate_series(1, 900) AS n
ON CONFLICT DO NOTHING
"""
NOTICE = Notice(
    "review",
    "review:1",
    "urgent",
    "Ana Kim left one star",
    "I waited forty minutes and nobody said a word.",
    "/keeper/today",
)


def do(urls: ServerUrls, work: Callable[[Runtime], Awaitable[T]]) -> T:
    """Run `work` on a runtime of its own, in a thread beside Playwright's loop."""
    found: list[T] = []
    failures: list[BaseException] = []

    async def main() -> T:
        async with runtime_for(urls) as runtime:
            return await work(runtime)

    def run() -> None:
        try:
            found.append(asyncio.run(main()))
        except BaseException as error:  # noqa: BLE001 - raised again in the test's own thread
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return found[0]


async def _tell(runtime: Runtime, live: LiveApp, *notices: Notice) -> None:
    shop = await Shop.open(runtime, live.first.tenant_id)
    for notice in notices:
        async with runtime.database.session(shop.tenant_id) as session:
            await raise_notice(session, notice)
        sql = "SELECT id FROM platform.job_overview WHERE task = %(task)s ORDER BY id DESC LIMIT 1"
        row = (await shop.rows(sql, task=DELIVER_TASK))[0]
        await run_job(runtime, shop.tenant_id, UUID(str(row["id"])))


async def _forget(runtime: Runtime, live: LiveApp) -> None:
    shop = await Shop.open(runtime, live.first.tenant_id)
    await shop.change("DELETE FROM keeper.notice")


@pytest.fixture
def fresh(live_app: LiveApp, database_urls: ServerUrls) -> LiveApp:
    """The live application whose first company has an account without notices."""
    do(database_urls, lambda runtime: _forget(runtime, live_app))
    return live_app


def sign_in(tab: Watched, person: Person) -> Page:
    """Sign in and return the page."""
    page = tab.open("/login")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login" not in url)
    return page


@pytest.fixture
def inside(chromium: Browser, fresh: LiveApp) -> Iterator[Watched]:
    """A tab in which the owner of the first company has signed in."""
    context = chromium.new_context(viewport=DESK)  # type: ignore[arg-type]
    tab = watched(context, fresh.url)
    sign_in(tab, fresh.first.owner)
    yield tab
    context.close()


def keep_picture(page: Page, name: str) -> None:
    """Keep a picture when somebody asked for them."""
    if folder := os.environ.get("MYRIAD_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def test_an_alert_appears_on_a_page_that_is_open_and_goes_when_it_was_seen(
    inside: Watched, database_urls: ServerUrls, fresh: LiveApp
) -> None:
    page = inside.open("/keeper/insights")
    expect(page.locator("[data-alert]")).to_have_count(0)
    do(
        database_urls,
        lambda runtime: _tell(
            runtime,
            fresh,
            replace(NOTICE, dedup_key="payment:1", level="high", title="Bo Li is back"),
            replace(NOTICE, dedup_key="task:1", level="normal", title="Five calls for today"),
            NOTICE,
        ),
    )
    strip = page.get_by_role("region", name="Alerts")
    expect(strip.get_by_role("link", name=NOTICE.title)).to_be_visible(timeout=20_000)
    expect(strip.locator("[data-alert]")).to_have_count(2, timeout=20_000)
    expect(page.locator("[data-alerts-count]")).to_have_text("3", timeout=20_000)
    keep_picture(page, "strip")
    assert faults_in_light_and_dark(page) == []
    strip.get_by_role("button", name=f"Seen: {NOTICE.title}").click()
    page.wait_for_url("**/keeper/insights")
    expect(page.locator("[data-alerts-count]")).to_have_text("2")
    assert inside.complaints == []


def test_the_list_works_by_keyboard(
    inside: Watched, database_urls: ServerUrls, fresh: LiveApp
) -> None:
    do(
        database_urls,
        lambda runtime: _tell(
            runtime, fresh, NOTICE, replace(NOTICE, dedup_key="review:2", title="Cy left two stars")
        ),
    )
    page = inside.open("/keeper/insights")
    page.keyboard.press("g")
    page.keyboard.press("n")
    page.wait_for_url("**/keeper/notices")
    expect(page.get_by_role("heading", level=1)).to_contain_text("2 notices nobody has seen yet")
    page.keyboard.press("j")
    page.keyboard.press("d")
    expect(page.get_by_role("main").get_by_text("seen just now")).to_be_visible()
    page.get_by_role("button", name="Mark all as seen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Everything has been seen")


def test_the_list_is_accessible_and_fits_a_phone(
    chromium: Browser, database_urls: ServerUrls, fresh: LiveApp
) -> None:
    do(
        database_urls,
        lambda runtime: _tell(
            runtime, fresh, NOTICE, replace(NOTICE, dedup_key="review:2", level="normal")
        ),
    )
    context = chromium.new_context(viewport=PHONE, reduced_motion="reduce")  # type: ignore[arg-type]
    tab = watched(context, fresh.url)
    sign_in(tab, fresh.first.owner)
    for path in ("/keeper/notices", "/keeper/notices?show=unseen"):
        page = tab.open(path)
        assert faults_in_light_and_dark(page) == []
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"]
        keep_picture(page, "list")
    context.close()


def test_the_operators_screen_is_accessible_and_fits_a_phone(
    chromium: Browser, database_urls: ServerUrls, fresh: LiveApp
) -> None:
    tenant_id = fresh.first.tenant_id

    async def make(runtime: Runtime) -> Person:
        async with runtime.database.crossing("test fills the week") as session:
            connection = await session.connection()
            await connection.exec_driver_sql(_WEEK, {"tenant_id": tenant_id})
        return await create_person(runtime, tenant_id, Role.OWNER, is_operator=True)

    operator = do(database_urls, make)
    context = chromium.new_context(reduced_motion="reduce")
    tab = watched(context, fresh.url)
    sign_in(tab, operator)
    for size, name in ((DESK, "desk"), (PHONE, "phone")):
        tab.page.set_viewport_size(size)  # type: ignore[arg-type]
        page = tab.open("/keeper/ops")
        assert faults_in_light_and_dark(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        keep_picture(page, f"ops-{name}")
    context.close()
