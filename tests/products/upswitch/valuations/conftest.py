"""Two companies, a session each that knows enough to be valued, and ways to call the product."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from secrets import token_hex
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from myriad.apps.console import signing
from myriad.kit.ids import new_id
from myriad.products.upswitch import tasks  # noqa: F401 - registers the jobs
from myriad.products.upswitch.endpoints import router as api_router
from myriad.products.upswitch.pages import router as page_router
from myriad.products.upswitch.repository.facts import keep_facts
from myriad.products.upswitch.repository.sessions import insert_session
from myriad.products.upswitch.views.sessions import FactView
from myriad.scale import http, ui
from myriad.scale.directory import Role, create_tenant, issue_api_key
from myriad.scale.runtime import Runtime
from myriad.scale.ui.page import Frame
from myriad.scale.vault import Vault
from tests.fixtures.app import Company, Person, client_of, create_person, log_in
from tests.fixtures.database import TEST_KEY

API = "/api/v1/upswitch"
NUMBER = 200_065_765
LAST, BEFORE = "2025-12-31", "2024-12-31"


def fact(key: str, value: float | str, period: str = "", **more: Any) -> FactView:
    """A confirmed answer."""
    return FactView(key=key, value=value, period=period, **more)


KNOWN = (
    fact("input_sheet.revenues", 1_000_000.0, LAST, unit="EUR"),
    fact("input_sheet.operating_income", 100_000.0, LAST, unit="EUR"),
    fact("market_approach.history.revenues", 900_000.0, BEFORE, unit="EUR"),
    fact("market_approach.history.operating_income", 90_000.0, BEFORE, unit="EUR"),
    fact("input_sheet.book_value_of_debt", 50_000.0, unit="EUR"),
    fact("due_diligence.largest_customer_share", 0.4),
)


@dataclass(frozen=True)
class Asked:
    """A company's session about a business, and a client of its staff."""

    company: Company
    session_id: UUID
    client: httpx.AsyncClient

    async def value(self) -> dict[str, Any]:
        """Value the session; return the answer."""
        answer = await self.client.post(f"{API}/sessions/{self.session_id}/valuations", json={})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found


@cache
def _app() -> FastAPI:
    """The product's API and screens, built once: routes take their time."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Runtime]:
        raise AssertionError("each test brings its own runtime")
        yield

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
    return app


def app_on(runtime: Runtime) -> FastAPI:
    """The product's API and screens on a runtime."""
    app = _app()
    app.state.runtime = runtime
    return app


async def begin(
    runtime: Runtime, company: Company, facts: Sequence[FactView] = KNOWN, number: int = NUMBER
) -> UUID:
    """Begin a session that knows these facts."""
    session_id = new_id()
    async with runtime.database.session(company.tenant_id) as session:
        await insert_session(
            session,
            session_id,
            user_id=None,
            company_number=number,
            company_name="Bakkerij De Proef",
            locale="en",
            live={},
        )
        await keep_facts(session, session_id, facts)
    return session_id


@asynccontextmanager
async def program(runtime: Runtime, company: Company) -> AsyncIterator[httpx.AsyncClient]:
    """A program of the company's staff."""
    async with client_of(app_on(runtime)) as client:
        client.headers.update(company.staff.bearer)
        yield client


@asynccontextmanager
async def browser(runtime: Runtime, company: Company) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which somebody of the company is signed in."""
    person = await create_person(runtime, company.tenant_id, Role.STAFF)
    async with client_of(app_on(runtime)) as client:
        await log_in(client, person)
        yield client


async def _company(runtime: Runtime) -> Company:
    """A tenant with a key of staff and nobody who signs in: passwords take their time."""
    slug = f"company-{token_hex(6)}"
    async with runtime.database.crossing("test makes a tenant") as session:
        tenant_id = await create_tenant(session, slug=slug, name=slug, timezone="Europe/Brussels")
    async with runtime.database.session(tenant_id) as session:
        issued = await issue_api_key(session, tenant_id, name="test", role=Role.STAFF)
    program = Person("", "", issued.token)
    return Company(tenant_id, program, program)


@pytest.fixture
async def companies(runtime: Runtime) -> tuple[Company, Company]:
    """Two companies that no other test uses."""
    return await _company(runtime), await _company(runtime)


@pytest.fixture
async def asked(runtime: Runtime, companies: tuple[Company, Company]) -> AsyncIterator[Asked]:
    """The first company's session."""
    session_id = await begin(runtime, companies[0])
    async with program(runtime, companies[0]) as client:
        yield Asked(companies[0], session_id, client)


@pytest.fixture
async def other(runtime: Runtime, companies: tuple[Company, Company]) -> AsyncIterator[Asked]:
    """The second company's session about the same business."""
    session_id = await begin(runtime, companies[1])
    async with program(runtime, companies[1]) as client:
        yield Asked(companies[1], session_id, client)
