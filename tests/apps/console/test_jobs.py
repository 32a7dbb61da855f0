"""The pages and the API of jobs: owners see their account's, operators the whole queue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from myriad.apps import api
from myriad.apps.console import queue_looks
from myriad.apps.console.queue_looks import QueueLooks
from myriad.apps.console.queue_views import QueuePage
from myriad.kit.clock import utc_now
from myriad.kit.ids import new_id
from myriad.scale.directory import Role
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.jobs.limits import set_limit
from myriad.scale.jobs.overview import Queue
from myriad.scale.runtime import Runtime
from tests.apps.console.queue_rows import REPORT, SYNC, Rows, add_worker, busy_hour, fault
from tests.fixtures.app import (
    Company,
    client_of,
    create_person,
    csrf_of,
    settings_for,
    signed_in,
)

Companies = tuple[Company, Company]
JOBS = "/api/v1/jobs"


@pytest.fixture(scope="module")
async def app(database_urls: ServerUrls) -> AsyncIterator[FastAPI]:
    served = api.create_app(settings_for(database_urls))
    async with served.router.lifespan_context(served):
        yield served


@pytest.fixture
async def owner(app: FastAPI, companies: Companies) -> AsyncIterator[httpx.AsyncClient]:
    """A program of the first company's owner."""
    async with client_of(app) as client:
        client.headers.update(companies[0].owner.bearer)
        yield client


@pytest.fixture
async def stranger(app: FastAPI, companies: Companies) -> AsyncIterator[httpx.AsyncClient]:
    """A program of the second company's owner."""
    async with client_of(app) as client:
        client.headers.update(companies[1].owner.bearer)
        yield client


async def test_the_list_is_filtered_and_paged(
    owner: httpx.AsyncClient, companies: Companies, runtime: Runtime
) -> None:
    rows = Rows(runtime, companies[0].tenant_id)
    made = [await rows.job("queued", seconds_ago=number) for number in range(5)]
    await rows.job("dead", REPORT, job_class="low")
    first = (await owner.get(JOBS, params={"state": "queued", "limit": 3})).json()
    cursor = {"state": "queued", "limit": 3, "cursor": first["next_cursor"]}
    second = (await owner.get(JOBS, params=cursor)).json()
    assert [UUID(job["id"]) for job in first["items"] + second["items"]] == made
    assert second["next_cursor"] is None
    for query in ({"task": REPORT}, {"class": "low"}):
        [job] = (await owner.get(JOBS, params=query)).json()["items"]
        assert (job["state"], job["error"]["code"]) == ("dead", "unavailable")
    assert (await owner.get(JOBS, params={"state": "lost"})).status_code == 422


async def test_a_job_is_told_in_full_and_without_its_secrets(
    owner: httpx.AsyncClient, companies: Companies, runtime: Runtime
) -> None:
    jobs = await busy_hour(runtime, companies[0].tenant_id)
    job = (await owner.get(f"{JOBS}/{jobs['running']}")).json()
    assert job["payload"]["access_token"] == "[hidden]"
    assert job["payload"]["location"] == "L1"
    assert [one["outcome"] for one in job["attempts_made"]] == ["lost"]
    assert [(one["name"], one["is_child"]) for one in job["relatives"]] == [
        ("load", False),
        ("mail", True),
    ]
    steps = {step["name"]: step["result"] for step in job["steps"]}
    assert steps == {"months": [5, 6], "open account": {"account": "A1", "api_key": "[hidden]"}}


async def test_a_dead_letter_is_replayed_once(
    owner: httpx.AsyncClient, companies: Companies, runtime: Runtime
) -> None:
    job_id = await Rows(runtime, companies[0].tenant_id).job("dead")
    replayed = await owner.post(f"{JOBS}/{job_id}/replay")
    assert replayed.json()["state"] == "queued"
    again = await owner.post(f"{JOBS}/{job_id}/replay")
    assert (again.status_code, again.json()["code"]) == (404, "job_not_found")
    events = (await owner.get("/api/v1/audit-events")).json()["items"]
    assert [event["action"] for event in events].count("job.replayed") == 1


async def test_a_waiting_job_is_cancelled_and_an_ended_one_is_not(
    owner: httpx.AsyncClient, companies: Companies, runtime: Runtime
) -> None:
    job_id = await Rows(runtime, companies[0].tenant_id).job("queued")
    assert (await owner.post(f"{JOBS}/{job_id}/cancel")).json() == {"cancelled": True}
    assert (await owner.get(f"{JOBS}/{job_id}")).json()["state"] == "cancelled"
    assert (await owner.post(f"{JOBS}/{job_id}/cancel")).json() == {"cancelled": False}


