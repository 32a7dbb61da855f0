"""Your password: whoever is signed in gives themselves another one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI

from myriad.apps import api
from myriad.scale.directory import Role, add_member
from myriad.scale.embedded.servers import ServerUrls
from tests.fixtures.app import (
    Company,
    client_of,
    create_person,
    csrf_of,
    log_in,
    settings_for,
    signed_in,
)

Companies = tuple[Company, Company]
NEW = "another good password"


@pytest.fixture
async def app(database_urls: ServerUrls) -> AsyncIterator[FastAPI]:
    served = api.create_app(settings_for(database_urls))
    async with served.router.lifespan_context(served):
        yield served


async def _change(browser: httpx.AsyncClient, old: str, new: str) -> httpx.Response:
    token = csrf_of((await browser.get("/password")).text)
    return await browser.post("/password", data={"old": old, "new": new, "csrf_token": token})


@pytest.mark.parametrize("role", [Role.OWNER, Role.STAFF, Role.MEMBER])
async def test_a_new_password_counts_at_once_and_ends_every_other_session(
    app: FastAPI, companies: Companies, role: Role
) -> None:
    runtime, tenant_id = app.state.runtime, companies[0].tenant_id
    person = await create_person(runtime, tenant_id, Role.STAFF)
    async with runtime.database.crossing("test gives a role") as session:
        await add_member(session, tenant_id, person.user_id, role)
    async with signed_in(app, person) as here, signed_in(app, person) as elsewhere:
        first = here.cookies["myriad_session"]
        answer = await _change(here, person.password, NEW)
        assert (answer.status_code, answer.headers["location"]) == (303, "/password?done=true")
        assert here.cookies["myriad_session"] != first
        me = (await here.get("/api/v1/me")).json()
        assert me["tenant_id"] == str(companies[0].tenant_id)
        assert (await elsewhere.get("/api/v1/me")).status_code == 401
    async with client_of(app) as browser:
        assert (await log_in(browser, person)).status_code == 401
        assert (await log_in(browser, replace(person, password=NEW))).status_code == 303


async def test_a_wrong_or_too_short_password_changes_nothing_and_guesses_must_wait(
    app: FastAPI, companies: Companies
) -> None:
    person = await create_person(app.state.runtime, companies[0].tenant_id, Role.STAFF)
    async with signed_in(app, person) as browser:
        short = await _change(browser, person.password, "short")
        assert (short.status_code, "12 to 256 characters" in short.text) == (422, True)
        answers = [await _change(browser, "guess", NEW) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [422] * 5 + [429]
        assert "not your present password" in answers[0].text
        assert int(answers[-1].headers["Retry-After"]) > 0
        assert (await browser.get("/api/v1/me")).status_code == 200


async def test_a_program_has_no_password_and_a_form_without_its_token_changes_none(
    app: FastAPI, companies: Companies
) -> None:
    owner = companies[0].owner
    async with client_of(app) as program:
        typed = {"old": owner.password, "new": NEW}
        assert (await program.get("/password", headers=owner.bearer)).status_code == 404
        by_key = await program.post("/password", data=typed, headers=owner.bearer)
        assert by_key.status_code == 404
    async with signed_in(app, owner) as browser:
        assert (await browser.post("/password", data=typed)).status_code == 403
        assert 'href="/password"' in (await browser.get("/settings")).text
