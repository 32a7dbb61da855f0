"""The catalog, and two companies with a row in every table."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI

from myriad.apps import api
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.http.app import DocumentedApp
from tests.every_product.catalog import Table, read_catalog
from tests.every_product.seeding import Seeded, seed_tenant
from tests.fixtures.app import Company, create_company, settings_for
from tests.fixtures.database import runtime_for


@dataclass(frozen=True)
class Peopled:
    """A company, the user who owns it, and a row of it in every table."""

    company: Company
    seeded: Seeded


@pytest.fixture(scope="session")
def catalog(database_urls: ServerUrls) -> dict[str, Table]:
    """Every relation of our schemas."""
    return read_catalog(database_urls.database_url)


@pytest.fixture(scope="session")
def tenant_tables(catalog: dict[str, Table]) -> list[Table]:
    """Every table whose rows belong to tenants."""
    return [table for table in catalog.values() if table.is_of_tenants and table.is_stored]


@pytest.fixture(scope="module")
def both(database_urls: ServerUrls, catalog: dict[str, Table]) -> tuple[Peopled, Peopled]:
    """Two companies with a row in every table; what requests do to them stays in their module."""
    return _peopled(database_urls, catalog), _peopled(database_urls, catalog)


def _peopled(urls: ServerUrls, catalog: dict[str, Table]) -> Peopled:
    company = _in_a_loop_of_its_own(_make_company(urls))
    with psycopg.connect(urls.crossing_url) as connection:
        spare = connection.execute(
            "INSERT INTO platform.user_account (email, name) "
            "VALUES (gen_random_uuid() || '@example.com', 'Spare') RETURNING id"
        ).fetchone()
        # The task of every sample job; the number, which no sequence reaches, stands in SAMPLES.
        connection.execute(
            "INSERT INTO platform.job_task (id, name) OVERRIDING SYSTEM VALUE "
            "VALUES (32000, 'sample.thing.do') ON CONFLICT DO NOTHING"
        )
    assert spare is not None
    seeded = seed_tenant(urls.app_url, urls.crossing_url, catalog, company.tenant_id, spare[0])
    return Peopled(company, seeded)


async def _make_company(urls: ServerUrls) -> Company:
    async with runtime_for(urls) as runtime:
        return await create_company(runtime)


def _in_a_loop_of_its_own(work: Any) -> Any:
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(asyncio.run(work)))
    thread.start()
    thread.join()
    return results[0]


@pytest.fixture(scope="module")
async def served(database_urls: ServerUrls) -> Any:
    """The real application, opened on the tests' event loop."""
    app: FastAPI = api.create_app(settings_for(database_urls))
    assert isinstance(app, DocumentedApp)
    async with app.router.lifespan_context(app):
        yield app