async def test_dead_letters_are_replayed_by_task_and_error(
    owner: httpx.AsyncClient, companies: Companies, runtime: Runtime
) -> None:
    rows = Rows(runtime, companies[0].tenant_id)
    for code in ("poison", "poison", "unavailable"):
        await rows.job("dead", SYNC, error=fault(code))
    kept = await rows.job("dead", REPORT, error=fault("poison"))
    body = {"task": SYNC, "error_code": "poison"}
    assert (await owner.post(f"{JOBS}/replay-many", json=body)).json() == {"replayed": 2}
    assert (await owner.get(f"{JOBS}/{kept}")).json()["state"] == "dead"
    assert (await owner.post(f"{JOBS}/replay-many", json={})).json() == {"replayed": 2}
    assert (await owner.post(f"{JOBS}/replay-many", json={})).json() == {"replayed": 0}


async def test_a_bulk_replay_keeps_one_live_job_for_a_deduplication_key(
    owner: httpx.AsyncClient, companies: Companies, runtime: Runtime
) -> None:
    rows = Rows(runtime, companies[0].tenant_id)
    await rows.job("queued", dedup_key="one")
    held = await rows.job("dead", dedup_key="one")
    old, new = [await rows.job("dead", dedup_key="two", seconds_ago=age) for age in (9, 1)]
    assert (await owner.post(f"{JOBS}/replay-many", json={})).json() == {"replayed": 1}
    states = [(await owner.get(f"{JOBS}/{one}")).json()["state"] for one in (held, old, new)]
    assert states == ["dead", "dead", "queued"]


async def test_the_summary_counts_classes_minutes_and_dead_letters(
    owner: httpx.AsyncClient, stranger: httpx.AsyncClient, companies: Companies, runtime: Runtime
) -> None:
    await busy_hour(runtime, companies[0].tenant_id)
    queue = (await owner.get(f"{JOBS}/summary")).json()
    lanes = {lane["job_class"]: lane for lane in queue["lanes"]}
    assert (lanes["bulk"]["ready"], lanes["default"]["running"], lanes["default"]["dead"]) == (
        9,
        1,
        4,
    )
    assert (queue["ready"], queue["running"], queue["waiting"], queue["dead_letters"]) == (
        10,
        1,
        2,
        4,
    )
    assert len(queue["minutes"]) == 15
    assert sum(minute["succeeded"] for minute in queue["minutes"]) >= 50
    assert [(group["code"], group["jobs"]) for group in queue["dead"]] == [
        ("poison", 3),
        ("unavailable", 1),
    ]
    other = (await stranger.get(f"{JOBS}/summary")).json()
    assert (other["ready"], other["running"], other["dead"]) == (0, 0, [])


async def test_another_account_neither_sees_nor_touches_a_job(
    stranger: httpx.AsyncClient, companies: Companies, runtime: Runtime
) -> None:
    job_id = await Rows(runtime, companies[0].tenant_id).job("dead")
    for method, path in (
        ("GET", f"{JOBS}/{job_id}"),
        ("GET", f"{JOBS}/{job_id}/events"),
        ("POST", f"{JOBS}/{job_id}/replay"),
        ("POST", f"{JOBS}/{job_id}/cancel"),
    ):
        answer = await stranger.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")
    assert (await stranger.post(f"{JOBS}/replay-many", json={})).json() == {"replayed": 0}


async def test_an_operator_sees_all_accounts_and_replays_for_them(
    app: FastAPI, companies: Companies, runtime: Runtime
) -> None:
    operator = await create_person(runtime, companies[0].tenant_id, Role.STAFF, is_operator=True)
    code = f"broken_{new_id().hex[-8:]}"
    for company in companies:
        await Rows(runtime, company.tenant_id).job("dead", error=fault(code))
        await Rows(runtime, company.tenant_id).finished(took=3.0)
    await add_worker(runtime, "worker-x", is_draining=True)
    async with signed_in(app, operator) as browser:
        queue = (await browser.get("/api/v1/queue")).json()
        served = {share["tenant_id"] for share in queue["shares"]}
        page = await browser.get("/queue")
        form = {"csrf_token": csrf_of(page.text), "task": SYNC, "error_code": code}
        await browser.post("/queue/replay-many", data=form)
        later = (await browser.get("/api/v1/queue")).json()
    assert {str(company.tenant_id) for company in companies} <= served
    assert any(one["name"] == "worker-x" and one["is_draining"] for one in queue["workers"])
    assert [group["jobs"] for group in queue["dead"] if group["code"] == code] == [2]
    assert code not in {group["code"] for group in later["dead"]}
    assert (await browser_audit(app, companies[1])).count("job.replayed") == 1


async def browser_audit(app: FastAPI, company: Company) -> list[str]:
    """Return what was done in the account."""
    async with client_of(app) as client:
        answer = await client.get("/api/v1/audit-events", headers=company.owner.bearer)
        return [event["action"] for event in answer.json()["items"]]


