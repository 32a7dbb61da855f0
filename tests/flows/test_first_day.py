"""A seller's first day, from outside: connect, sync, agents, Today; then what Square tells us."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.fixtures.database import runtime_for
from tests.flows.conftest import Installation

pytestmark = pytest.mark.timeout(240)
_KEY = b"simulated-webhook-signature-key"


async def _until(
    look: Callable[[], Awaitable[Any]], holds: Callable[[Any], bool], seconds: float = 120
) -> Any:
    end = asyncio.get_running_loop().time() + seconds
    while True:
        found = await look()
        if holds(found):
            return found
        assert asyncio.get_running_loop().time() < end, f"still {str(found)[:1500]}"
        await asyncio.sleep(0.3)


async def _json(client: httpx.AsyncClient, path: str) -> Any:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _connect(client: httpx.AsyncClient) -> None:
    started = (await client.post("/connections/square/start")).json()
    async with httpx.AsyncClient(trust_env=False) as seller:
        consent = await seller.get(started["authorize_url"] + "&auto=1")
    given = httpx.URL(consent.headers["location"]).params
    answer = await client.post(
        "/connections/square/callback", json={"code": given["code"], "state": given["state"]}
    )
    assert answer.status_code == 202, answer.text


@pytest.fixture(scope="module")
async def connected(installation: Installation) -> Installation:
    """The first company is connected, and its agents have run."""
    async with installation.client(installation.first) as client:
        await _connect(client)

        async def runs() -> Any:
            return (await _json(client, "/agents/runs"))["items"]

        await _until(
            runs,
            lambda found: any(run["agent"] == "report" and run["state"] == "ok" for run in found),
        )
    return installation


async def test_today_says_whom_to_call_and_why(connected: Installation) -> None:
    async with connected.client(connected.first) as client:
        today = await _json(client, "/today")
        assert 1 <= len(today["tasks"]) <= 5
        assert all(task["reason"] and task["value_at_risk"]["minor"] > 0 for task in today["tasks"])
        assert today["freshness"]["stage"] == "fresh"
        customers = (await _json(client, "/customers?limit=5"))["items"]
        assert customers[0]["value_at_risk"]["minor"] >= customers[1]["value_at_risk"]["minor"]
        person = await _json(client, f"/customers/{today['tasks'][0]['person_id']}")
        assert person["risk"]["churn_60"] > 0
        assert person["next_booking_at"] is None


async def test_every_closed_day_equals_square_to_the_cent(connected: Installation) -> None:
    async with connected.client(connected.first) as client:
        (connection,) = (await _json(client, "/connections"))["connections"]
    assert connection["status"] == "active"
    assert connection["days_checked"] > 20
    assert connection["drift"] == []


async def test_the_report_is_there_as_numbers_page_and_pdf(connected: Installation) -> None:
    async with connected.client(connected.first) as client:
        row = (await _json(client, "/reports?kind=monthly"))["items"][0]
        report = await _json(client, f"/reports/{row['id']}")
        pdf = await client.get(f"/reports/{row['id']}/pdf")
        page = await client.get(f"/reports/{row['id']}/html")
    assert pdf.content.startswith(b"%PDF")
    assert report["headline"] in page.text
    assert report["digest"] in page.text


async def test_a_task_is_done_once_however_often_it_is_sent(connected: Installation) -> None:
    async with connected.client(connected.first) as client:
        task = (await _json(client, "/tasks?state=open"))["items"][0]
        key = {"Idempotency-Key": "call-once"}
        answers = [await client.post(f"/tasks/{task['id']}/done", headers=key) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0].json() == answers[1].json()
        assert answers[0].json()["state"] == "done"


async def test_the_second_company_sees_nothing_of_the_first(connected: Installation) -> None:
    async with connected.client(connected.first) as client:
        person = (await _json(client, "/customers?limit=1"))["items"][0]["person_id"]
        task = (await _json(client, "/tasks"))["items"][0]["id"]
    async with connected.client(connected.second) as client:
        for path in (f"/customers/{person}", f"/tasks/{task}", "/today", "/customers"):
            assert (await client.get(path)).status_code == 404, path
        assert (await _json(client, "/connections"))["connections"] == []
        assert (await client.post(f"/tasks/{task}/done")).status_code == 404


async def test_a_sale_reaches_us_by_a_signed_webhook(connected: Installation) -> None:
    async with connected.client(connected.first) as client:
        person = (await _json(client, "/customers?limit=1"))["items"][0]["person_id"]
        before = await _json(client, f"/customers/{person}")
        await connected.control(
            "payments", {"customer_id": before["profiles"][0]["ext_id"], "amount": 12345}
        )

        async def timeline() -> Any:
            return (await _json(client, f"/customers/{person}/timeline?limit=3"))["items"]

        found = await _until(
            timeline,
            lambda events: any(e["amount"] and e["amount"]["minor"] == 12345 for e in events),
        )
    assert found


def _signed(url: str, body: bytes) -> dict[str, str]:
    digest = hmac.digest(_KEY, url.encode() + body, hashlib.sha256)
    return {"x-square-hmacsha256-signature": base64.b64encode(digest).decode()}


async def test_bad_or_missing_signature_is_401_and_writes_nothing(connected: Installation) -> None:
    url = f"{connected.api}/api/v1/keeper/webhooks/square"
    body = json.dumps(
        {"merchant_id": "M", "type": "payment.created", "event_id": "forged"}
    ).encode()
    async with httpx.AsyncClient(trust_env=False) as http:
        for headers in ({}, {"x-square-hmacsha256-signature": "bm8="}, _signed(url, body + b" ")):
            answer = await http.post(url, content=body, headers=headers)
            assert answer.status_code == 401, answer.text
        broken = await http.post(url, content=b"[]", headers=_signed(url, b"[]"))
        assert broken.status_code == 422
    async with runtime_for(connected.urls) as runtime:
        stored = await runtime.database.reader.rows(
            connected.first.tenant_id,
            "SELECT 1 FROM keeper.webhook_event WHERE event_id = 'forged'",
        )
    assert stored == []


async def test_replayed_event_id_is_200_and_changes_nothing(connected: Installation) -> None:
    url = f"{connected.api}/api/v1/keeper/webhooks/square"
    async with connected.client(connected.first) as client:
        (connection,) = (await _json(client, "/connections"))["connections"]
        event = {
            "merchant_id": connection["merchant_id"],
            "type": "test.event",
            "event_id": "once-only",
            "data": {},
        }
        body = json.dumps(event).encode()
        async with httpx.AsyncClient(trust_env=False) as http:
            answers = [
                await http.post(url, content=body, headers=_signed(url, body)) for _ in range(3)
            ]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [answer.json()["is_new"] for answer in answers] == [True, False, False]


async def test_token_revoked_stops_with_a_banner_and_keeps_the_data(
    connected: Installation,
) -> None:
    async with connected.client(connected.first) as client:
        people = (await _json(client, "/today"))["customers"]
        await connected.control("faults", {"revoke": True})

        async def connection() -> Any:
            return (await _json(client, "/connections"))["connections"][0]

        await _until(connection, lambda found: found["status"] == "revoked", 60)
        today = await _json(client, "/today")
        await _connect(client)
        await _until(connection, lambda found: found["status"] == "active", 10)
    assert today["customers"] == people
    assert "revoked" in today["notices"][0]["title"]
