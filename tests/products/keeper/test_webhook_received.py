"""Webhooks at the door: a real application and database, two accounts that read one seller."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from secrets import token_hex
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from myriad.products.keeper.endpoints import connections
from myriad.products.keeper.settings import KeeperSettings
from myriad.products.keeper.square.webhooks import SIGNATURE_HEADER, sign
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.app import app_with, client_of
from tests.fixtures.database import TwoTenants
from tests.products.keeper.ledger import Shop

KEY, URL, PATH = "a key", "https://example.com/hook", "/api/v1/t/webhooks/square"
WRITTEN = (
    "SELECT (SELECT count(*) FROM keeper.webhook_event WHERE event_id = %(id)s) AS events, "
    "(SELECT count(*) FROM platform.job_overview WHERE payload ->> 'event_id' = %(id)s) AS jobs"
)


@pytest.fixture
async def merchant_id(runtime: Runtime, tenants: TwoTenants) -> str:
    """A seller that both tenants read."""
    merchant_id = f"M{token_hex(6)}"
    for tenant_id in (tenants.first, tenants.second):
        shop = await Shop.open(runtime, tenant_id)
        row = {"tenant_id": tenant_id, "merchant_id": merchant_id, "base_url": "http://127.0.0.1"}
        await shop.insert("connection", [row | {"provider": "square", "status": "active"}])
    return merchant_id


@pytest.fixture
async def square(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    """Square, as the application sees it."""
    settings = KeeperSettings(square_webhook_key=SecretStr(KEY), square_webhook_url=URL)
    app = app_with(replace(runtime, settings=(settings,)), connections.router)
    async with client_of(app) as client:
        yield client


def event(merchant_id: str) -> tuple[str, bytes]:
    """Return an event's id and its body."""
    event_id = token_hex(8)
    facts: dict[str, Any] = {"merchant_id": merchant_id, "event_id": event_id, "data": {}}
    return event_id, json.dumps(facts | {"type": "payment.updated"}).encode()


async def written(runtime: Runtime, tenant_id: TenantId, event_id: str) -> tuple[int, int]:
    """Return how many events and jobs a tenant has of that id."""
    row = await runtime.database.reader.row(tenant_id, WRITTEN, {"id": event_id})
    assert row is not None
    return row["events"], row["jobs"]


@pytest.mark.parametrize("signed", [None, b"another body", "bm8=", ""])
async def test_bad_or_missing_signature_is_401_and_no_write(
    runtime: Runtime,
    tenants: TwoTenants,
    merchant_id: str,
    square: httpx.AsyncClient,
    signed: bytes | str | None,
) -> None:
    """What is not signed with our key and address is refused before anything is written."""
    event_id, body = event(merchant_id)
    header = sign(signed, key=KEY, url=URL) if isinstance(signed, bytes) else signed
    headers = {} if header is None else {SIGNATURE_HEADER: header}
    answer = await square.post(PATH, content=body, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    for tenant_id in (tenants.first, tenants.second):
        assert await written(runtime, tenant_id, event_id) == (0, 0)


async def test_replayed_event_id_is_200_and_a_no_op(
    runtime: Runtime, tenants: TwoTenants, merchant_id: str, square: httpx.AsyncClient
) -> None:
    """The same event thrice is one row and one job for each account that reads the seller."""
    event_id, body = event(merchant_id)
    headers = {SIGNATURE_HEADER: sign(body, key=KEY, url=URL)}
    answers = [await square.post(PATH, content=body, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [answer.json()["is_new"] for answer in answers] == [True, False, False]
    for tenant_id in (tenants.first, tenants.second):
        assert await written(runtime, tenant_id, event_id) == (1, 1)


async def test_an_event_of_a_seller_that_nobody_reads_is_taken_and_not_kept(
    runtime: Runtime, tenants: TwoTenants, merchant_id: str, square: httpx.AsyncClient
) -> None:
    """Square is told 200, or it would send the event again for a day."""
    event_id, body = event("nobody")
    headers = {SIGNATURE_HEADER: sign(body, key=KEY, url=URL)}
    answer = await square.post(PATH, content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"is_new": False})
    assert await written(runtime, tenants.first, event_id) == (0, 0)
