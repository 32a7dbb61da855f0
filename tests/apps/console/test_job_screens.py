"""The console in Chromium: accessible, at home on a phone, live, usable from the keyboard."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from myriad.scale.ai.ledger import Entry, Ledger
from myriad.scale.cache import Namespace, Policy
from myriad.scale.directory import Role
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.http import hub as live_hub
from myriad.scale.jobs.events import JobEvent, publish
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.apps.console.queue_rows import Rows, add_worker, busy_hour
from tests.fixtures.accessibility import faults_in_light_and_dark
from tests.fixtures.app import Company, LiveApp, Person, create_company, create_person
from tests.fixtures.browser import DESK, PHONE, Watched, watched
from tests.fixtures.database import runtime_for

pytestmark = pytest.mark.browser


_SEEN = Namespace("test.screens", str, Policy("test", 300.0, ("test",), local_seconds=0.0))


async def _word() -> str:
    return "word"


def _asked(tenant_id: TenantId) -> Entry:
    """Return a call of a model, as the page of models shows it."""
    return Entry(
        tenant_id=tenant_id,
        product="test",
        task="test.screen.show",
        provider="anthropic",
        model="claude-haiku-4-5",
        model_class="small",
        mode="batch",
        outcome="answered",
        price_version="test-1",
        input_tokens=12_000,
        cached_tokens=0,
        output_tokens=900,
        cost_usd_micros=16_500,
        duration_ms=900,
    )


class World:
    """An account with a busy queue, an operator, an empty account, and their live application."""

    def __init__(self, live: LiveApp, urls: ServerUrls) -> None:
        self.url, self._urls = live.url, urls
        self.jobs: dict[str, UUID] = {}
        self.company: Company
        self.empty: Company
        self.operator: Person
        self.do(self._fill)

    async def _fill(self, runtime: Runtime) -> None:
        self.company, self.empty = await create_company(runtime), await create_company(runtime)
        tenant_id = self.company.tenant_id
        self.jobs = await busy_hour(runtime, tenant_id)
        self.operator = await create_person(runtime, tenant_id, Role.OWNER, is_operator=True)
        await add_worker(runtime, "worker-1")
        await add_worker(runtime, "worker-2", is_draining=True, classes=[0, 1])
        await Ledger(runtime.database).record(_asked(tenant_id))
        for _ in range(3):
            await runtime.caches.get(_SEEN, tenant_id, (), _word)

    def do(self, what: Any) -> Any:
        """Run `what(runtime)` on a loop of its own, beside the one that drives the browser."""
        answers: list[Any] = []

        async def work() -> None:
            async with runtime_for(self._urls) as runtime:
                answers.append(await what(runtime))

        failures = _in_thread(work())
        if failures:
            raise failures[0]
        return answers[0]

    def rows(self, runtime: Runtime) -> Rows:
        return Rows(runtime, self.company.tenant_id)


def _in_thread(work: Coroutine[Any, Any, None]) -> list[BaseException]:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(work)
        except BaseException as error:  # noqa: BLE001 - raised again in the test's own thread
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return failures


@pytest.fixture(scope="module")
def world(live_app: LiveApp, database_urls: ServerUrls) -> World:
    return World(live_app, database_urls)


def signed_in_tab(chromium: Browser, world: World, person: Person, **options: Any) -> Watched:
    """A tab in which the person has signed in."""
    tab = watched(chromium.new_context(**{"viewport": DESK, **options}), world.url)
    page = tab.open("/login")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/keeper/**")
    return tab


@pytest.fixture
def tab(chromium: Browser, world: World) -> Iterator[Watched]:
    """A tab of the account's owner, who also runs the installation."""
    opened = signed_in_tab(chromium, world, world.operator)
    yield opened
    opened.page.context.close()


def screens(world: World) -> list[str]:
    installation = ["/queue", "/cache", "/models", "/database"]
    return [
        "/jobs",
        "/jobs/list",
        *installation,
        *(f"/jobs/{job_id}" for job_id in world.jobs.values()),
    ]


def _faults(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{fault['id']}: {node['html'][:160]}" for fault in found for node in fault["nodes"]]


@pytest.mark.timeout(300)
def test_every_screen_is_accessible_and_strict(tab: Watched, world: World) -> None:
    faults = {path: faults_in_light_and_dark(tab.open(path)) for path in screens(world)}
    assert {path: found for path, found in faults.items() if found} == {}
    assert tab.hosts == {urlsplit(tab.base).netloc}
    assert tab.complaints == []


def test_every_screen_fits_a_phone(tab: Watched, world: World) -> None:
    tab.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    widths = {
        path: tab.open(path).evaluate("document.documentElement.scrollWidth")
        for path in screens(world)
    }
    assert {path: width for path, width in widths.items() if width > PHONE["width"]} == {}


def test_a_namespace_is_purged_and_the_page_says_what_models_cost(tab: Watched) -> None:
    page = tab.open("/cache")
    expect(page.get_by_role("row", name="test.screens")).to_contain_text("5 minutes")
    page.get_by_role("button", name="Purge test.screens").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("look-ups")
    expect(tab.open("/models").get_by_role("heading", level=1)).to_contain_text("Models cost $")
    expect(page.get_by_role("row", name="test.screen.show")).to_contain_text("claude-haiku-4-5")


def test_an_empty_account_is_told_what_will_stand_there(chromium: Browser, world: World) -> None:
    tab = signed_in_tab(chromium, world, world.empty.owner)
    for path, words in (
        ("/jobs", "No dead letters"),
        ("/jobs", "Nothing ended in the last 15 minutes"),
        ("/jobs/list", "Jobs appear here as soon as something is asked for"),
        ("/jobs/list?state=dead", "No job of this account fits the filters."),
    ):
        expect(tab.open(path).locator("#main")).to_contain_text(words)
        assert _faults(tab.page) == []
    tab.page.context.close()


def test_from_the_menu_to_a_job_by_keyboard(tab: Watched, world: World) -> None:
    page = tab.open("/settings")
    page.keyboard.press("g")
    page.keyboard.press("j")
    page.wait_for_url("**/jobs")
    page.get_by_role("link", name="All jobs").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs/list")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs/*-*")
    expect(page.get_by_role("heading", level=1)).to_contain_text("This job")


