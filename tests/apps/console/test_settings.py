"""The settings page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from myriad.apps import api
from myriad.scale.embedded.servers import ServerUrls
from tests.fixtures.app import Company, client_of, csrf_of, settings_for, signed_in

Companies = tuple[Company, Company]


@pytest.fixture
async def app(database_urls: ServerUrls) -> AsyncIterator[FastAPI]:
    served = api.create_app(settings_for(database_urls))
    async with served.router.lifespan_context(served):
        yield served


async def _post(browser: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    token = csrf_of((await browser.get("/settings")).text)
    return await browser.post(path, data={**fields, "csrf_token": token})


async def test_an_owner_issues_a_key_that_is_shown_once_and_can_be_revoked(
    app: FastAPI, companies: Companies
) -> None:
    async with signed_in(app, companies[0].owner) as browser, client_of(app) as program:
        shown = await _post(browser, "/settings/keys", name="Till <1>", scope="read")
        found = re.search(r"myr_\w{43}", shown.text)
        assert found
        bearer = {"Authorization": f"Bearer {found.group()}"}
        assert (await program.get("/api/v1/me", headers=bearer)).status_code == 200
        later = (await browser.get("/settings")).text
        assert found.group() not in later
        assert "Till &lt;1&gt;" in later
        key_id = (await browser.get("/api/v1/api-keys")).json()[0]["id"]
        answer = await _post(browser, f"/settings/keys/{key_id}/revoke")
        assert answer.status_code == 303
        assert (await program.get("/api/v1/me", headers=bearer)).status_code == 401


async def test_the_account_moves_to_a_zone_that_exists(app: FastAPI, companies: Companies) -> None:
    async with signed_in(app, companies[0].owner) as browser:
        wrong = await _post(browser, "/settings/account", name="Spa", timezone="Mars/Base")
        assert wrong.status_code == 422
        assert "America/New_York" in wrong.text
        moved = await _post(browser, "/settings/account", name="Spa", timezone="Asia/Tokyo")
        assert moved.status_code == 303
        assert (await browser.get("/api/v1/me")).json()["timezone"] == "Asia/Tokyo"


async def test_staff_see_the_people_and_no_keys(app: FastAPI, companies: Companies) -> None:
    async with signed_in(app, companies[0].staff) as browser:
        page = await browser.get("/settings")
        assert companies[0].owner.email in page.text
        assert companies[1].owner.email not in page.text
        assert "API keys" not in page.text


async def test_the_reference_lists_every_operation(app: FastAPI) -> None:
    async with client_of(app) as browser:
        page = await browser.get("/api/docs", headers={"Accept": "text/html"})
        document = (await browser.get("/api/openapi.json")).json()
    assert page.status_code == 200
    for path in document["paths"]:
        assert f"<code>{path}</code>" in page.text
