"""Notices in the page: streamed at once, to their own account and audience only; seen when marked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from redis.asyncio import Redis

from myriad.products.keeper import tasks  # noqa: F401 - registers the tasks
from myriad.products.keeper.notify import DELIVER_TASK, Notice, clear_notices, raise_notice
from myriad.products.keeper.notify.telling import announce
from myriad.products.keeper.pages import notice_stream
from myriad.scale.runtime import Runtime, cache_client
from myriad.scale.tenancy import TenantId
from tests.fixtures.app import LiveApp, Person
from tests.fixtures.jobs import run_job
from tests.products.keeper.ledger import Shop
from tests.scale.http.test_events import NOWHERE, parsed

NOTICE = Notice("review", "review:1", "urgent", "Ana left one star", "Too late", "/keeper/today")


@pytest.fixture
async def first(runtime: Runtime, live_app: LiveApp, patient: Redis) -> Shop:
    """The first company's account, in which everything has been seen."""
    return await _quiet(replace(runtime, cache=patient), live_app.first.tenant_id)


@pytest.fixture
async def second(runtime: Runtime, live_app: LiveApp, patient: Redis) -> Shop:
    """The second company's account, likewise."""
    return await _quiet(replace(runtime, cache=patient), live_app.second.tenant_id)


async def _quiet(runtime: Runtime, tenant_id: TenantId) -> Shop:
    shop = await Shop.open(runtime, tenant_id)
    async with runtime.database.session(tenant_id) as session:
        connection = await session.connection()
        await connection.exec_driver_sql("DELETE FROM keeper.notice")
    await runtime.cache.delete(f"keeper:{tenant_id}:notices")
    return shop


async def tell(shop: Shop, notice: Notice = NOTICE) -> None:
    """Raise a notice and run the job that tells of it, as a worker would."""
    async with shop.runtime.database.session(shop.tenant_id) as session:
        assert await raise_notice(session, notice)
    sql = "SELECT id FROM platform.job_overview WHERE task = %(task)s ORDER BY id DESC LIMIT 1"
    rows = await shop.runtime.database.reader.rows(shop.tenant_id, sql, {"task": DELIVER_TASK})
    await run_job(shop.runtime, shop.tenant_id, UUID(str(rows[0]["id"])))


