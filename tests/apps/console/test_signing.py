"""Signing in and out by the form, and switching the account."""

from __future__ import annotations

from dataclasses import replace
from secrets import token_hex

import httpx
import pytest
from fastapi import FastAPI

from myriad.apps.console.signing import local_path
from myriad.products.kamioi.opening import ensure_running
from myriad.products.keeper.settings import KeeperSettings
from myriad.scale.directory import (
    Role,
    add_member,
    create_tenant,
    create_user,
    find_user_by_email,
    set_status,
)
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.http import EdgeSettings, Request, Response, Router, Staff, csrf_token
from myriad.scale.runtime import Runtime
from tests.fixtures.app import (
    PASSWORD,
    Company,
    Person,
    app_with,
    client_of,
    create_company,
    csrf_of,
    log_in,
    signed_in,
)
from tests.fixtures.database import runtime_for

Companies = tuple[Company, Company]
EARLY = "early@example.com"
router = Router()


@router.post("/changes")
async def change(_caller: Staff) -> dict[str, bool]:
    return {"changed": True}


@router.get("/page")
async def page(request: Request, _caller: Staff) -> Response:
    return Response(csrf_token(request))


@pytest.fixture
def app(runtime: Runtime) -> FastAPI:
    return app_with(runtime, router)


async def test_the_form_leads_to_a_session_that_scripts_cannot_read(
    app: FastAPI, companies: Companies
) -> None:
    async with client_of(app) as browser:
        answer = await log_in(browser, companies[0].owner)
        me = (await browser.get("/api/v1/me")).json()
    assert answer.status_code == 303
    cookie = next(line for line in answer.headers.get_list("set-cookie") if "session" in line)
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert me["tenant_id"] == str(companies[0].tenant_id)
    assert me["role"] == "owner"


async def test_signing_in_again_gives_another_token(app: FastAPI, companies: Companies) -> None:
    async with client_of(app) as browser:
        await log_in(browser, companies[0].owner)
        first = browser.cookies["myriad_session"]
        browser.cookies.delete("myriad_session")
        await log_in(browser, companies[0].owner)
        assert browser.cookies["myriad_session"] != first


async def test_a_wrong_password_says_no_more_than_an_unknown_address(
    app: FastAPI, companies: Companies
) -> None:
    known, unknown = companies[0].owner.email, f"{token_hex(5)}@example.com"
    bodies = []
    async with client_of(app) as browser:
        for email in (known, unknown):
            token = csrf_of((await browser.get("/login")).text)
            answer = await browser.post(
                "/login", data={"email": email, "password": "wrong", "csrf_token": token}
            )
            assert answer.status_code == 401
            bodies.append(answer.text.replace(email, ""))
    assert len(bodies[0]) == len(bodies[1])


async def test_a_sixth_wrong_password_must_wait(app: FastAPI, companies: Companies) -> None:
    async with client_of(app) as browser:
        statuses = []
        for _ in range(6):
            token = csrf_of((await browser.get("/login")).text)
            data = {"email": companies[0].owner.email, "password": "no", "csrf_token": token}
            answer = await browser.post("/login", data=data)
            statuses.append(answer.status_code)
    assert statuses == [401] * 5 + [429]
    assert 0 < int(answer.headers["Retry-After"]) <= 15


async def test_a_form_without_its_token_is_refused(app: FastAPI, companies: Companies) -> None:
    owner = companies[0].owner
    async with client_of(app) as browser:
        await browser.get("/login")
        data = {"email": owner.email, "password": owner.password}
        assert (await browser.post("/login", data=data)).status_code == 403
    async with signed_in(app, owner) as browser:
        assert (await browser.post("/api/v1/t/changes")).status_code == 403
        forged = {"X-CSRF-Token": "0" * 64}
        assert (await browser.post("/api/v1/t/changes", headers=forged)).status_code == 403


