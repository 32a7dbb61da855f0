"""Who runs an account, over the API: invited as staff, made an owner, let go."""

from __future__ import annotations

from collections.abc import AsyncIterator
from secrets import token_hex
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI

from myriad.apps import api
from myriad.scale.directory import Role
from myriad.scale.embedded.servers import ServerUrls
from tests.fixtures.app import (
    PASSWORD,
    Company,
    client_of,
    create_person,
    csrf_of,
    settings_for,
    signed_in,
)

Companies = tuple[Company, Company]
INVITATIONS = "/api/v1/invitations"


@pytest.fixture
async def app(database_urls: ServerUrls) -> AsyncIterator[FastAPI]:
    served = api.create_app(settings_for(database_urls))
    async with served.router.lifespan_context(served):
        yield served


async def test_a_program_of_an_owner_lets_somebody_in_and_makes_them_an_owner(
    app: FastAPI, companies: Companies
) -> None:
    email, bearer = f"guest-{token_hex(6)}@example.com", companies[0].owner.bearer
    async with client_of(app) as program, client_of(app) as guest:
        program.headers.update(bearer)
        asked = {"name": "Cleo", "email": email}
        made = await program.post(INVITATIONS, json=asked)
        assert made.status_code == 201
        assert (await program.post(INVITATIONS, json=asked)).json()["code"] == "already_invited"
        [waiting] = (await program.get(INVITATIONS)).json()
        assert (waiting["id"], waiting["email"]) == (made.json()["id"], email)
        assert "link" not in waiting
        again = await program.post(f"{INVITATIONS}/{waiting['id']}/again")
        old, new = (urlsplit(one.json()["link"]).path for one in (made, again))
        assert (await guest.get(old)).status_code == 404
        form = await guest.get(new)
        typed = {"csrf_token": csrf_of(form.text), "password": PASSWORD}
        assert (await guest.post(new, data=typed)).status_code == 303
        members = (await program.get("/api/v1/members")).json()
        joined = next(member for member in members if member["email"] == email)
        assert joined["role"] == "staff"
        path = f"/api/v1/members/{joined['user_id']}"
        assert (await program.patch(path, json={"role": "owner"})).status_code == 204
        assert (await guest.get("/api/v1/me")).json()["role"] == "owner"


async def test_an_invitation_is_withdrawn_once_and_only_by_an_owner_of_the_account(
    app: FastAPI, companies: Companies
) -> None:
    asked = {"name": "Cleo", "email": f"guest-{token_hex(6)}@example.com"}
    async with client_of(app) as program:
        owner, staff = companies[0].owner.bearer, companies[0].staff.bearer
        assert (await program.post(INVITATIONS, json=asked, headers=staff)).status_code == 403
        made = (await program.post(INVITATIONS, json=asked, headers=owner)).json()
        path = f"{INVITATIONS}/{made['id']}"
        stranger = companies[1].owner.bearer
        assert (await program.delete(path, headers=stranger)).status_code == 404
        assert (await program.delete(path, headers=owner)).status_code == 204
        assert (await program.delete(path, headers=owner)).status_code == 404
        assert (await program.get(urlsplit(made["link"]).path)).status_code == 404


@pytest.mark.parametrize("wrong", [{"email": "nobody"}, {"name": "  "}, {"role": "owner"}])
async def test_what_cannot_be_invited_is_refused(
    app: FastAPI, companies: Companies, wrong: dict[str, str]
) -> None:
    asked = {"name": "Cleo", "email": "cleo@example.com"} | wrong
    async with client_of(app) as program:
        answer = await program.post(INVITATIONS, json=asked, headers=companies[0].owner.bearer)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_an_operator_lists_the_tenants_by_pages(app: FastAPI, companies: Companies) -> None:
    tenant_id = companies[0].tenant_id
    operator = await create_person(app.state.runtime, tenant_id, Role.STAFF, is_operator=True)
    async with signed_in(app, operator) as browser:
        seen: list[str] = []
        path = "/api/v1/tenants?limit=1"
        while path:
            page = (await browser.get(path)).json()
            assert len(page["items"]) == 1
            seen += [row["id"] for row in page["items"]]
            cursor = page["next_cursor"]
            path = f"/api/v1/tenants?limit=1&cursor={cursor}" if cursor else ""
    assert seen == sorted(set(seen))
    assert {str(company.tenant_id) for company in companies} <= set(seen)
