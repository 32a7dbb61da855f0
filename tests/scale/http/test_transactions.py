"""One request is one transaction, and a repeated request happens once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Form
from pydantic import BaseModel
from sqlalchemy import func, select

from myriad.kit.errors import ConflictError
from myriad.kit.ids import new_id
from myriad.scale import http
from myriad.scale.directory import Principal, record_event
from myriad.scale.directory.models import AuditEvent, IdempotencyKey
from myriad.scale.http import Router, Staff, TenantSession
from myriad.scale.http.app import RouteError
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from myriad.scale.vault import Vault
from tests.fixtures.app import Company, app_with, client_of
from tests.fixtures.database import TEST_KEY

Companies = tuple[Company, Company]
router = Router()


class Order(BaseModel):
    """What is asked for."""

    text: str = ""


class Receipt(BaseModel):
    """What was done."""

    text: str
    id: str


@router.post("/orders", status_code=201)
async def place(caller: Staff, session: TenantSession, body: Order) -> Receipt:
    await _write(session, caller, body.text)
    return Receipt(text=body.text, id=str(new_id()))


@router.patch("/orders/{number}")
async def change(caller: Staff, session: TenantSession, number: int, body: Order) -> Receipt:
    await _write(session, caller, f"{number} {body.text}")
    return Receipt(text=body.text, id=str(new_id()))


@router.post("/refused")
async def refuse(caller: Staff, session: TenantSession) -> None:
    await _write(session, caller, "refused")
    raise ConflictError("not now")


@router.post("/unserialisable")
async def unserialisable(caller: Staff, session: TenantSession) -> Receipt:
    await _write(session, caller, "unserialisable")
    return {"text": 1}  # type: ignore[return-value]


@router.post("/forms")
async def fill(caller: Staff, session: TenantSession, text: Annotated[str, Form()]) -> Receipt:
    await _write(session, caller, text)
    return Receipt(text=text, id=str(new_id()))


@router.post("/slow")
async def slow(caller: Staff, session: TenantSession) -> Receipt:
    await _write(session, caller, "slow")
    await asyncio.sleep(0.5)
    return Receipt(text="slow", id=str(new_id()))


async def _write(session: Any, caller: Principal, subject: str) -> None:
    record_event(session, caller.tenant_id, "order.placed", subject=subject)
    await session.flush()


@pytest.fixture
def app(runtime: Runtime) -> FastAPI:
    return app_with(runtime, router)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as opened:
        yield opened


async def count(runtime: Runtime, tenant_id: TenantId) -> int:
    """Return how many orders the tenant has."""
    async with runtime.database.read_session(tenant_id) as session:
        query = select(func.count()).where(AuditEvent.action == "order.placed")
        return int(await session.scalar(query) or 0)


def keyed(company: Company, key: str) -> dict[str, str]:
    """Return the headers of the company's staff with an Idempotency-Key."""
    return {**company.staff.bearer, "Idempotency-Key": key}


async def test_the_commit_happens_before_the_answer_leaves(
    app: FastAPI, runtime: Runtime, companies: Companies
) -> None:
    company, seen = companies[0], []

    async def watching(scope: Any, receive: Any, send: Any) -> None:
        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                seen.append(await count(runtime, company.tenant_id))
            await send(message)

        await app(scope, receive, sending)

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=watching), base_url="http://test"
    ) as client:
        answer = await client.post("/api/v1/t/orders", json={}, headers=company.staff.bearer)
    assert answer.status_code == 201
    assert seen == [1]


@pytest.mark.parametrize(("path", "status"), [("refused", 409), ("unserialisable", 500)])
async def test_a_failed_request_leaves_nothing(
    client: httpx.AsyncClient, runtime: Runtime, companies: Companies, path: str, status: int
) -> None:
    answer = await client.post(f"/api/v1/t/{path}", headers=companies[0].staff.bearer)
    assert answer.status_code == status
    assert await count(runtime, companies[0].tenant_id) == 0