def test_the_list_is_filtered_without_leaving_the_page(tab: Watched) -> None:
    page = tab.open("/jobs/list")
    page.get_by_label("State").select_option("dead")
    page.wait_for_url("**state=dead**")
    expect(page.locator("tr.linked")).to_have_count(4)
    expect(page.get_by_role("heading", level=1)).to_have_text("The newest dead jobs")
    assert _faults(page) == []


def test_a_running_job_is_followed_live_to_its_end(tab: Watched, world: World) -> None:
    """Progress and messages arrive by themselves; nobody asks in between; at the end it says so."""
    tenant_id = world.company.tenant_id
    job_id: UUID = world.do(
        lambda runtime: world.rows(runtime).job("running", progress_done=1, progress_total=9)
    )
    page = tab.open(f"/jobs/{job_id}")

    async def tell(runtime: Runtime) -> None:
        async with runtime.database.crossing("test tells progress") as session:
            connection = await session.connection()
            await connection.exec_driver_sql(
                "UPDATE platform.job SET progress_done = 7 WHERE id = %(id)s", {"id": job_id}
            )
        event = JobEvent("progress", "running", 1, 7, 9, message="Reading June <b>2026</b>")
        async with live_hub._patient(runtime.cache) as patient:
            await publish(patient, tenant_id, job_id, event)

    world.do(tell)
    expect(page.locator("[data-live-count]")).to_have_text("7 of 9", timeout=20_000)
    expect(page.get_by_label("Messages of the job")).to_contain_text(
        "Reading June <b>2026</b> 7 of 9"
    )
    assert _faults(page) == []

    async def end(runtime: Runtime) -> None:
        async with runtime.database.crossing("test ends a job") as session:
            connection = await session.connection()
            await connection.exec_driver_sql(
                "WITH gone AS (DELETE FROM platform.job WHERE id = %(id)s RETURNING *) "
                "INSERT INTO platform.job_finished "
                "(tenant_id, id, state, job_class, task_id, attempts, started_at) "
                "SELECT tenant_id, id, 'succeeded', job_class, task_id, attempts, started_at "
                "FROM gone",
                {"id": job_id},
            )
        await publish(runtime.cache, tenant_id, job_id, JobEvent("state", "succeeded", 1))

    world.do(end)
    expect(page.get_by_role("heading", level=1)).to_contain_text("This job is done", timeout=20_000)
    expect(page.get_by_role("button", name="Cancel it")).to_have_count(0)
    assert tab.complaints == []


def test_while_the_stream_is_open_nobody_polls(tab: Watched, world: World) -> None:
    job_id: UUID = world.do(lambda runtime: world.rows(runtime).job("running"))
    asked: list[str] = []
    page = tab.open(f"/jobs/{job_id}")
    page.on("request", lambda request: asked.append(request.url))
    expect(page.locator("#job")).to_have_attribute("data-live", f"/api/v1/jobs/{job_id}/events")
    page.wait_for_timeout(11_000)
    assert [url for url in asked if url.endswith(f"/jobs/{job_id}")] == []


def test_a_dead_job_is_run_again_and_a_waiting_one_cancelled(tab: Watched, world: World) -> None:
    dead: UUID = world.do(lambda runtime: world.rows(runtime).job("dead"))
    page = tab.open(f"/jobs/{dead}")
    page.get_by_role("button", name="Run it again").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("is ready and waits")
    page.get_by_role("button", name="Cancel it").click()
    dialog = page.get_by_role("dialog", name="Cancel this job?")
    expect(dialog).to_be_visible()
    assert _faults(page) == []
    dialog.get_by_role("button", name="Cancel the job").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This job was cancelled")


def test_the_queue_refreshes_itself(tab: Watched, world: World) -> None:
    page = tab.open("/jobs")
    before = page.locator(".stat", has_text="Ready").locator("dd").inner_text().split()[0]
    world.do(lambda runtime: world.rows(runtime).job("queued", job_class="low"))
    ready = page.locator(".stat", has_text="Ready").locator("dd")
    expect(ready).to_contain_text(str(int(before) + 1), timeout=20_000)
    assert tab.complaints == []
