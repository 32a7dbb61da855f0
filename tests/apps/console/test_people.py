"""Settings, people: an owner lets in who runs the account too, and says who owns it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from secrets import token_hex
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from myriad.apps import api
from myriad.scale.embedded.servers import ServerUrls
from tests.fixtures.app import (
    PASSWORD,
    Company,
    client_of,
    csrf_of,
    form_token,
    settings_for,
    signed_in,
)

Companies = tuple[Company, Company]
PEOPLE = "/settings/people"
INVITATIONS = f"{PEOPLE}/invitations"


@pytest.fixture
async def app(database_urls: ServerUrls) -> AsyncIterator[FastAPI]:
    served = api.create_app(settings_for(database_urls))
    async with served.router.lifespan_context(served):
        yield served


async def _post(
    app: FastAPI, browser: httpx.AsyncClient, path: str, **typed: str
) -> httpx.Response:
    return await browser.post(path, data={**typed, "csrf_token": form_token(app, browser)})


def _address() -> str:
    return f"guest-{token_hex(6)}@example.com"


def _link_of(page: httpx.Response) -> str:
    found = re.search(r'id="link">http://test(/join/[\w-]+)</code>', page.text)
    assert found is not None, page.text
    return found[1]


def _invitation_of(page: str) -> UUID:
    found = re.search(rf"{INVITATIONS}/([\w-]+)/withdraw", page)
    assert found is not None, page
    return UUID(found[1])


async def _join(app: FastAPI, link: str) -> int:
    """Take a link as somebody new, and return what the last page answered."""
    async with client_of(app) as guest:
        form = await guest.get(link)
        if form.status_code != 200:
            return form.status_code
        typed = {"csrf_token": csrf_of(form.text), "password": PASSWORD}
        assert (await guest.post(link, data=typed)).status_code == 303
        page = await guest.get("/settings")
        assert "API keys" not in page.text
        assert "Invite somebody" not in page.text
        return page.status_code


async def test_an_owner_invites_who_comes_as_staff_and_then_owns_the_account(
    app: FastAPI, companies: Companies
) -> None:
    email = _address()
    async with signed_in(app, companies[0].owner) as browser:
        shown = await _post(app, browser, INVITATIONS, name="Cleo <1>", email=email)
        link = _link_of(shown)
        page = (await browser.get("/settings")).text
        assert (email in page, "Cleo &lt;1&gt;" in page, link in page) == (True, True, False)
        assert await _join(app, link) == 200
        assert await _join(app, link) == 404
        page = (await browser.get("/settings")).text
        assert "Invitations that nobody took yet" not in page
        people = (await browser.get("/api/v1/members")).json()
        guest = next(one for one in people if one["email"] == email)
        assert guest["role"] == "staff"
        made = await _post(app, browser, f"{PEOPLE}/{guest['user_id']}/role", role="owner")
        assert "They own the account now" in (await browser.get(made.headers["location"])).text
        me = companies[0].owner.user_id
        assert (await _post(app, browser, f"{PEOPLE}/{me}/role", role="staff")).status_code == 303
        assert (await browser.get("/api/v1/me")).json()["role"] == "staff"


async def test_the_last_owner_stays_one(app: FastAPI, companies: Companies) -> None:
    owner = companies[0].owner
    async with signed_in(app, owner) as browser:
        page = (await browser.get("/settings")).text
        assert (page.count("the last owner stays"), "Make staff" in page) == (1, False)
        last = await _post(app, browser, f"{PEOPLE}/{owner.user_id}/role", role="staff")
        assert (last.status_code, "make somebody else its owner" in last.text) == (409, True)
        wrong = await _post(
            app, browser, f"{PEOPLE}/{companies[0].staff.user_id}/role", role="king"
        )
        assert wrong.status_code == 422


async def test_another_link_and_a_withdrawn_one_let_nobody_in(
    app: FastAPI, companies: Companies
) -> None:
    async with signed_in(app, companies[0].owner) as browser:
        first = await _post(app, browser, INVITATIONS, name="Gus", email=_address())
        path = f"{INVITATIONS}/{_invitation_of(first.text)}/again"
        second = await _post(app, browser, path)
        assert await _join(app, _link_of(first)) == 404
        gone = await _post(app, browser, path)
        assert gone.status_code == 404
        path = f"{INVITATIONS}/{_invitation_of(second.text)}/withdraw"
        done = await _post(app, browser, path)
        assert "is withdrawn" in (await browser.get(done.headers["location"])).text
        assert await _join(app, _link_of(second)) == 404


async def test_what_is_wrong_is_told_and_what_was_typed_stays(
    app: FastAPI, companies: Companies
) -> None:
    waiting = _address()
    async with signed_in(app, companies[0].owner) as browser:
        await _post(app, browser, INVITATIONS, name="Gus", email=waiting)
        for email, status, said in (
            ("nowhere", 422, "is no e-mail address"),
            (companies[0].staff.email, 409, "is in this account already, as staff"),
            (waiting, 409, "is invited already"),
        ):
            told = await _post(app, browser, INVITATIONS, name="Ann Typed", email=email)
            assert (told.status_code, said in told.text) == (status, True)
            assert "Nobody was invited" in told.text
            assert f'value="{email}"' in told.text
            assert 'value="Ann Typed"' in told.text
            assert 'id="link"' not in told.text


async def test_nobody_but_an_owner_of_the_account_sees_or_ends_its_invitations(
    app: FastAPI, companies: Companies
) -> None:
    email = _address()
    async with (
        signed_in(app, companies[0].owner) as browser,
        signed_in(app, companies[0].staff) as staff,
        signed_in(app, companies[1].owner) as stranger,
    ):
        made = await _post(app, browser, INVITATIONS, name="Gus", email=email)
        one = f"{INVITATIONS}/{_invitation_of(made.text)}"
        role = f"{PEOPLE}/{companies[0].staff.user_id}/role"
        for somebody, status in ((staff, 403), (stranger, 404)):
            assert email not in (await somebody.get("/settings")).text
            for path in (f"{one}/again", f"{one}/withdraw", role):
                answer = await _post(app, somebody, path, role="owner")
                assert answer.status_code == status, path
        refused = await _post(app, staff, INVITATIONS, name="Gus", email=_address())
        assert refused.status_code == 403
        # The same address may be invited by both accounts.
        theirs = await _post(app, stranger, INVITATIONS, name="Gus", email=email)
        assert theirs.status_code == 200
        assert await _join(app, _link_of(made)) == 200
