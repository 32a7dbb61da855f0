"""Real worker processes: frozen, told to end, killed, and serving only some classes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.jobs import cancel
from myriad.scale.jobs.broker import RUN_JOB, create_celery, queue_name
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import TwoTenants, create_tenant_row, runtime_for
from tests.scale.jobs.real_worker import EFFECT, SLOW
from tests.scale.jobs.workbench import (
    TASK,
    add_job,
    effects,
    executor_for,
    expire_lease,
    history,
    ref_of,
    run_job,
    sql,
    status_of,
)

_ROOT = Path(__file__).parents[3]
_DISPATCH = (
    "UPDATE platform.job SET state = 'dispatched', dispatched_at = now(), "
    "worker_id = (SELECT id FROM platform.job_worker WHERE name = :name) WHERE id = :id"
)


@pytest.fixture
async def own(fresh_servers: ServerUrls) -> AsyncIterator[Runtime]:
    """A runtime on a database of this test's own."""
    async with runtime_for(fresh_servers) as opened:
        yield opened


@pytest.fixture
async def two(own: Runtime) -> TwoTenants:
    """Two tenants in it."""
    first, second = [await create_tenant_row(own, name) for name in ("first", "second")]
    return TwoTenants(TenantId(first), TenantId(second))


@contextmanager
def _worker(urls: ServerUrls, log: Path, **settings: Any) -> Iterator[subprocess.Popen[bytes]]:
    arguments = [json.dumps(asdict(urls)), json.dumps({"name": "one"} | settings)]
    command = [sys.executable, "-m", "tests.scale.jobs.real_worker", *arguments]
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=_ROOT, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()


async def _hand_over(
    runtime: Runtime, tenant: TenantId, job_id: UUID, *, rank: int = 2, name: str = "one"
) -> None:
    """Dispatch the job to the worker once it has announced itself, as the ticker would."""
    query = "SELECT count(*) AS n FROM platform.job_worker WHERE name = %(name)s"
    await _until(runtime, query, {"name": name}, 1)
    await sql(runtime, _DISPATCH, id=job_id, name=name)
    ref = await ref_of(runtime, tenant, job_id)
    bundle = [[str(tenant), str(job_id), ref.job_class, ref.task_id]]
    await asyncio.to_thread(_send, runtime.broker_url, queue_name(name, rank), bundle)


def _send(broker_url: str, queue: str, bundle: list[list[Any]]) -> None:
    app = create_celery(broker_url)
    app.send_task(RUN_JOB, args=[bundle], queue=queue, retry=False)
    app.close()


async def _until(runtime: Runtime, query: str, facts: dict[str, Any], n: int) -> None:
    async with asyncio.timeout(40):
        while (await runtime.database.crossing_rows("test waits", query, facts))[0]["n"] != n:  # noqa: ASYNC110 - another process acts
            await asyncio.sleep(0.05)


async def _until_state(runtime: Runtime, job_id: UUID, state: str) -> None:
    query = (
        "SELECT count(*) AS n FROM platform.job_overview WHERE id = %(id)s AND state = %(state)s"
    )
    await _until(runtime, query, {"id": job_id, "state": state}, 1)


async def test_a_frozen_worker_that_wakes_after_its_lease_writes_nothing(
    own: Runtime, two: TwoTenants, fresh_servers: ServerUrls, tmp_path: Path
) -> None:
    job_id = await add_job(own, two.first, 1, task=SLOW)
    with _worker(fresh_servers, tmp_path / "worker.log") as process:
        await _hand_over(own, two.first, job_id)
        await _until_state(own, job_id, "running")
        process.send_signal(signal.SIGSTOP)
        await expire_lease(own, job_id)
        successor = executor_for(own)
        successor.registry.add(successor.registry.get(TASK).__class__(SLOW, _write_nothing))
        assert await run_job(successor, two.first, job_id) == "succeeded"
        process.send_signal(signal.SIGCONT)
        next_job = await add_job(own, two.second, 2, task=EFFECT)
        await _hand_over(own, two.second, next_job)
        await _until_state(own, next_job, "succeeded")
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 20) == 0
    assert await effects(own, two.first) == []
    assert await effects(own, two.second) == ["2"]
    assert (await status_of(own, two.first, job_id)).state == "succeeded"


async def _write_nothing(job: object, payload: object) -> None:
    """Succeed."""