@asynccontextmanager
async def watching(
    live: LiveApp, person: Person, after: str = ""
) -> AsyncIterator[AsyncIterator[dict[str, str]]]:
    """An open page: a connection that follows the notices of the person's account."""
    headers = {**person.bearer, **({"Last-Event-ID": after} if after else {})}
    async with (
        httpx.AsyncClient(base_url=live.url, trust_env=False, timeout=20) as client,
        client.stream("GET", "/keeper/notices/events?seconds=20", headers=headers) as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        yield parsed(answer.aiter_lines())


async def take(events: AsyncIterator[dict[str, str]], kind: str) -> dict[str, Any]:
    """Return the data of the next event of a kind, with its id."""
    async with asyncio.timeout(20):
        while True:
            event = await anext(events)
            if event.get("event") == kind:
                found: dict[str, Any] = json.loads(event["data"])
                return found | {"event_id": event.get("id", "")}


async def test_an_open_page_is_told_at_once_and_then_how_many_wait(
    first: Shop, live_app: LiveApp
) -> None:
    async with watching(live_app, live_app.first.owner) as events:
        assert (await take(events, "alerts"))["unseen"] == 0
        await tell(first)
        alert = await take(events, "alert")
        assert (alert["title"], alert["level"]) == ("Ana left one star", "urgent")
        assert (await take(events, "alerts"))["unseen"] == 1


async def test_another_accounts_page_hears_nothing(
    first: Shop, second: Shop, live_app: LiveApp
) -> None:
    """The other page gets its own notice, although both were told, and never the first one's."""
    async with watching(live_app, live_app.second.owner) as events:
        await take(events, "alerts")
        await tell(first)
        await tell(second, replace(NOTICE, title="Their own"))
        assert (await take(events, "alert"))["title"] == "Their own"
        assert (await take(events, "alerts"))["unseen"] == 1


async def test_a_page_that_comes_back_is_told_what_it_missed_and_nothing_twice(
    first: Shop, live_app: LiveApp
) -> None:
    async with watching(live_app, live_app.first.owner) as events:
        await take(events, "alerts")
        await tell(first)
        seen = await take(events, "alert")
    await tell(first, replace(NOTICE, dedup_key="review:2", title="Missed"))
    async with watching(live_app, live_app.first.owner, seen["event_id"]) as events:
        assert (await take(events, "alert"))["title"] == "Missed"


async def test_a_new_page_is_not_told_again_of_old_news(first: Shop, live_app: LiveApp) -> None:
    await tell(first)
    async with watching(live_app, live_app.first.owner) as events:
        shown = await take(events, "alerts")
        assert [item["title"] for item in shown["shown"]] == ["Ana left one star"]
        await tell(first, replace(NOTICE, dedup_key="review:2", title="News"))
        assert (await take(events, "alert"))["title"] == "News"


async def test_what_redis_lost_is_told_by_the_rows(
    first: Shop, live_app: LiveApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notice_stream, "LOOK_SECONDS_WITH_REDIS", 0.1)
    async with watching(live_app, live_app.first.owner) as events:
        await take(events, "alerts")
        async with first.runtime.database.session(first.tenant_id) as session:
            await raise_notice(session, NOTICE)
        assert (await take(events, "alerts"))["unseen"] == 1


async def test_staff_are_not_told_what_is_for_the_owner(first: Shop, live_app: LiveApp) -> None:
    await tell(first, replace(NOTICE, audience="owner"))
    await tell(first, replace(NOTICE, dedup_key="review:2", title="For everyone"))
    async with watching(live_app, live_app.first.staff) as events:
        shown = await take(events, "alerts")
    assert (shown["unseen"], [item["title"] for item in shown["shown"]]) == (1, ["For everyone"])


async def test_telling_without_redis_is_no_error(first: Shop) -> None:
    deaf = replace(first.runtime, cache=cache_client(NOWHERE))
    assert not await announce(deaf, first.tenant_id, first.tenant_id)


async def _get(live: LiveApp, person: Person, path: str = "") -> httpx.Response:
    async with httpx.AsyncClient(base_url=live.url, trust_env=False) as client:
        return await client.get(f"/api/v1/keeper/notices{path}", headers=person.bearer)


async def _see(live: LiveApp, person: Person, notice_id: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=live.url, trust_env=False) as client:
        path = f"/api/v1/keeper/notices/{notice_id}/seen"
        return await client.post(path, headers=person.bearer)


async def test_the_api_lists_pages_and_marks_once(first: Shop, live_app: LiveApp) -> None:
    for number in range(3):
        await tell(first, replace(NOTICE, dedup_key=f"review:{number}", title=f"No {number}"))
    page = (await _get(live_app, live_app.first.staff, "?limit=2")).json()
    assert [item["title"] for item in page["items"]] == ["No 2", "No 1"]
    rest = await _get(live_app, live_app.first.staff, f"?limit=2&cursor={page['next_cursor']}")
    assert [item["title"] for item in rest.json()["items"]] == ["No 0"]
    notice_id = page["items"][0]["id"]
    once = (await _see(live_app, live_app.first.staff, notice_id)).json()
    again = (await _see(live_app, live_app.first.owner, notice_id)).json()
    assert once["seen_at"] is not None
    assert again["seen_at"] == once["seen_at"]
    unseen = (await _get(live_app, live_app.first.staff, "?show=unseen")).json()
    assert [item["title"] for item in unseen["items"]] == ["No 1", "No 0"]


async def test_nobody_sees_or_marks_another_accounts_notice(
    first: Shop, second: Shop, live_app: LiveApp
) -> None:
    await tell(first)
    notice_id = (await _get(live_app, live_app.first.owner)).json()["items"][0]["id"]
    assert (await _get(live_app, live_app.second.owner)).json()["items"] == []
    assert (await _get(live_app, live_app.second.owner, f"/{notice_id}")).status_code == 404
    assert (await _see(live_app, live_app.second.owner, notice_id)).status_code == 404


async def test_staff_cannot_open_what_is_for_the_owner(first: Shop, live_app: LiveApp) -> None:
    await tell(first, replace(NOTICE, audience="owner"))
    notice_id = (await _get(live_app, live_app.first.owner)).json()["items"][0]["id"]
    assert (await _get(live_app, live_app.first.staff, f"/{notice_id}")).status_code == 404


async def test_the_strip_works_without_a_script(first: Shop, live_app: LiveApp) -> None:
    """It stands in the page as it is loaded, and its button is a form that leads back."""
    await tell(first)
    async with httpx.AsyncClient(base_url=live_app.url, trust_env=False) as client:
        page = await client.get("/keeper/notices", headers=live_app.first.owner.bearer)
        assert page.text.count("Ana left one star") >= 3
        assert "data-alerts-count>1<" in page.text
        other = await client.get("/settings", headers=live_app.first.owner.bearer)
    assert "data-alerts" not in other.text


async def test_what_settled_itself_is_not_waiting(first: Shop, live_app: LiveApp) -> None:
    await tell(first)
    async with first.runtime.database.session(first.tenant_id) as session:
        await clear_notices(session, NOTICE.kind, NOTICE.dedup_key)
    unseen = (await _get(live_app, live_app.first.owner, "?show=unseen")).json()
    assert unseen["items"] == []
