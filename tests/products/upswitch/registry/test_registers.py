"""VIES, GLEIF and OpenCorporates on a company's card: what they say, and when they say nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from myriad.products.upswitch.queueing import enqueue_register
from myriad.products.upswitch.registry.asking import ANSWERS, Counter, ask_registers
from myriad.products.upswitch.registry.numbers import format_number
from myriad.products.upswitch.settings import UpswitchSettings
from myriad.products.upswitch.views.registers import RegisterAnswer
from myriad.scale.cache import EVERYBODY
from myriad.scale.directory import Role
from myriad.scale.limits.breaker import Breaker
from myriad.scale.runtime import Runtime
from myriad.scale.simulator.faults import Faults
from tests.fixtures.app import client_of, create_person, log_in, serve
from tests.fixtures.jobs import run_job
from tests.products.upswitch.registry.conftest import Registers
from tests.products.upswitch.registry.test_screens import (
    Companies,
    app_on,
    browser,
    loaded,  # noqa: F401 - a fixture
    program,
)

API = "/api/v1/upswitch"
_STEMS = count(6_000_000, 42)


def fresh_number() -> int:
    """Return a number that no test has asked of; it has an identifier, a parent, a valid VAT."""
    stem = next(_STEMS)
    return stem * 100 + 97 - stem % 97


@pytest.fixture
def asking(runtime: Runtime, registers: Registers) -> Runtime:
    """A runtime that asks the simulated registers, which have not failed it before."""
    runtime.database.shared(Counter, Counter).breaker = Breaker(None)
    settings = UpswitchSettings(
        vies_base_url=f"{registers.url}/vies", gleif_base_url=f"{registers.url}/gleif"
    )
    others = tuple(each for each in runtime.settings if not isinstance(each, UpswitchSettings))
    return replace(runtime, settings=(*others, settings))


async def asked(runtime: Runtime, number: int) -> dict[str, RegisterAnswer]:
    return {each.register: each for each in await ask_registers(runtime, number)}


async def test_the_card_tells_vat_identifier_and_parent_and_what_is_not_asked(
    asking: Runtime,
) -> None:
    number = fresh_number()
    answers = await asked(asking, number)
    assert answers["vies"].facts[0][1].startswith("Valid, as asked on")
    facts = dict(answers["gleif"].facts)
    assert facts["LEI"].endswith(", issued")
    assert "Holding, LU" in facts["Parent"]
    assert answers["opencorporates"].state == "off"
    assert "MYRIAD_UPSWITCH__OPENCORPORATES_KEY" in answers["opencorporates"].note


async def test_registers_are_asked_about_companies_of_the_register_and_nobody_else(
    asking: Runtime,
    companies: Companies,
    loaded: list[int],  # noqa: F811
) -> None:
    """What a natural person has elsewhere is neither asked for nor kept."""
    known, stranger = format_number(loaded[0]), fresh_number()
    async with program(asking, companies[0]) as client:
        told = (await client.get(f"{API}/companies/{known}/registers")).json()
        refused = await client.get(f"{API}/companies/{format_number(stranger)}/registers")
    assert [each["register"] for each in told] == ["vies", "gleif", "opencorporates"]
    assert (told[0]["state"], told[2]["state"]) == ("known", "off")
    async with browser(asking, companies[1]) as client:
        part = await client.get(f"/upswitch/companies/{known}/registers")
        nothing = await client.get(f"/upswitch/companies/{format_number(stranger)}/registers")
    assert "alid, as asked on" in part.text
    assert (refused.status_code, nothing.status_code) == (404, 404)
    kept = "SELECT number FROM upswitch.vat_answer WHERE number = %(number)s"
    assert not await asking.database.crossing_rows("test looks", kept, {"number": stranger})


async def test_an_answer_is_asked_for_once_and_serves_every_account(
    asking: Runtime, registers: Registers
) -> None:
    number = fresh_number()
    first = await asked(asking, number)
    registers.weather.set(Faults(rate_500=1.0), 1)
    assert await asked(asking, number) == first


async def test_a_register_that_is_silent_says_so_with_its_last_answer(
    asking: Runtime, registers: Registers
) -> None:
    number, unknown = fresh_number(), fresh_number()
    before = (await asked(asking, number))["vies"]
    await asking.caches.invalidate(ANSWERS, EVERYBODY)
    registers.weather.set(Faults(rate_500=1.0), 1)
    after = (await asked(asking, number))["vies"]
    assert (after.state, after.facts, after.asked_at) == ("silent", before.facts, before.asked_at)
    assert "its last answer" in after.note
    never = await asked(asking, unknown)
    assert {each.state for name, each in never.items() if name != "opencorporates"} == {"silent"}
    assert never["vies"].facts == ()


async def test_valid_since_is_the_first_of_the_answers_that_agree(
    asking: Runtime, runtime: Runtime
) -> None:
    number = fresh_number()
    await asked(asking, number)
    async with runtime.database.crossing("test moves time") as session:
        connection = await session.connection()
        for column in ("since", "asked_at"):
            await connection.exec_driver_sql(
                f"UPDATE upswitch.vat_answer SET {column} = {column} - %(ago)s WHERE number = %(n)s",
                {"ago": timedelta(days=40), "n": number},
            )
    await runtime.caches.invalidate(ANSWERS, EVERYBODY)
    found = (await asked(asking, number))["vies"]
    assert found.facts[0][1].startswith("Valid, at every question since")
    async with runtime.database.crossing("test changes the answer") as session:
        connection = await session.connection()
        change = "UPDATE upswitch.vat_answer SET is_valid = false WHERE number = %(n)s"
        await connection.exec_driver_sql(change, {"n": number})
    await runtime.caches.invalidate(ANSWERS, EVERYBODY)
    assert (await asked(asking, number))["vies"].facts[0][1].startswith("Valid, as asked on")


@contextmanager
def open_register(status: int, body: object) -> Iterator[tuple[str, list[str]]]:
    """Serve OpenCorporates' answer; yield its address and the keys that it was asked with."""
    keys: list[str] = []

    async def company(request: Request) -> Response:
        keys.append(request.query_params.get("api_token", ""))
        return JSONResponse(body, status)

    with serve(Starlette(routes=[Route("/v0.4/companies/be/{number}", company)])) as url:
        yield url, keys


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [
        pytest.param(
            200,
            {"results": {"company": {"name": "BAKKERIJ", "current_status": "Active"}}},
            "known",
            id="known",
        ),
        pytest.param(404, {"error": {}}, "none", id="unknown"),
        pytest.param(403, {"error": {}}, "silent", id="a-refused-key"),
        pytest.param(200, {"results": []}, "silent", id="another-form"),
    ],
)
async def test_opencorporates_is_asked_with_a_key_only(
    asking: Runtime, status: int, body: object, state: str
) -> None:
    with open_register(status, body) as (url, keys):
        settings = asking.settings_of(UpswitchSettings).model_copy(
            update={"opencorporates_key": SecretStr("sesame"), "opencorporates_base_url": url}
        )
        others = tuple(each for each in asking.settings if not isinstance(each, UpswitchSettings))
        found = await asked(replace(asking, settings=(*others, settings)), fresh_number())
    assert keys == ["sesame"]
    assert found["opencorporates"].state == state
    assert "sesame" not in str(found)