async def test_the_token_of_a_page_lets_its_changes_through_and_no_other_site(
    app: FastAPI, companies: Companies
) -> None:
    async with client_of(app) as browser:
        await log_in(browser, companies[0].owner)
        token = await _token_of(browser)
        headers = {"X-CSRF-Token": token}
        assert (await browser.post("/api/v1/t/changes", headers=headers)).status_code == 200
        headers["Sec-Fetch-Site"] = "cross-site"
        assert (await browser.post("/api/v1/t/changes", headers=headers)).status_code == 403


async def test_a_token_from_before_signing_in_is_worth_nothing_after(
    app: FastAPI, companies: Companies
) -> None:
    async with client_of(app) as browser:
        old = csrf_of((await browser.get("/login")).text)
        await log_in(browser, companies[0].owner)
        answer = await browser.post("/api/v1/t/changes", headers={"X-CSRF-Token": old})
    assert answer.status_code == 403


async def test_signing_out_ends_the_session_everywhere_it_was_copied(
    app: FastAPI, companies: Companies
) -> None:
    async with signed_in(app, companies[0].owner) as browser:
        session = browser.cookies["myriad_session"]
        token = await _token_of(browser)
        answer = await browser.post("/logout", data={"csrf_token": token})
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    async with client_of(app) as thief:
        copied = {"Cookie": f"myriad_session={session}"}
        assert (await thief.get("/api/v1/me", headers=copied)).status_code == 401


async def test_signing_out_needs_the_form_too(app: FastAPI, companies: Companies) -> None:
    async with signed_in(app, companies[0].owner) as browser:
        assert (await browser.post("/logout")).status_code == 403
        assert (await browser.get("/api/v1/me")).status_code == 200


async def test_a_person_of_two_accounts_switches_and_others_get_404(
    app: FastAPI, runtime: Runtime, companies: Companies
) -> None:
    first, second = companies
    async with signed_in(app, first.owner) as browser:
        token = await _token_of(browser)
        data = {"tenant_id": str(second.tenant_id), "csrf_token": token}
        assert (await browser.post("/tenant", data=data)).status_code == 404
        async with runtime.database.crossing("test adds a member") as session:
            user = await find_user_by_email(session, first.owner.email)
            assert user is not None
            await add_member(session, second.tenant_id, user.id, Role.STAFF)
        assert (await browser.post("/tenant", data=data)).status_code == 303
        me = (await browser.get("/api/v1/me")).json()
    assert (me["tenant_id"], me["role"]) == (str(second.tenant_id), "staff")


async def test_a_page_without_a_session_leads_to_the_sign_in_and_back(app: FastAPI) -> None:
    html = {"Accept": "text/html"}
    async with client_of(app) as browser:
        start = await browser.get("/", headers=html)
        assert (start.status_code, start.headers["location"]) == (303, "/login")
        posted = await browser.post("/tenant", headers=html)
        assert (posted.status_code, posted.headers["location"]) == (303, "/login")
        partial = await browser.post("/tenant", headers={**html, "HX-Request": "true"})
        assert (partial.status_code, partial.headers["hx-redirect"]) == (401, "/login")


async def test_an_unknown_page_is_a_page_for_people_and_a_problem_for_programs(
    app: FastAPI,
) -> None:
    async with client_of(app) as browser:
        page = await browser.get("/nothing", headers={"Accept": "text/html"})
        problem = await browser.get("/nothing")
    assert page.status_code == problem.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert problem.headers["content-type"] == "application/problem+json"


async def test_a_suspended_account_is_closed_to_people_and_keys(
    app: FastAPI, runtime: Runtime, companies: Companies
) -> None:
    async with signed_in(app, companies[0].owner) as browser:
        async with runtime.database.crossing("test suspends") as session:
            await set_status(session, companies[0].tenant_id, is_suspended=True)
        assert (await browser.get("/api/v1/me")).status_code == 403
        answer = await browser.get("/api/v1/members", headers=companies[0].owner.bearer)
        assert answer.json()["code"] == "tenant_suspended"


