"""The migration console and its API: who may, what a phase does, what the screen says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from myriad.products.kamioi.legacy import tasks
from myriad.products.kamioi.legacy.generator import generate
from myriad.products.kamioi.legacy.moves import choose_file
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.runtime import Runtime
from tests.fixtures.app import Company, LiveApp, create_company
from tests.fixtures.browser import DESK, PHONE, watched
from tests.fixtures.database import runtime_for
from tests.fixtures.jobs import run_job
from tests.products.kamioi.member.world import in_a_loop_of_its_own

API = "/api/v1/kamioi/admin/migration"
PAGE = "/kamioi/admin/migration"
assert tasks.move.__name__ == "move"


@dataclass
class Console:
    """A programme whose old file waits to be moved, and another without one."""

    urls: ServerUrls
    address: str
    company: Company
    other: Company
    file: Path

    def work(self, job_id: str) -> str:
        """Let a worker do a job; return how it ended."""

        async def run(runtime: Runtime) -> str:
            return str(await run_job(runtime, self.company.tenant_id, UUID(job_id)))

        return str(in_a_loop_of_its_own(_with_runtime(self.urls, run)))

    def ask(self, method: str, path: str, who: Any = None) -> httpx.Response:
        """Call the API or a page as somebody; the owner unless said otherwise."""
        bearer = (who or self.company.owner).bearer
        return httpx.request(method, f"{self.address}{path}", headers=bearer, timeout=60)

    def go(self, phase: str) -> str:
        """Ask for a phase and let a worker bring the move there."""
        asked = self.ask("POST", f"{API}/{phase}")
        assert asked.status_code == 202, asked.text
        return self.work(asked.json()["job_id"])


async def _with_runtime(urls: ServerUrls, work: Callable[[Runtime], Awaitable[Any]]) -> Any:
    async with runtime_for(urls) as runtime:
        return await work(runtime)


@pytest.fixture(scope="module")
def console(
    live_app: LiveApp, database_urls: ServerUrls, tmp_path_factory: pytest.TempPathFactory
) -> Console:
    """A file of 600 purchases, chosen by an operator."""
    file = tmp_path_factory.mktemp("console") / "kamioi.db"
    generate(file, purchases=600)

    async def prepare(runtime: Runtime) -> tuple[Company, Company]:
        company, other = await create_company(runtime), await create_company(runtime)
        async with runtime.database.session(company.tenant_id) as session:
            await choose_file(session, company.tenant_id, file, "UTC")
        return company, other

    companies = in_a_loop_of_its_own(_with_runtime(database_urls, prepare))
    return Console(database_urls, live_app.url, *companies, file)


def test_an_owner_brings_the_move_on_and_sees_why_it_cannot_go_further(console: Console) -> None:
    assert console.ask("GET", f"{API}/status").status_code == 404
    assert "The move has not begun" in console.ask("GET", PAGE).text
    assert console.go("dual_write").endswith("succeeded")
    assert console.go("backfill").endswith("succeeded")
    early = console.go("pg_primary")
    assert not early.endswith("succeeded")
    assert console.go("verify").endswith("succeeded")
    found = console.ask("GET", f"{API}/status").json()
    assert (found["phase"], found["following"]) == ("verify", "shadow_read")
    assert found["obstacle"] == "clean verifications in a row: 1; 2 are wanted"
    assert all(one["sqlite"] == one["postgres"] for one in found["checksums"])
    assert {one["target"] for one in found["chunks"]} >= {"kamioi.purchase", "kamioi.member"}
    page = console.ask("GET", PAGE).text
    for said in ("The way on is shut", "does not follow", "kept apart", "Verify again"):
        assert said in page


def test_nobody_but_an_owner_moves_and_no_other_programme_sees_it(console: Console) -> None:
    staff = console.company.staff
    assert console.ask("POST", f"{API}/off", staff).status_code == 403
    assert console.ask("GET", f"{API}/status", staff).status_code == 403
    assert "Roll back" not in console.ask("GET", PAGE, staff).text
    stranger = console.other.owner
    assert console.ask("GET", f"{API}/status", stranger).status_code == 404
    assert console.ask("POST", f"{API}/off", stranger).status_code == 404
    assert "kamioi migrate begin" in console.ask("GET", PAGE, stranger).text
    assert console.ask("POST", f"{API}/sideways").status_code == 422


def test_a_file_that_is_gone_is_told_and_no_phase_is_claimed(console: Console) -> None:
    aside = console.file.rename(console.file.with_suffix(".aside"))
    try:
        page = console.ask("GET", PAGE).text
    finally:
        aside.rename(console.file)
    assert "How the move stands cannot be told" in page
    assert "There is no SQLite file" in page
    assert "What holds in it" not in page


@pytest.mark.browser
def test_the_console_fits_a_phone_and_is_accessible_light_and_dark(
    chromium: Browser, console: Console
) -> None:
    tab = watched(chromium.new_context(viewport=DESK), console.address)  # type: ignore[arg-type]
    page = tab.open(f"/login?next={PAGE}")
    page.get_by_label("E-mail").fill(console.company.owner.email)
    page.get_by_label("Password").fill(console.company.owner.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login" not in url)
    for size, scheme in ((DESK, "light"), (PHONE, "dark")):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page = tab.open(PAGE)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        faults = Axe().run(page).response["violations"]
        assert [fault["id"] for fault in faults] == []
    assert tab.complaints == []
    page.context.close()