async def test_operators_see_the_register_and_nobody_else(
    asking: Runtime,
    companies: Companies,
    loaded: list[int],  # noqa: F811
) -> None:
    person = await create_person(asking, companies[0].tenant_id, Role.OWNER, is_operator=True)
    async with client_of(app_on(asking)) as client:
        await log_in(client, person)
        page = await client.get("/upswitch/register")
    assert page.status_code == 200
    assert "MYRIAD_UPSWITCH__KBO_FOLDER" in page.text
    async with browser(asking, companies[1]) as client:
        assert (await client.get("/upswitch/register")).status_code == 403


async def test_a_look_without_a_folder_is_a_dead_letter_that_says_what_to_set(
    asking: Runtime, companies: Companies
) -> None:
    tenant_id = companies[0].tenant_id
    async with asking.database.session(tenant_id) as session:
        job_id: UUID = await enqueue_register(session)
        assert await enqueue_register(session) == job_id
    assert await run_job(asking, tenant_id, job_id) == "dead"


async def test_a_part_of_the_page_tells_how_a_load_goes_and_then_loads_the_page(
    asking: Runtime,
    companies: Companies,
    loaded: list[int],  # noqa: F811
) -> None:
    async with browser(asking, companies[0]) as client:
        quiet = await client.get("/upswitch/register/state")
        first = await client.get("/upswitch/register/state", params={"first": "yes"})
    assert "hx-refresh" not in quiet.headers
    assert first.headers["hx-refresh"] == "true"


async def test_a_client_is_not_asked_for_what_is_no_number(
    asking: Runtime, companies: Companies
) -> None:
    async with program(asking, companies[0]) as client:
        answer: httpx.Response = await client.get(f"{API}/companies/12345/registers")
    assert answer.status_code == 422
