"""What every answer of the API keeps."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
from fastapi import Body
from pydantic import BaseModel, Field
from sqlalchemy import text

from myriad.kit.errors import NotFoundError, UnavailableError
from myriad.scale.http import (
    EdgeSettings,
    EventSourceResponse,
    Router,
    ServerSentEvent,
    Staff,
    TenantReader,
    TenantReadSession,
    TenantSession,
    json_rows,
    public,
)
from myriad.scale.runtime import Runtime
from tests.fixtures.app import Company, app_with, client_of


class Thing(BaseModel):
    """Something with rules."""

    name: Annotated[str, Field(max_length=5)]
    count: int


router = Router()
_open = [public("a test route")]


@router.get("/things/{thing_id}")
async def get_thing(_caller: Staff, thing_id: UUID) -> Thing:
    raise NotFoundError(f"there is no thing {thing_id}")


@router.post("/things", dependencies=_open)
async def create_thing(body: Thing) -> Thing:
    return body


@router.get("/crash", dependencies=_open)
async def crash() -> None:
    raise RuntimeError("the secret plan")


@router.get("/away", dependencies=_open)
async def away() -> None:
    raise UnavailableError("the other side is away")


@router.get("/big", dependencies=_open)
async def big() -> dict[str, str]:
    return {"text": "x" * 10_000}


@router.get("/events", dependencies=_open, response_class=EventSourceResponse)
async def events() -> AsyncIterator[ServerSentEvent]:
    for number in range(3):
        yield ServerSentEvent(data={"text": "x" * 2000, "number": number}, id=str(number))


@router.get("/rows")
async def rows(reader: TenantReader) -> Any:
    found = await reader.rows(
        "SELECT id, name, created_at, 1.50::numeric AS n FROM platform.tenant"
    )
    return json_rows(found)


@router.get("/store")
async def store(session: TenantReadSession, value: str, number: int) -> dict[str, Any]:
    await session.execute(
        text("SELECT CAST(:v AS text), CAST(:n AS bigint)"), {"v": value, "n": number}
    )
    return {}


@router.get("/writes-under-read")
async def writes_under_read(session: TenantReadSession) -> None:
    await session.execute(text("UPDATE platform.tenant SET name = 'x'"))


@router.post("/echo")
async def echo(_session: TenantSession, body: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
    return body


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    app = app_with(runtime, router, edge=EdgeSettings(max_body_bytes=50_000))
    async with client_of(app) as opened:
        yield opened


def problem_of(response: httpx.Response) -> dict[str, Any]:
    """Return the problem document after checking the members that all have."""
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["status"] == response.status_code
    assert problem["request_id"] == response.headers["x-request-id"]
    assert {"type", "title", "detail", "instance", "code", "errors"} <= set(problem)
    return problem


async def test_our_own_error_becomes_a_problem(
    client: httpx.AsyncClient, companies: tuple[Company, Company]
) -> None:
    path = "/api/v1/t/things/018f0000-0000-7000-8000-000000000000"
    answer = await client.get(path, headers=companies[0].staff.bearer)
    problem = problem_of(answer)
    assert (answer.status_code, problem["code"]) == (404, "not_found")
    assert problem["instance"] == path
    assert problem["type"] == "/problems/not-found"


async def test_each_fault_of_an_input_has_a_pointer(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/t/things", json={"name": "too long", "count": "many"})
    problem = problem_of(answer)
    assert answer.status_code == 422
    assert {fault["pointer"] for fault in problem["errors"]} == {"/name", "/count"}


async def test_what_is_no_json_is_a_problem(client: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/json"}
    answer = await client.post("/api/v1/t/things", content=b'{"name"', headers=headers)
    assert problem_of(answer)["status"] == 422


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded"])
async def test_a_body_that_does_not_say_that_it_is_json_learns_how_to_send_it(
    client: httpx.AsyncClient, kind: str
) -> None:
    headers = {"content-type": kind} if kind else {}
    answer = await client.post(
        "/api/v1/t/things", content=b'{"name": "a", "count": 1}', headers=headers
    )
    assert answer.status_code == 415
    assert "Content-Type: application/json" in problem_of(answer)["detail"]


@pytest.mark.parametrize("path", ["/livez", "/login", "/api/v1/t/big", "/api/v1/t/events"])
async def test_head_answers_as_get_does_without_a_body(
    client: httpx.AsyncClient, path: str
) -> None:
    got, asked = await client.get(path), await client.head(path)
    assert (asked.status_code, asked.content) == (200, b"")
    for name in ("content-type", "cache-control", "content-security-policy", "content-length"):
        assert asked.headers.get(name) == got.headers.get(name), name


async def test_head_is_refused_where_get_is(client: httpx.AsyncClient) -> None:
    assert (await client.head("/api/v1/t/store")).status_code == 401
    assert (await client.head("/api/v1/t/echo")).status_code == 405
    assert (await client.head("/api/v1/nothing")).status_code == 404


async def test_an_unknown_route_and_a_wrong_method_are_problems(client: httpx.AsyncClient) -> None:
    assert problem_of(await client.get("/api/v1/nothing"))["status"] == 404
    wrong = await client.put("/api/v1/t/things")
    assert problem_of(wrong)["status"] == 405
    assert "POST" in wrong.headers["allow"]


async def test_an_unexpected_error_says_nothing_but_its_request_id(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = await client.get("/api/v1/t/crash", headers={"X-Request-Id": "abc-123-def"})
    assert problem_of(answer)["request_id"] == "abc-123-def"
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


async def test_unavailable_says_when_to_come_back(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/t/away")
    assert problem_of(answer)["status"] == 503
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("given", ["short", "a b c d e f", "x" * 129, "<script>alert(1)</script>"])
async def test_an_odd_request_id_is_replaced(client: httpx.AsyncClient, given: str) -> None:
    answer = await client.get("/livez", headers={"X-Request-Id": given})
    assert UUID(answer.headers["x-request-id"]).version == 7


async def test_every_answer_carries_the_security_headers(client: httpx.AsyncClient) -> None:
    for path in ("/livez", "/api/v1/nothing", "/api/v1/t/crash", "/login"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["referrer-policy"] == "same-origin"
        assert "camera=()" in headers["permissions-policy"]
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "strict-transport-security" not in headers


async def test_https_demands_https_from_then_on_and_binds_cookies_to_the_host(
    runtime: Runtime,
) -> None:
    app = app_with(runtime, router, edge=EdgeSettings(is_https=True))
    async with client_of(app, base_url="https://test") as client:
        answer = await client.get("/login")
    assert "max-age=" in answer.headers["strict-transport-security"]
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-myriad_visitor=")
    assert "Secure" in cookie
    assert "HttpOnly" in cookie


async def test_a_large_answer_is_compressed_and_a_small_one_is_not(
    client: httpx.AsyncClient,
) -> None:
    async with client.stream("GET", "/api/v1/t/big") as answer:
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert answer.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(raw))["text"] == "x" * 10_000
    assert "content-encoding" not in (await client.get("/livez")).headers


async def test_events_are_streamed_uncompressed(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/t/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "content-encoding" not in answer.headers
    assert [line for line in answer.text.splitlines() if line.startswith("id:")] == [
        "id: 0",
        "id: 1",
        "id: 2",
    ]


async def test_a_body_that_is_too_large_is_refused_declared_or_not(
    client: httpx.AsyncClient, companies: tuple[Company, Company]
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 1000

    headers = {"content-type": "application/json", **companies[0].owner.bearer}
    for content in (b"x" * 50_001, endless()):
        answer = await client.post("/api/v1/t/echo", content=content, headers=headers)
        assert problem_of(answer)["status"] == 413


async def test_a_value_that_cannot_be_stored_is_the_callers_fault(
    client: httpx.AsyncClient, companies: tuple[Company, Company]
) -> None:
    headers = companies[0].staff.bearer
    for query in ("value=a%00b&number=1", f"value=a&number={2**63}"):
        answer = await client.get(f"/api/v1/t/store?{query}", headers=headers)
        assert answer.status_code in (400, 422)
        problem_of(answer)


async def test_a_read_session_cannot_write(
    client: httpx.AsyncClient, companies: tuple[Company, Company]
) -> None:
    answer = await client.get("/api/v1/t/writes-under-read", headers=companies[0].owner.bearer)
    assert answer.status_code == 500


async def test_named_sql_answers_with_plain_json_of_the_callers_tenant(
    client: httpx.AsyncClient, companies: tuple[Company, Company]
) -> None:
    answer = await client.get("/api/v1/t/rows", headers=companies[1].staff.bearer)
    items = answer.json()["items"]
    assert [item["id"] for item in items] == [str(companies[1].tenant_id)]
    assert items[0]["n"] == 1.5


async def test_metrics_count_by_template_and_never_by_tenant(
    client: httpx.AsyncClient, companies: tuple[Company, Company]
) -> None:
    tenant = str(companies[0].tenant_id)
    await client.get(f"/api/v1/t/things/{tenant}", headers=companies[0].staff.bearer)
    local = httpx.ASGITransport(app=client._transport.app, client=("127.0.0.1", 1))  # type: ignore[attr-defined]
    async with httpx.AsyncClient(transport=local, base_url="http://test") as from_here:
        metrics = (await from_here.get("/metrics")).text
    assert 'route="/api/v1/t/things/{thing_id}"' in metrics
    assert tenant not in metrics