async def test_pages_say_how_it_stands_in_their_first_sentence(
    app: FastAPI, companies: Companies, runtime: Runtime
) -> None:
    # Another account's, since the look at an account's queue is kept for two seconds.
    async with signed_in(app, companies[1].owner) as browser:
        assert "Nothing is stuck, and nothing waits" in (await browser.get("/jobs")).text
        assert "No jobs yet" in (await browser.get("/jobs/list")).text
    async with signed_in(app, companies[0].owner) as browser:
        jobs = await busy_hour(runtime, companies[0].tenant_id)
        await Rows(runtime, companies[0].tenant_id).job(
            "queued", job_class="high", seconds_ago=1500
        )
        sentences = {
            "/jobs": "2 high jobs wait too long: the oldest for 25 min",
            "/jobs/list?state=dead": "The newest dead jobs",
            f"/jobs/{jobs['running']}": "This job is running: 1,840 of 3,000 done",
            f"/jobs/{jobs['waiting']}": "This job tries again in 2 minutes",
            f"/jobs/{jobs['dead']}": "This job was given up after 3 attempts",
            f"/jobs/{jobs['done']}": "This job is done; it took 1.0 s",
            f"/jobs/{jobs['child']}": "This job waits for 1 other job",
        }
        for path, sentence in sentences.items():
            page = await browser.get(path)
            assert (page.status_code, sentence in page.text) == (200, True), path
            assert "sq0atp" not in page.text


async def test_pages_replay_and_cancel(
    app: FastAPI, companies: Companies, runtime: Runtime
) -> None:
    rows = Rows(runtime, companies[0].tenant_id)
    dead, ready = await rows.job("dead"), await rows.job("queued")
    async with signed_in(app, companies[0].owner) as browser:
        form = {"csrf_token": csrf_of((await browser.get(f"/jobs/{dead}")).text)}
        for path in (f"/jobs/{dead}/replay", f"/jobs/{ready}/cancel"):
            answer = await browser.post(path, data=form)
            assert (answer.status_code, answer.headers["location"]) == (
                303,
                path.rpartition("/")[0],
            )
        group = {**form, "task": SYNC, "error_code": "unavailable"}
        assert (await browser.post("/jobs/replay-many", data=group)).headers["location"] == "/jobs"
        assert "This job is ready" in (await browser.get(f"/jobs/{dead}")).text
        assert "This job was cancelled" in (await browser.get(f"/jobs/{ready}")).text


async def test_only_who_may_is_led_there(app: FastAPI, companies: Companies) -> None:
    async with signed_in(app, companies[0].staff) as browser:
        settings = (await browser.get("/settings")).text
        assert 'href="/jobs"' not in settings
        assert (await browser.get("/jobs")).status_code == 403
    async with signed_in(app, companies[0].owner) as browser:
        settings = (await browser.get("/settings")).text
        assert 'href="/jobs"' in settings
        assert 'href="/queue"' not in settings
        assert (await browser.get("/queue")).status_code == 403


async def test_ready_jobs_of_an_account_at_its_cap_are_capped(
    app: FastAPI, companies: Companies, runtime: Runtime
) -> None:
    """By a limit of its own, and else by the policy: five slots while few accounts have work."""
    operator = await create_person(runtime, companies[0].tenant_id, Role.STAFF, is_operator=True)
    limited, free = (Rows(runtime, company.tenant_id) for company in companies)
    long = "test.long.work"
    task_id = await free.task_id(long)
    async with runtime.database.crossing("test sets a limit") as session:
        # How many slots an account has depends on how many have work.
        await session.execute(text("DELETE FROM platform.job"))
        await set_limit(session, f"tenant:{limited.tenant_id}", 2)
        connection = await session.connection()
        await connection.exec_driver_sql(
            "UPDATE platform.job_task SET mean_seconds = 30 WHERE id = %(id)s", {"id": task_id}
        )
    for rows in (limited, free):
        # The list shows those first who got most.
        await rows.finished(took=100_000.0)
    for _ in range(2):
        await limited.job("running")
        await limited.job("queued")
        await free.job("running", long)
        await free.job("queued", long)
    async with signed_in(app, operator) as browser:
        first = await _capped(browser)
        for _ in range(3):
            await free.job("running", long)
        second = await _capped(browser)
    assert (first[str(limited.tenant_id)], first[str(free.tenant_id)]) == (2, 0)
    assert (second[str(limited.tenant_id)], second[str(free.tenant_id)]) == (2, 2)


async def _capped(browser: httpx.AsyncClient) -> dict[str, int]:
    shares = (await browser.get("/api/v1/queue")).json()["shares"]
    return {share["tenant_id"]: share["capped"] for share in shares}


async def test_those_who_watch_together_cost_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two seconds long, until somebody changes the queue by hand; another account has its own."""
    looks, seen = QueueLooks(), list[int]()

    async def look() -> QueuePage:
        seen.append(1)
        await asyncio.sleep(0)
        return QueuePage(Queue(utc_now(), (), (), ()), "UTC")

    await asyncio.gather(*(looks.get((None, "UTC"), look) for _ in range(5)))
    assert len(seen) == 1
    await looks.get((new_id(), "UTC"), look)
    looks.forget()
    await looks.get((None, "UTC"), look)
    assert len(seen) == 3
    monkeypatch.setattr(queue_looks, "FRESH_SECONDS", -1)
    await looks.get((None, "UTC"), look)
    assert len(seen) == 4
