"""Rates over HTTP: headers that programs understand, a refusal that says when, nobody punished for another."""

from __future__ import annotations

from secrets import token_hex

import httpx
import pytest
from fastapi import FastAPI

from myriad.scale import http
from myriad.scale.http import rates
from myriad.scale.limits import rate_plans
from myriad.scale.limits.rate_plans import RatePlan
from myriad.scale.limits.rates import RateLimiter
from myriad.scale.runtime import Runtime
from tests.fixtures.app import Company, app_with, client_of, create_member, signed_in

router = http.Router()


@router.get("/things")
async def list_things(_caller: http.Staff) -> dict[str, str]:
    return {}


@router.get("/mine")
async def list_mine(_caller: http.Belonging) -> dict[str, str]:
    return {}


@router.post("/things")
async def make_thing(_caller: http.Staff) -> dict[str, str]:
    return {}


@router.get("/report", dependencies=[http.rated("heavy")])
async def get_report(_caller: http.Staff) -> dict[str, str]:
    return {}


@pytest.fixture
def app(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    small = RatePlan(
        {"read": 5, "write": 4, "heavy": 1, "stream": 1},
        {"read": 3, "write": 4, "heavy": 1, "stream": 1},
    )
    monkeypatch.setattr(rate_plans, "RATE_PLANS", {"standard": small})
    made = app_with(runtime, router)
    # Counting in memory keeps the test off the server's 50 ms.
    made.state.rate_limiter = RateLimiter(None)
    return made


async def statuses(client: httpx.AsyncClient, headers: dict[str, str], times: int) -> list[int]:
    return [
        (await client.get("/api/v1/t/things", headers=headers)).status_code for _ in range(times)
    ]


async def test_answers_tell_the_limit_and_what_is_left(
    app: FastAPI, companies: tuple[Company, Company]
) -> None:
    """Both the IETF draft's headers and the older ones, and the tightest limit in the latter."""
    async with client_of(app) as client:
        answer = await client.get("/api/v1/t/things", headers=companies[0].owner.bearer)
    assert answer.headers["RateLimit-Policy"] == '"key";q=3;w=60, "tenant";q=5;w=60'
    assert answer.headers["RateLimit"].startswith('"key";r=2;t=')
    assert answer.headers["X-RateLimit-Limit"] == "3"
    assert answer.headers["X-RateLimit-Remaining"] == "2"
    assert answer.headers["X-RateLimit-Resource"] == "key"
    assert 0 <= int(answer.headers["X-RateLimit-Reset"]) <= 60


async def test_members_shut_out_neither_each_other_nor_who_runs_the_account(
    app: FastAPI, runtime: Runtime, companies: tuple[Company, Company]
) -> None:
    """However many members ask, the account's own rate is untouched, and each has one of their own."""
    for _ in range(6):
        member = await create_member(runtime, companies[0].tenant_id)
        async with signed_in(app, member) as browser:
            answers = [await browser.get("/api/v1/t/mine") for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 429]
        assert answers[0].headers["RateLimit-Policy"] == '"member";q=1;w=60, "members";q=100;w=60'
    async with client_of(app) as client:
        assert await statuses(client, companies[0].owner.bearer, 3) == [200] * 3


async def test_too_many_is_429_with_a_problem_and_a_time(
    app: FastAPI, companies: tuple[Company, Company]
) -> None:
    """The refusal is a problem document, says which limit and how long to wait."""
    async with client_of(app) as client:
        assert await statuses(client, companies[0].owner.bearer, 3) == [200] * 3
        answer = await client.get("/api/v1/t/things", headers=companies[0].owner.bearer)
    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "rate_limited"
    assert "(key)" in answer.json()["detail"]
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["X-RateLimit-Remaining"] == "0"


async def test_a_loud_key_leaves_room_and_a_loud_tenant_its_neighbour(
    app: FastAPI, companies: tuple[Company, Company]
) -> None:
    """Keys of one tenant share its limit, and another tenant's is untouched."""
    first, second = companies
    async with client_of(app) as client:
        assert await statuses(client, first.owner.bearer, 9) == [200] * 3 + [429] * 6
        assert await statuses(client, first.staff.bearer, 3) == [200, 200, 429]
        assert await statuses(client, second.owner.bearer, 1) == [200]


async def test_classes_of_routes_count_apart(
    app: FastAPI, companies: tuple[Company, Company]
) -> None:
    """Reading leaves writing alone, and a route that is declared heavy has a limit of its own."""
    headers = companies[0].owner.bearer
    async with client_of(app) as client:
        assert await statuses(client, headers, 4) == [200, 200, 200, 429]
        assert (await client.post("/api/v1/t/things", headers=headers)).status_code == 200
        heavy = [
            (await client.get("/api/v1/t/report", headers=headers)).status_code for _ in range(2)
        ]
    assert heavy == [200, 429]


async def test_a_wrong_key_is_slowed_and_its_address_is_not(
    app: FastAPI, companies: tuple[Company, Company], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who guesses with one key meets 429; others behind the same address are served."""
    monkeypatch.setattr(rates, "CREDENTIAL_PER_MINUTE", 5)
    wrong = {"Authorization": f"Bearer myr_{token_hex(20)}"}
    async with client_of(app) as client:
        assert await statuses(client, wrong, 6) == [401] * 5 + [429]
        assert await statuses(client, companies[0].owner.bearer, 1) == [200]
        assert await statuses(client, {"Authorization": "Bearer myr_other"}, 1) == [401]


async def test_an_installation_may_turn_it_off(
    app: FastAPI, companies: tuple[Company, Company]
) -> None:
    """With the setting off nothing is counted and no header is sent."""
    app.state.edge = replace_edge(app.state.edge)
    async with client_of(app) as client:
        answers = [
            await client.get("/api/v1/t/things", headers=companies[0].owner.bearer)
            for _ in range(9)
        ]
    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit" not in answers[-1].headers


def replace_edge(edge: http.EdgeSettings) -> http.EdgeSettings:
    return edge.model_copy(update={"is_rate_limited": False})
