"""Patterns and Benchmarks in the real application: what they say, to whom, and by keyboard."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from myriad.kit.ids import new_id
from myriad.products.keeper.repository.benchmarks import publish
from myriad.products.keeper.weekly import run_week
from myriad.products.keeper.weekly_queue import this_week
from myriad.scale.embedded.servers import ServerUrls
from tests.fixtures.accessibility import faults_in_light_and_dark
from tests.fixtures.app import Company, LiveApp, Person, create_company
from tests.fixtures.browser import DESK, PHONE, Watched, watched
from tests.fixtures.database import runtime_for
from tests.products.keeper.ledger import LAST, Shop
from tests.products.keeper.patterns.selling import open_lender, sell_baskets
from tests.products.keeper.patterns.shops import random_rows, with_pair, with_sequence

SCREENS = ("/keeper/patterns", "/keeper/benchmarks")
KIND = f"spa-{new_id().hex[-8:]}"


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end in a thread of its own, because Playwright holds this one's loop."""
    failures: list[BaseException] = []

    def target() -> None:
        try:
            asyncio.run(work)
        except BaseException as error:  # noqa: BLE001 - raised again in the test's own thread
            failures.append(error)

    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


async def _open(urls: ServerUrls, opened: list[Company]) -> None:
    async with runtime_for(urls) as runtime:
        opened += [await create_company(runtime), await create_company(runtime)]
        tenant_id = opened[0].tenant_id
        shop = await Shop.open(runtime, tenant_id)
        rows = with_sequence(with_pair(random_rows(4, visits=1_200, items=8), 4), 4)
        await sell_baskets(shop, rows)
        await shop.change(
            "UPDATE keeper.account SET business_date = %s, vertical = %s", (LAST, KIND)
        )
        await run_week(runtime, tenant_id)
        for place in range(10):
            await open_lender(runtime, KIND, 0.25 + 0.04 * place)
        async with runtime.database.crossing("publish in a test") as session:
            await publish(session, this_week(), this_week())


@dataclass(frozen=True)
class Keeper:
    """The live application with a company that has patterns and ten peers, and an empty one."""

    url: str
    first: Company
    second: Company


@pytest.fixture(scope="module")
def keeper(live_app: LiveApp, database_urls: ServerUrls) -> Keeper:
    """The live application with companies of this module's own."""
    opened: list[Company] = []
    _run(_open(database_urls, opened))
    return Keeper(live_app.url, *opened)


def _inside(chromium: Browser, keeper: Keeper, person: Person) -> Watched:
    tab = watched(chromium.new_context(viewport=DESK), keeper.url)  # type: ignore[arg-type]
    page = tab.open("/login")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/keeper/**")
    return tab


@pytest.fixture
def owner(chromium: Browser, keeper: Keeper) -> Iterator[Watched]:
    tab = _inside(chromium, keeper, keeper.first.owner)
    yield tab
    tab.page.context.close()


def _faults(tab: Watched) -> list[str]:
    found = Axe().run(tab.page).response["violations"]
    return [f"{fault['id']}: {node['html'][:160]}" for fault in found for node in fault["nodes"]]


@pytest.mark.browser
def test_the_screens_say_what_was_found_and_are_accessible(owner: Watched) -> None:
    page = owner.open("/keeper/patterns")
    expect(page.get_by_role("heading", level=1)).to_contain_text("pair goes together")
    expect(page.get_by_role("heading", name="After item 2 comes item 3")).to_be_visible()
    for path in SCREENS:
        assert faults_in_light_and_dark(owner.open(path)) == [], path
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    for path in SCREENS:
        width = owner.open(path).evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], path
    assert owner.hosts == {urlsplit(owner.base).netloc}
    assert owner.complaints == []


@pytest.mark.browser
def test_an_owner_joins_sees_peers_and_leaves(owner: Watched) -> None:
    page = owner.open("/keeper/benchmarks")
    expect(page.get_by_role("heading", level=1)).to_have_text("See how you compare")
    expect(page.get_by_text("10 accounts")).to_have_count(0)
    page.get_by_role("button", name="Compare with peers").click()
    expect(page.get_by_text("10 accounts").first).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ahead of the median")
    assert _faults(owner) == []
    page.get_by_role("button", name="Stop comparing").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("See how you compare")


def test_the_api_gives_each_account_its_own(keeper: Keeper) -> None:
    with httpx.Client(base_url=f"{keeper.url}/api/v1/keeper") as client:
        mine, theirs = keeper.first.owner.bearer, keeper.second.owner.bearer
        first = client.get("/patterns", params={"limit": 1}, headers=mine).json()
        second = client.get(
            "/patterns", params={"limit": 1, "cursor": first["next_cursor"]}, headers=mine
        ).json()
        kinds = {first["items"][0]["kind"], second["items"][0]["kind"]}
        assert kinds == {"pair", "sequence"}
        only = client.get("/patterns", params={"kind": "sequence"}, headers=mine).json()
        assert [row["kind"] for row in only["items"]] == ["sequence"]
        assert {row["metric"] for row in client.get("/trends", headers=mine).json()} >= {"visits"}
        peers = client.get("/benchmarks", headers=mine).json()
        assert {row["withheld"] for row in peers["rows"]} == {"not_joined"}
        assert all(row["quantiles"] == [] for row in peers["rows"])
        refused = client.get("/patterns", params={"kind": "triple"}, headers=mine)
        assert (refused.status_code, refused.headers["content-type"]) == (
            422,
            "application/problem+json",
        )
        nothing = client.get("/patterns", headers=theirs)
        assert nothing.status_code == 200
        assert nothing.json()["items"] == []
        assert client.get("/benchmarks", headers=theirs).status_code == 404


def test_staff_may_look_but_not_switch(keeper: Keeper) -> None:
    with httpx.Client(base_url=keeper.url, headers=keeper.first.staff.bearer) as client:
        assert client.get("/keeper/benchmarks").status_code == 200
        assert client.post("/keeper/benchmarks/join").status_code == 403
