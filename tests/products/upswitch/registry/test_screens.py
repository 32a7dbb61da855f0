"""Companies and their accounts as people and programs see them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from myriad.apps.console import signing
from myriad.products.upswitch import tasks  # noqa: F401 - registers the jobs
from myriad.products.upswitch.endpoints import router as api_router
from myriad.products.upswitch.pages import router as page_router
from myriad.products.upswitch.registry.kbo.loading import load_full
from myriad.products.upswitch.registry.kbo.simulator import write_extract
from myriad.products.upswitch.registry.numbers import format_number
from myriad.products.upswitch.registry.simulator.accounts import deposits_of
from myriad.products.upswitch.registry.simulator.app import SIMULATED_KEY
from myriad.products.upswitch.settings import UpswitchSettings
from myriad.scale import http, ui
from myriad.scale.runtime import Runtime
from myriad.scale.simulator.faults import Faults
from myriad.scale.ui.page import Frame
from myriad.scale.vault import Vault
from tests.fixtures.app import Company, client_of, csrf_of, log_in
from tests.fixtures.database import TEST_KEY
from tests.fixtures.jobs import run_job
from tests.products.upswitch.registry.conftest import Registers

API = "/api/v1/upswitch"
Companies = tuple[Company, Company]


@pytest.fixture(scope="module")
async def loaded(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> list[int]:
    """The numbers of legal persons in a register of 200 enterprises."""
    folder: Path = tmp_path_factory.mktemp("extract") / "files"
    write_extract(folder, enterprises=200, seed=5)
    await load_full(runtime.database, folder)
    # The register belongs to no tenant, so other modules of this database may have filled it.
    async with runtime.database.crossing("test begins without accounts") as session:
        connection = await session.connection()
        await connection.exec_driver_sql("DELETE FROM upswitch.filing")
        await connection.exec_driver_sql("DELETE FROM upswitch.filing_check")
    rows = await runtime.database.crossing_rows(
        "test looks", "SELECT number FROM upswitch.company ORDER BY number"
    )
    return [row["number"] for row in rows]


@pytest.fixture
def asking(runtime: Runtime, registers: Registers) -> Runtime:
    """A runtime that asks the simulated registers."""
    settings = UpswitchSettings(
        nbb_base_url=f"{registers.url}/nbb", nbb_key=SecretStr(SIMULATED_KEY)
    )
    others = tuple(each for each in runtime.settings if not isinstance(each, UpswitchSettings))
    return replace(runtime, settings=(*others, settings))


def app_on(runtime: Runtime) -> FastAPI:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Runtime]:
        yield runtime

    app = http.create_app(
        open_runtime=opened,
        vault=Vault(TEST_KEY),
        api={API: api_router},
        pages={"": signing.router, "/upswitch": page_router},
        mounts=[ui.static_mount()],
        fault_page=signing.fault_page,
        version="test",
    )
    app.state.frame = Frame()
    app.state.runtime = runtime
    return app


@asynccontextmanager
async def program(runtime: Runtime, company: Company) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app_on(runtime)) as client:
        client.headers.update(company.staff.bearer)
        yield client


@asynccontextmanager
async def browser(runtime: Runtime, company: Company) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app_on(runtime)) as client:
        await log_in(client, company.staff)
        yield client


def filer(numbers: list[int]) -> int:
    return next(number for number in numbers if len(deposits_of(number)) == 4)


async def test_both_companies_find_the_same_public_register(
    asking: Runtime, companies: Companies, loaded: list[int]
) -> None:
    found = []
    for company in companies:
        async with program(asking, company) as client:
            shown = (await client.get(f"{API}/companies/{format_number(loaded[0])}")).json()
            rows = (await client.get(f"{API}/companies", params={"q": shown["name"]})).json()
            assert format_number(loaded[0]) in [row["number"] for row in rows["rows"]]
            found.append(rows)
    assert found[0] == found[1]


async def test_a_slip_in_a_number_is_a_problem_that_names_the_right_one(
    asking: Runtime, companies: Companies, loaded: list[int]
) -> None:
    wrong = loaded[0] + 1
    async with program(asking, companies[0]) as client:
        answer = await client.get(f"{API}/companies/{wrong:010d}")
    assert answer.status_code == 422
    assert answer.json()["code"] == "bad_enterprise_number"
    assert "Did you mean" in answer.json()["detail"]


async def test_the_page_finds_as_one_types_and_says_what_to_do_when_nothing_is_found(
    asking: Runtime, companies: Companies, loaded: list[int]
) -> None:
    async with browser(asking, companies[0]) as client:
        empty = await client.get("/upswitch/companies")
        assert "Begin with a name or a number" in empty.text
        none = await client.get("/upswitch/companies", params={"q": "zzzz"})
        assert "Try the enterprise number" in none.text
        # Nobody reads the accounts of one that files none.
        silent = next(number for number in loaded if not deposits_of(number))
        card = await client.get(f"/upswitch/companies/{format_number(silent)}")
        assert card.status_code == 200
        assert format_number(silent) in card.text
        assert "Not read yet" in card.text


async def test_accounts_are_read_by_a_job_and_shown_to_the_cent(
    asking: Runtime, companies: Companies, loaded: list[int]
) -> None:
    number = filer(loaded)
    path = f"{API}/companies/{format_number(number)}/filings"
    async with program(asking, companies[0]) as client:
        first = await client.post(path)
        assert first.status_code == 202
        assert (await client.post(path)).json() == first.json()
        await run_job(asking, companies[0].tenant_id, UUID(first.json()["job_id"]))
        view = (await client.get(path)).json()
    assert view["state"] == "read"
    newest = deposits_of(number)[-1]
    year = next(each for each in view["years"] if each["ends_on"] == newest.end.isoformat())
    assert year["equity"]["minor"] == 100 * newest.rubrics["10/15"]["N"]


async def test_a_page_follows_its_own_job_and_nobody_elses(
    asking: Runtime, companies: Companies, loaded: list[int]
) -> None:
    number = format_number(filer(loaded[20:]))
    page = f"/upswitch/companies/{number}"
    async with browser(asking, companies[0]) as client:
        token = csrf_of((await client.get(page)).text)
        sent = await client.post(f"{page}/filings", data={"csrf_token": token})
        assert sent.status_code == 303
        job = sent.headers["location"].partition("job=")[2]
        part = f"{page}/filings?job={job}"
        assert "Reading the accounts" in (await client.get(part)).text
        async with browser(asking, companies[1]) as other:
            assert "Reading the accounts" not in (await other.get(part)).text
        await run_job(asking, companies[0].tenant_id, UUID(job))
        assert "EBITDA" in (await client.get(part)).text


async def test_a_bank_that_is_down_is_shown_as_what_it_is_once_it_was_tried_enough(
    asking: Runtime, registers: Registers, companies: Companies, loaded: list[int]
) -> None:
    number = format_number(filer(loaded[40:]))
    registers.weather.set(Faults(rate_500=1.0), 1)
    async with program(asking, companies[0]) as client:
        job = (await client.post(f"{API}/companies/{number}/filings")).json()["job_id"]
        await run_job(asking, companies[0].tenant_id, UUID(job))
        view = (await client.get(f"{API}/companies/{number}/filings")).json()
    assert view["years"] == []


async def test_without_a_key_the_page_says_what_an_operator_sets(
    runtime: Runtime, companies: Companies, loaded: list[int]
) -> None:
    async with browser(runtime, companies[0]) as client:
        page = await client.get(f"/upswitch/companies/{format_number(loaded[-1])}")
    assert "MYRIAD_UPSWITCH__NBB_KEY" in page.text