async def test_a_repeated_request_happens_once_and_gets_the_same_answer(
    client: httpx.AsyncClient, runtime: Runtime, companies: Companies
) -> None:
    headers = keyed(companies[0], "order-1")
    first = await client.post("/api/v1/t/orders", json={"text": "a"}, headers=headers)
    again = await client.post("/api/v1/t/orders", json={"text": "a"}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert await count(runtime, companies[0].tenant_id) == 1


async def test_a_stored_answer_cannot_be_read_from_the_table(
    client: httpx.AsyncClient, runtime: Runtime, companies: Companies
) -> None:
    company = companies[0]
    answer = await client.post("/api/v1/t/orders", json={"text": "a"}, headers=keyed(company, "k"))
    async with runtime.database.read_session(company.tenant_id) as session:
        stored = await session.scalar(select(IdempotencyKey.body))
    assert stored
    assert answer.content not in bytes(stored)


async def test_a_form_sent_twice_with_its_key_happens_once(
    client: httpx.AsyncClient, runtime: Runtime, companies: Companies
) -> None:
    headers = keyed(companies[0], "form-1")
    for _ in range(2):
        answer = await client.post("/api/v1/t/forms", data={"text": "a"}, headers=headers)
        assert answer.status_code == 200
    assert await count(runtime, companies[0].tenant_id) == 1


async def test_a_key_with_another_body_is_refused(
    client: httpx.AsyncClient, runtime: Runtime, companies: Companies
) -> None:
    headers = keyed(companies[0], "order-1")
    await client.post("/api/v1/t/orders", json={"text": "a"}, headers=headers)
    other = await client.post("/api/v1/t/orders", json={"text": "b"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    assert await count(runtime, companies[0].tenant_id) == 1


async def test_a_key_counts_per_tenant_and_per_address(
    client: httpx.AsyncClient, runtime: Runtime, companies: Companies
) -> None:
    for company in companies:
        headers = keyed(company, "same")
        for number in (1, 2):
            answer = await client.patch(
                f"/api/v1/t/orders/{number}", json={"text": "a"}, headers=headers
            )
            assert "idempotent-replayed" not in answer.headers
        assert await count(runtime, company.tenant_id) == 2


async def test_a_request_in_flight_is_not_begun_again(
    client: httpx.AsyncClient, runtime: Runtime, companies: Companies
) -> None:
    headers = keyed(companies[0], "slow-1")
    answers = await asyncio.gather(
        *(client.post("/api/v1/t/slow", headers=headers) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert await count(runtime, companies[0].tenant_id) == 1


async def test_a_failed_request_may_be_tried_again_with_its_key(
    client: httpx.AsyncClient, companies: Companies
) -> None:
    headers = keyed(companies[0], "again")
    for _ in range(2):
        answer = await client.post("/api/v1/t/refused", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize("key", ["", "with space", "x" * 256, "tab\there"])
async def test_an_odd_key_is_refused(
    client: httpx.AsyncClient, companies: Companies, key: str
) -> None:
    answer = await client.post("/api/v1/t/orders", json={}, headers=keyed(companies[0], key))
    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.json()["detail"]


def test_a_plain_router_that_changes_things_is_refused_at_start(runtime: Runtime) -> None:
    plain = APIRouter()

    @plain.post("/forgotten")
    async def forgotten() -> None:
        """Change something."""

    with pytest.raises(RouteError, match="forgotten"):
        http.create_app(
            open_runtime=lambda: None,  # type: ignore[arg-type,return-value]
            vault=Vault(TEST_KEY),
            api={"/api": plain},
        )


async def test_two_hundred_requests_of_two_tenants_leak_nothing(
    runtime: Runtime, companies: Companies
) -> None:
    reading = Router()

    @reading.get("/mine")
    async def mine(session: http.TenantReadSession, reader: http.TenantReader) -> Any:
        from_pool = await reader.rows("SELECT DISTINCT tenant_id FROM platform.membership")
        through_orm = await session.scalars(select(AuditEvent.tenant_id).distinct())
        return [str(row["tenant_id"]) for row in from_pool], [str(each) for each in through_orm]

    async with client_of(app_with(runtime, reading)) as client:
        asked = [companies[number % 2] for number in range(200)]
        answers = await asyncio.gather(
            *(client.get("/api/v1/t/mine", headers=company.owner.bearer) for company in asked)
        )
    for company, answer in zip(asked, answers, strict=True):
        assert answer.json() == [[str(company.tenant_id)], [str(company.tenant_id)]]
