"""The pages of a member's holdings and banks in Chromium: accessible, at home on a phone, strict."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from myriad.apps import api
from myriad.scale.embedded.servers import ServerUrls
from tests.fixtures.app import serve, settings_for
from tests.fixtures.browser import DESK, PHONE, Watched, watched
from tests.fixtures.database import runtime_for
from tests.products.kamioi.holding.world import Saver, save

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
PATHS = (
    "/kamioi/portfolio?xirr=yes",
    "/kamioi/portfolio/lots",
    "/kamioi/accounts?done=linked",
    "/kamioi/notifications",
    "/kamioi/statements",
    "/kamioi/statements/2026-11",
)


async def _saved(urls: ServerUrls) -> Saver:
    async with runtime_for(urls) as runtime:
        saver = await save(runtime)
        await saver.programme.run(
            "UPDATE kamioi.bank_item SET institution = 'Chase', status = 'needs_login'"
            " WHERE member_id = %s",
            saver.member_id,
        )
        await saver.programme.run(
            "INSERT INTO kamioi.notification (tenant_id, member_id, kind, facts, once_key)"
            " VALUES (%s, %s, 'bank_needs_login', '{\"institution\": \"Chase\"}', 'b')",
            saver.programme.tenant_id,
            saver.member_id,
        )
        return saver


@pytest.fixture(scope="module")
def signed_in(chromium: Browser, database_urls: ServerUrls) -> Iterator[tuple[str, Saver]]:
    """Where the real application answers, and whom it knows."""
    made: list[Saver] = []
    maker = threading.Thread(target=lambda: made.append(asyncio.run(_saved(database_urls))))
    maker.start()
    maker.join()
    with serve(api.create_app(settings_for(database_urls))) as url:
        yield url, made[0]


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
def test_pages_of_money_are_accessible_and_fit(
    chromium: Browser, signed_in: tuple[str, Saver], theme: str, size: dict[str, int]
) -> None:
    url, saver = signed_in
    context = chromium.new_context(viewport=size, color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    tab = watched(context, url)
    page = tab.open("/login")
    page.get_by_label("E-mail").fill(saver.person.email)
    page.get_by_label("Password").fill(saver.person.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/kamioi/**")
    faults = [fault for path in PATHS for fault in _faults(tab, path)]
    context.close()
    assert (faults, tab.complaints) == ([], [])
