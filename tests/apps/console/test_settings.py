"""The settings page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from myriad.apps import api
from myriad.scale.directory import Role
from myriad.scale.embedded.servers import ServerUrls
from tests.fixtures.app import (
    Company,
    client_of,
    create_person,
    csrf_of,
    settings_for,
    signed_in,
)

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


async def test_an_owner_removes_somebody_who_is_out_at_once_with_their_keys(
    app: FastAPI, companies: Companies
) -> None:
    owner, other = companies[0].owner, companies[1].owner
    second = await create_person(app.state.runtime, companies[0].tenant_id, Role.OWNER)
    async with signed_in(app, owner) as browser, signed_in(app, second) as leaving:
        assert "the last owner stays" not in (await browser.get("/settings")).text
        shown = await _post(leaving, "/settings/keys", name="Theirs", scope="read")
        token = re.search(r"myr_\w{43}", shown.text)
        assert token is not None
        page = (await browser.get("/settings")).text
        assert "Revoke also 1 key" in page
        path = f"/settings/people/{second.user_id}/remove"
        assert (await _post(browser, path, keys="revoke")).status_code == 303
        assert (await leaving.get("/api/v1/me")).status_code == 401
        bearer = {"Authorization": f"Bearer {token.group()}"}
        async with client_of(app) as program:
            assert (await program.get("/api/v1/me", headers=bearer)).status_code == 401
        page = (await browser.get("/settings")).text
        assert second.email not in page
        assert "the last owner stays" in page
        last = await _post(browser, f"/settings/people/{owner.user_id}/remove")
        assert (last.status_code, "make somebody else its owner" in last.text) == (409, True)
        strange = await _post(browser, f"/settings/people/{other.user_id}/remove")
        assert strange.status_code == 404


async def test_the_reference_lists_every_operation(app: FastAPI) -> None:
    async with client_of(app) as browser:
        page = await browser.get("/api/docs", headers={"Accept": "text/html"})
        document = (await browser.get("/api/openapi.json")).json()
    assert page.status_code == 200
    for path in document["paths"]:
        assert f"<code>{path}</code>" in page.text