async def test_whoever_stands_in_a_suspended_account_goes_on_in_another_of_theirs(
    runtime: Runtime, companies: Companies
) -> None:
    closed, other = companies
    app = _pages_of(runtime)
    async with runtime.database.crossing("test lets an owner into another account") as session:
        await add_member(session, other.tenant_id, closed.owner.user_id, Role.STAFF)
    async with signed_in(app, closed.owner) as browser:
        async with runtime.database.crossing("test suspends") as session:
            assert await set_status(session, closed.tenant_id, is_suspended=True)
            assert not await set_status(session, closed.tenant_id, is_suspended=True)
        shown = await browser.get("/page", headers={"Accept": "text/html"})
        assert shown.status_code == 403
        assert "is suspended</h1>" in shown.text
        assert str(closed.tenant_id) not in shown.text
        typed = {"tenant_id": str(other.tenant_id), "csrf_token": csrf_of(shown.text)}
        assert (await browser.post("/tenant", data=typed)).status_code == 303
        assert (await browser.get("/api/v1/me")).json()["tenant_id"] == str(other.tenant_id)
        back = typed | {"tenant_id": str(closed.tenant_id)}
        assert (await browser.post("/tenant", data=back)).status_code == 404


async def test_https_sessions_are_bound_to_the_host(runtime: Runtime, companies: Companies) -> None:
    app = app_with(runtime, edge=EdgeSettings(is_https=True))
    async with client_of(app, base_url="https://test") as browser:
        await log_in(browser, companies[0].owner)
        assert browser.cookies["__Host-myriad_session"]


async def test_whoever_is_here_before_the_demo_waits_for_it(fresh_servers: ServerUrls) -> None:
    """Nobody needs an invitation to what is being made for them, nor to sign in again after it."""
    html = {"Accept": "text/html"}
    async with runtime_for(fresh_servers) as opened:
        async with opened.database.crossing("test makes a user") as session:
            user_id = await create_user(session, email=EARLY, name="Early", password=PASSWORD)
        async with signed_in(_pages_of(opened), Person(EARLY, PASSWORD, "")) as browser:
            assert (await browser.get("/page", headers=html)).status_code == 403
        simulated = KeeperSettings(square_base_url="http://127.0.0.1:1")
        app = _pages_of(replace(opened, settings=(simulated,)))
        async with signed_in(app, Person(EARLY, PASSWORD, "")) as browser:
            told = await browser.get("/page", headers=html)
            assert (told.status_code, told.headers["refresh"]) == (503, "2")
            assert "account is being made" in told.text
            assert (await browser.get("/page")).json()["code"] == "no_membership"
            async with opened.database.crossing("test makes the demo") as session:
                tenant_id = await create_tenant(session, slug="demo", name="Demo")
                assert (await browser.get("/page", headers=html)).status_code == 503
                await add_member(session, tenant_id, user_id, Role.OWNER)
            assert (await browser.get("/page", headers=html)).status_code == 200


def _pages_of(runtime: Runtime) -> FastAPI:
    """Return an application whose `/page` needs an account."""
    app = app_with(runtime)
    app.include_router(router)
    return app


async def test_the_start_leads_to_the_product_that_runs_for_the_account(
    runtime: Runtime, real_app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = await create_company(runtime)
    monkeypatch.setattr(real_app.state, "runtime", runtime, raising=False)
    async with signed_in(real_app, company.owner) as browser:
        assert (await browser.get("/")).headers["location"] == "/keeper/today"
        async with runtime.database.session(company.tenant_id) as session:
            await ensure_running(session, company.tenant_id)
        assert (await browser.get("/")).headers["location"] == "/kamioi/programme"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("/keeper/today", "/keeper/today"),
        ("/keeper/customers?state=late", "/keeper/customers?state=late"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("https://[", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x=y", "/"),
        ("", "/"),
    ],
)
def test_nobody_is_led_to_another_site(given: str, expected: str) -> None:
    assert local_path(given) == expected


async def _token_of(browser: httpx.AsyncClient) -> str:
    """Return the form token of a page that this browser sees."""
    return (await browser.get("/api/v1/t/page")).text
