"""Live events of a job: told once, in order, to its own account, with or without Redis."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from redis.asyncio import Redis
from redis.exceptions import TimeoutError as LateError

from myriad.apps import api
from myriad.kit.ids import new_id
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.http import events as http_events
from myriad.scale.http.answers import ServerSentEvent
from myriad.scale.http.events import Watch
from myriad.scale.http.hub import MOST_STREAMS, EventHub, TooManyStreamsError
from myriad.scale.jobs.events import JobEvent, publish, stream_of
from myriad.scale.jobs.status import JobStatus, find_job
from myriad.scale.live import KEPT_EVENTS
from myriad.scale.runtime import Runtime, cache_client
from tests.apps.console.queue_rows import Rows
from tests.fixtures.app import Company, LiveApp, serve, settings_for

NOWHERE = "redis://127.0.0.1:1"


def told(number: int) -> JobEvent:
    return JobEvent("progress", "running", 1, number, 100, message=f"row {number}")


@asynccontextmanager
async def watching(
    live: LiveApp, company: Company, job_id: UUID, after: str = ""
) -> AsyncIterator[AsyncIterator[dict[str, str]]]:
    """A connection that follows the job's events."""
    headers = {**company.owner.bearer, **({"Last-Event-ID": after} if after else {})}
    async with (
        httpx.AsyncClient(base_url=live.url, trust_env=False, timeout=20) as client,
        client.stream("GET", f"/api/v1/jobs/{job_id}/events", headers=headers) as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield parsed(answer.aiter_lines())


async def parsed(lines: AsyncIterator[str]) -> AsyncIterator[dict[str, str]]:
    event: dict[str, str] = {}
    async for line in lines:
        if line:
            name, _, value = line.partition(": ")
            event[name] = value
        elif event:
            yield event
            event = {}


async def take(events: AsyncIterator[dict[str, str]], count: int) -> list[dict[str, str]]:
    """Return the next events of the stream itself, without those that tell the row."""
    found: list[dict[str, str]] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            event = await anext(events)
            found += [event] if event.get("event") == "progress" else []
    return found


async def until_end(events: AsyncIterator[dict[str, str]]) -> list[dict[str, str]]:
    async with asyncio.timeout(20):
        return [event async for event in events]


def numbers(events: list[dict[str, str]]) -> list[int]:
    return [json.loads(event["data"])["done"] for event in events]


@pytest.fixture
async def rows(runtime: Runtime, live_app: LiveApp) -> Rows:
    return Rows(runtime, live_app.first.tenant_id)


async def finish(rows: Rows, job_id: UUID) -> None:
    """End the job as a worker does."""
    async with rows.runtime.database.crossing("test ends a job") as session:
        connection = await session.connection()
        await connection.exec_driver_sql(
            "WITH gone AS (DELETE FROM platform.job WHERE id = %(id)s RETURNING *) "
            "INSERT INTO platform.job_finished (tenant_id, id, state, job_class, task_id, attempts)"
            " SELECT tenant_id, id, 'succeeded', job_class, task_id, attempts FROM gone",
            {"id": job_id},
        )


async def test_a_cut_connection_goes_on_without_gap_or_double(
    rows: Rows, live_app: LiveApp, patient: Redis
) -> None:
    """What was told while nobody listened comes first, what was seen does not come again."""
    job_id, first = await rows.job("running"), live_app.first
    seen: list[dict[str, str]] = []
    for cut in range(4):
        await publish(patient, first.tenant_id, job_id, told(len(seen)))
        after = seen[-1]["id"] if seen else ""
        async with watching(live_app, first, job_id, after) as events:
            seen += await take(events, 1)
            for number in range(3):
                await publish(patient, first.tenant_id, job_id, told(cut * 5 + number + 1))
            seen += await take(events, 3)
            # The last one is told after the cut, or before it and never read.
            await publish(patient, first.tenant_id, job_id, told(cut * 5 + 4))
        async with watching(live_app, first, job_id, seen[-1]["id"]) as events:
            seen += await take(events, 1)
    await finish(rows, job_id)
    async with watching(live_app, first, job_id, seen[-1]["id"]) as events:
        rest = await until_end(events)
    assert numbers(seen) == list(range(20))
    assert [event["event"] for event in rest] == ["status", "end"]


async def test_a_job_that_ended_tells_what_is_kept_and_ends(
    rows: Rows, live_app: LiveApp, patient: Redis
) -> None:
    job_id, first = await rows.job("running"), live_app.first
    for number in range(3):
        await publish(patient, first.tenant_id, job_id, told(number))
    await finish(rows, job_id)
    async with watching(live_app, first, job_id) as events:
        found = await until_end(events)
    kinds = [event["event"] for event in found]
    assert kinds == ["status", "progress", "progress", "progress", "end"]
    assert json.loads(found[-1]["data"])["state"] == "succeeded"


async def test_the_end_is_told_when_the_worker_tells_it(
    rows: Rows, live_app: LiveApp, patient: Redis
) -> None:
    """An attempt's end makes the stream look at the row at once."""
    job_id, first = await rows.job("running"), live_app.first
    async with watching(live_app, first, job_id) as events:
        await publish(patient, first.tenant_id, job_id, told(1))
        await take(events, 1)
        await finish(rows, job_id)
        ending = JobEvent("state", "succeeded", 1)
        await publish(patient, first.tenant_id, job_id, ending)
        rest = await until_end(events)
    assert [event["event"] for event in rest][-1] == "end"


@pytest.fixture
def unread_app(live_app: LiveApp, database_urls: ServerUrls) -> Iterator[LiveApp]:
    """The application once more, in which no page was opened: it has no reader yet."""
    with serve(api.create_app(settings_for(database_urls))) as url:
        yield LiveApp(url, live_app.first, live_app.second)


async def test_ten_pages_of_one_process_share_a_reader(
    rows: Rows, unread_app: LiveApp, patient: Redis
) -> None:
    """Each gets every event, and Redis sees one blocking reader for them all."""
    job_id, first = await rows.job("running"), unread_app.first
    known = {one["id"] for one in await patient.client_list()}
    async with AsyncExitStack() as stack:
        opening = [watching(unread_app, first, job_id) for _ in range(10)]
        pages = [await stack.enter_async_context(page) for page in opening]
        for number in range(4):
            await publish(patient, first.tenant_id, job_id, told(number))
            found = await asyncio.gather(*(take(page, 1) for page in pages))
            assert [numbers(events) for events in found] == [[number]] * 10
        clients = [one for one in await patient.client_list() if one["id"] not in known]
    # Each process of a run has a number of its own on the server that they share.
    number_of_run = str(patient.connection_pool.connection_kwargs["db"])
    mine = [one for one in clients if one["db"] == number_of_run]
    assert [one["cmd"] for one in mine].count("xread") == 1
    await finish(rows, job_id)


async def test_a_page_that_redis_was_late_for_is_told_all_that_is_kept(
    rows: Rows, patient: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although another page of the process has already read on."""
    monkeypatch.setattr(http_events, "LOOK_SECONDS", 0.1)
    job_id, hub = await rows.job("running"), EventHub(patient)

    async def look() -> JobStatus | None:
        async with rows.runtime.database.read_session(rows.tenant_id) as session:
            return await find_job(session, job_id)

    in_time = patient.xrange

    async def late(*_: Any, **__: Any) -> None:
        monkeypatch.setattr(patient, "xrange", in_time)
        raise LateError

    async def tell_and_take(number: int, *pages: AsyncIterator[int]) -> list[int]:
        await publish(patient, rows.tenant_id, job_id, told(number))
        return [await anext(page) for page in pages]

    stream = stream_of(rows.tenant_id, job_id)
    async with asyncio.timeout(20), AsyncExitStack() as stack:
        first, second = [
            await stack.enter_async_context(aclosing(done_of(Watch(hub, look).events(stream))))
            for _ in range(2)
        ]
        assert await tell_and_take(0, first) == [0]
        monkeypatch.setattr(patient, "xrange", late)
        assert await tell_and_take(1, first, second) == [1, 0]
        assert await anext(second) == 1
    await finish(rows, job_id)


async def done_of(events: AsyncIterator[ServerSentEvent]) -> AsyncGenerator[int]:
    """Yield how far the job was at each event of its stream."""
    async for event in events:
        if event.event == "progress":
            yield event.data["done"]


async def test_another_accounts_job_is_not_found(rows: Rows, live_app: LiveApp) -> None:
    job_id = await rows.job("running")
    async with httpx.AsyncClient(base_url=live_app.url, trust_env=False) as client:
        answer = await client.get(
            f"/api/v1/jobs/{job_id}/events", headers=live_app.second.owner.bearer
        )
    assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")
    await finish(rows, job_id)


def test_a_caller_has_a_limited_number_of_streams() -> None:
    """The refusal says what to do; a closed stream makes room; others are not concerned."""
    hub, caller = EventHub(cache_client(NOWHERE)), new_id()
    slots = [hub.slot(caller) for _ in range(MOST_STREAMS)]
    for slot in slots:
        slot.__enter__()
    with pytest.raises(TooManyStreamsError, match="close one of them"), hub.slot(caller):
        pass
    with hub.slot(new_id()):
        slots.pop().__exit__(None, None, None)
    with hub.slot(caller):
        pass
    for slot in slots:
        slot.__exit__(None, None, None)


@pytest.fixture
def deaf_app(live_app: LiveApp, database_urls: ServerUrls) -> Iterator[LiveApp]:
    """The application with a cache that does not answer."""
    urls = replace(database_urls, cache_url=NOWHERE)
    with serve(api.create_app(settings_for(urls))) as url:
        yield LiveApp(url, live_app.first, live_app.second)


async def test_without_redis_the_row_tells(
    rows: Rows, deaf_app: LiveApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Progress still arrives, as often as the row is read, and so does the end."""
    monkeypatch.setattr(http_events, "LOOK_SECONDS", 0.1)
    job_id = await rows.job("running", progress_done=1, progress_total=9)
    async with watching(deaf_app, deaf_app.first, job_id) as events:
        seen = json.loads((await anext(events))["data"])
        async with rows.runtime.database.crossing("test tells progress") as session:
            connection = await session.connection()
            await connection.exec_driver_sql(
                "UPDATE platform.job SET progress_done = 5 WHERE id = %(id)s", {"id": job_id}
            )
        while seen["done"] != 5:
            seen = json.loads((await anext(events))["data"])
        await finish(rows, job_id)
        rest = await until_end(events)
    assert rest[-1]["event"] == "end"


async def test_telling_never_fails_and_never_grows(patient: Redis, rows: Rows) -> None:
    """A server that is not there costs nothing; a stream keeps its last events for an hour."""
    await publish(cache_client(NOWHERE), rows.tenant_id, new_id(), told(1))
    job_id = new_id()
    for number in range(3 * KEPT_EVENTS):
        await publish(patient, rows.tenant_id, job_id, told(number))
    stream = stream_of(rows.tenant_id, job_id)
    assert await patient.xlen(stream) < 2 * KEPT_EVENTS
    assert 3500 < await patient.ttl(stream) <= 3600


async def test_an_event_that_redis_lost_is_told_by_the_row(
    rows: Rows, live_app: LiveApp, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row is looked at now and then also while Redis answers; what it already told it keeps."""
    monkeypatch.setattr(http_events, "LOOK_SECONDS_WITH_REDIS", 0.1)
    job_id, first = await rows.job("running", progress_done=1, progress_total=9), live_app.first
    async with watching(live_app, first, job_id) as events:
        seen = json.loads((await anext(events))["data"])
        async with runtime.database.crossing("test tells progress") as session:
            connection = await session.connection()
            await connection.exec_driver_sql(
                "UPDATE platform.job SET progress_done = 5 WHERE id = %(id)s", {"id": job_id}
            )
        async with asyncio.timeout(20):
            while seen["done"] != 5:
                seen = json.loads((await anext(events))["data"])
    await finish(rows, job_id)