async def test_a_cancelled_job_is_let_go_within_seconds_without_its_effects(
    own: Runtime, two: TwoTenants, fresh_servers: ServerUrls, tmp_path: Path
) -> None:
    job_id = await add_job(own, two.first, task=SLOW)
    with _worker(fresh_servers, tmp_path / "worker.log", grace_seconds=60) as process:
        await _hand_over(own, two.first, job_id)
        await _until_state(own, job_id, "running")
        async with own.database.session(two.first) as session:
            assert await cancel(session, job_id)
        # With a minute of grace it can only end soon because it has nothing left to do.
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 20) == 0
    assert (await status_of(own, two.first, job_id)).state == "cancelled"
    assert await effects(own, two.first) == []


async def test_sigterm_gives_back_at_once_what_has_not_begun_and_in_the_end_what_runs(
    own: Runtime, two: TwoTenants, fresh_servers: ServerUrls, tmp_path: Path
) -> None:
    running, unread = [await add_job(own, two.first, task=SLOW) for _ in range(2)]
    with _worker(fresh_servers, tmp_path / "worker.log", slots=1) as process:
        await _hand_over(own, two.first, running)
        await _until_state(own, running, "running")
        await _hand_over(own, two.first, unread)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 20) == 0
    for job_id, expected in ((running, [(1, "given_back")]), (unread, [])):
        status = await status_of(own, two.first, job_id)
        assert (status.state, status.attempts) == ("queued", 0)
        assert await history(own, two.first, job_id) == expected
    assert await effects(own, two.first) == []
    workers = "SELECT count(*) AS n FROM platform.job_worker"
    assert (await own.database.crossing_rows("test looks", workers, {}))[0]["n"] == 0
    assert await asyncio.to_thread(_messages, own.broker_url) == 0


def _messages(broker_url: str) -> int:
    app = create_celery(broker_url)
    with app.connection_for_read() as connection, connection.channel() as opened:
        channel: Any = opened
        left = int(channel._size(queue_name("one", 2)))
    app.close()
    return left


async def test_a_second_sigterm_does_not_wait_for_the_grace_to_end(
    own: Runtime, two: TwoTenants, fresh_servers: ServerUrls, tmp_path: Path
) -> None:
    job_id = await add_job(own, two.first, task=SLOW)
    with _worker(fresh_servers, tmp_path / "worker.log", grace_seconds=120) as process:
        await _hand_over(own, two.first, job_id)
        await _until_state(own, job_id, "running")
        process.send_signal(signal.SIGTERM)
        draining = "SELECT count(*) AS n FROM platform.job_worker WHERE is_draining"
        await _until(own, draining, {}, 1)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 30) == 0
    status = await status_of(own, two.first, job_id)
    assert (status.state, status.attempts) == ("queued", 0)


async def test_the_successor_on_the_same_machine_takes_back_what_a_killed_worker_held(
    own: Runtime, two: TwoTenants, fresh_servers: ServerUrls, tmp_path: Path
) -> None:
    job_id = await add_job(own, two.first, task=SLOW)
    with _worker(fresh_servers, tmp_path / "worker.log") as process:
        await _hand_over(own, two.first, job_id)
        await _until_state(own, job_id, "running")
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with _worker(fresh_servers, tmp_path / "worker.log", name="two"):
            query = (
                "SELECT count(*) AS n FROM platform.job WHERE id = %(id)s AND state <> 'running'"
            )
            await _until(own, query, {"id": job_id}, 1)
    assert await effects(own, two.first) == []


async def test_a_worker_serves_its_own_classes_only_and_the_higher_one_first(
    own: Runtime, two: TwoTenants, fresh_servers: ServerUrls, tmp_path: Path
) -> None:
    low = [await add_job(own, two.first, n, task=EFFECT, job_class="low") for n in range(4)]
    high = [await add_job(own, two.first, 9, task=EFFECT, job_class="high")]
    bulk = await add_job(own, two.second, 7, task=EFFECT, job_class="bulk")
    settings = {"slots": 1, "classes": "low,high"}
    with _worker(fresh_servers, tmp_path / "worker.log", **settings) as process:
        first = await add_job(own, two.first, 0, task=EFFECT, job_class="low")
        await _hand_over(own, two.first, first, rank=3)
        await _until_state(own, first, "succeeded")
        process.send_signal(signal.SIGSTOP)
        await _hand_over(own, two.second, bulk, rank=4)
        for job_id in low:
            await _hand_over(own, two.first, job_id, rank=3)
        await _hand_over(own, two.first, high[0], rank=1)
        process.send_signal(signal.SIGCONT)
        for job_id in (*low, *high):
            await _until_state(own, job_id, "succeeded")
        assert (await status_of(own, two.second, bulk)).state == "dispatched"
    # A request that was already under way may have brought one of the low class before.
    assert (await effects(own, two.first)).index("9") <= 2
