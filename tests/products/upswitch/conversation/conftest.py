"""A register with accounts that have been read, and people who value its companies."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from myriad.apps.console import signing
from myriad.products.upswitch.endpoints import router as api_router
from myriad.products.upswitch.pages import router as page_router
from myriad.products.upswitch.registry.filings import _row
from myriad.products.upswitch.registry.kbo.loading import load_full
from myriad.products.upswitch.registry.kbo.simulator import write_extract
from myriad.products.upswitch.registry.nbb.rubrics import Filing
from myriad.products.upswitch.registry.numbers import format_number
from myriad.products.upswitch.registry.sql import QUERIES
from myriad.products.upswitch.settings import UpswitchSettings
from myriad.products.upswitch.views.sessions import FactValue, FactView
from myriad.scale import http, ui
from myriad.scale.ai import AISettings
from myriad.scale.ai.simulator import World, create_app
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.runtime import Runtime, open_runtime
from myriad.scale.ui.page import Frame
from myriad.scale.vault import Vault
from tests.fixtures.app import Company, client_of, log_in, serve
from tests.fixtures.database import TEST_KEY, database_settings
from tests.fixtures.models import simulated_models

API = "/api/v1/upswitch"
Companies = tuple[Company, Company]
RUBRICS = {
    "70": (2_450_000, 2_330_000),
    "9901": (262_000, 231_000),
    "630": (95_000, 91_000),
    "650": (18_500, 20_000),
    "9904": (180_000, 160_000),
    "10/15": (640_000, 560_000),
    "16": (12_000, 12_000),
    "170/4": (300_000, 350_000),
    "42": (60_000, 55_000),
    "43": (50_000, 50_000),
    "50/53": (0, 0),
    "54/58": (155_000, 120_000),
    "40": (275_000, 260_000),
}


def filing(number: int, **changes: Any) -> Filing:
    """Return the accounts of 2025 of an invented bakery, the year before beside them."""
    rubrics = {
        code: {"N": 100 * this, "NM1": 100 * before} for code, (this, before) in RUBRICS.items()
    }
    filed: dict[str, Any] = {
        "reference": "2026-00000042",
        "number": number,
        "start": date(2025, 1, 1),
        "end": date(2025, 12, 31),
        "model": "m02-f",
        "deposited_on": date(2026, 6, 1),
        "rubrics": rubrics,
    }
    return Filing(**(filed | changes))


def fact(key: str, value: FactValue, period: str = "", **changes: Any) -> FactView:
    """Return a fact as a person has stated it, with some fields changed."""
    return replace(FactView(key=key, value=value, period=period), **changes)


@dataclass(frozen=True)
class Register:
    """A company whose accounts have been read, and one that nothing is known of."""

    filer: int
    silent: int


@pytest.fixture(scope="module")
async def register(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Register:
    """A register of 60 enterprises, of which one has filed."""
    folder: Path = tmp_path_factory.mktemp("extract") / "files"
    write_extract(folder, enterprises=60, seed=11)
    await load_full(runtime.database, folder)
    rows = await runtime.database.crossing_rows(
        "test looks", "SELECT number FROM upswitch.company ORDER BY number"
    )
    numbers = [row["number"] for row in rows]
    await file_accounts(runtime, filing(numbers[0]))
    return Register(numbers[0], numbers[1])


async def file_accounts(runtime: Runtime, filed: Filing) -> None:
    """Keep accounts as the job does that reads them."""
    async with runtime.database.crossing("test files accounts") as session:
        connection = await session.connection()
        await connection.exec_driver_sql(QUERIES["keep_filing"], _row(filed, filed.number))


_apps: list[tuple[Runtime, FastAPI]] = []


def app_on(runtime: Runtime) -> FastAPI:
    """Return an application with Upswitch's API and screens; a runtime's is made once."""
    found = next((app for known, app in _apps if known is runtime), None)
    if found is None:
        found = _make_app(runtime)
        _apps.append((runtime, found))
    return found


def _make_app(runtime: Runtime) -> FastAPI:
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
    """A program of the company's staff."""
    async with client_of(app_on(runtime)) as client:
        client.headers.update(company.staff.bearer)
        yield client


@asynccontextmanager
async def browser(runtime: Runtime, company: Company) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which the company's staff has signed in."""
    async with client_of(app_on(runtime)) as client:
        await log_in(client, company.staff)
        yield client


Begin = Callable[..., Awaitable[dict[str, Any]]]


async def begin(client: httpx.AsyncClient, number: int) -> dict[str, Any]:
    """Begin a session and return it."""
    answer = await client.post(f"{API}/sessions", json={"company_number": format_number(number)})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def say(
    client: httpx.AsyncClient, session_id: str, text: str, **headers: str
) -> list[tuple[str, Any]]:
    """Say something and return the events of the answer."""
    answer = await client.post(
        f"{API}/sessions/{session_id}/messages", json={"text": text}, headers=headers
    )
    assert answer.status_code == 200, answer.text
    return events_in(answer.text)


def events_in(stream: str) -> list[tuple[str, Any]]:
    """Return the events of a stream as (name, data)."""
    found = []
    for block in stream.replace("\r\n", "\n").split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "event" in lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


def held(view: dict[str, Any], key: str, period: str | None = None) -> dict[str, Any] | None:
    """Return the confirmed fact of a key in a session, or None."""
    for each in view["session"]["facts"]:
        if each["key"] == key and each["confirmed"] and period in (None, each["period"]):
            found: dict[str, Any] = each
            return found
    return None


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[World, str]]:
    """Simulated providers, served once."""
    world = World()
    with serve(create_app(world)) as url:
        yield world, url


@pytest.fixture
def world(served: tuple[World, str]) -> Iterator[World]:
    """The providers with nothing in their memory."""
    served[0].reset()
    with simulated_models():
        yield served[0]
    served[0].reset()


@pytest.fixture
async def speaking(
    database_urls: ServerUrls, world: World, served: tuple[World, str]
) -> AsyncIterator[Runtime]:
    """A runtime whose model is the simulator."""
    settings = AISettings(
        anthropic_api_key=SecretStr("sim"),
        anthropic_base_url=served[1],
        tenant_daily_usd_micros=1_000_000_000,
        # One process asks; on a machine too busy for Redis it has the whole of every purse.
        expected_processes=1,
    )
    async with open_runtime(
        process="test",
        database=database_settings(database_urls),
        broker_url=database_urls.broker_url,
        cache_url=database_urls.cache_url,
        vault=Vault(TEST_KEY),
        settings=[settings, UpswitchSettings()],
    ) as runtime:
        yield runtime


def says(say: str, *proposals: dict[str, object]) -> str:
    """Return a model's answer: a line of facts, then words."""
    return f"{json.dumps(list(proposals))}\n{say}"


def capped(runtime: Runtime, usd_micros: int) -> Runtime:
    """Return the runtime with another cap of a session."""
    own = UpswitchSettings(session_cap_usd_micros=usd_micros)
    others = tuple(each for each in runtime.settings if not isinstance(each, UpswitchSettings))
    return replace(runtime, settings=(*others, own))
