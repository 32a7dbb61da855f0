"""Real workers, real broker, kill -9 in the middle: no job lost, no effect twice."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest

from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.jobs.broker import Publisher, create_celery
from myriad.scale.jobs.dispatch import Dispatcher
from myriad.scale.jobs.reaper import Reaper
from myriad.scale.runtime import Runtime
from myriad.scale.tenancy import TenantId
from tests.fixtures.database import create_tenant_row, runtime_for
from tests.scale.jobs.chaos_worker import EFFECT, SLOW, TWO_STEPS
from tests.scale.jobs.workbench import add_job, effects, status_of

_ROOT = Path(__file__).parents[3]
_LIVE = "SELECT count(*) AS n FROM platform.job WHERE state NOT IN ('succeeded')"


def _start(urls: ServerUrls, log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.scale.jobs.chaos_worker", json.dumps(asdict(urls))]
    with log.open("ab") as output:
        return subprocess.Popen(command, cwd=_ROOT, stdout=output, stderr=output)


@contextmanager
def _worker(urls: ServerUrls, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = _start(urls, log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@asynccontextmanager
async def _ticker(runtime: Runtime) -> AsyncIterator[None]:
    """Run dispatcher and reaper as the ticker does."""
    publisher = Publisher(create_celery(runtime.broker_url))
    serving = [
        asyncio.create_task(Dispatcher(runtime.database, publisher).serve()),
        asyncio.create_task(Reaper(runtime.database, publisher).serve()),
    ]
    try:
        yield
    finally:
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        publisher.close()


@pytest.fixture
async def own(fresh_servers: ServerUrls) -> AsyncIterator[Runtime]:
    """A runtime on a database of this test's own."""
    async with runtime_for(fresh_servers) as opened:
        yield opened


async def _unfinished(runtime: Runtime, tenant: TenantId) -> int:
    row = await runtime.database.reader.row(tenant, _LIVE)
    assert row is not None
    return int(row["n"])


async def _until_state(runtime: Runtime, tenant: TenantId, job_id, state: str) -> None:  # type: ignore[no-untyped-def]
    async with asyncio.timeout(60):
        while (await status_of(runtime, tenant, job_id)).state != state:  # noqa: ASYNC110 - another process acts
            await asyncio.sleep(0.05)


async def test_every_effect_happens_once_although_the_worker_is_killed_again_and_again(
    own: Runtime, fresh_servers: ServerUrls, tmp_path: Path
) -> None:
    tenants = [TenantId(await create_tenant_row(own, name)) for name in ("first", "second")]
    for n in range(200):
        for tenant in tenants:
            await add_job(own, tenant, n, task=TWO_STEPS if n % 5 == 0 else EFFECT)
    expected = Counter(
        effect for n in range(200) for effect in ([f"{n}a", f"{n}b"] if n % 5 == 0 else [str(n)])
    )
    log = tmp_path / "worker.log"
    async with _ticker(own), asyncio.timeout(150):
        kills = 0
        while kills < 4:
            with _worker(fresh_servers, log):
                before = sum([await _unfinished(own, tenant) for tenant in tenants])
                left = before
                while left > before - 30 - random.randrange(30) and left:
                    await asyncio.sleep(0.02)
                    left = sum([await _unfinished(own, tenant) for tenant in tenants])
            kills += 1
        with _worker(fresh_servers, log):
            while sum([await _unfinished(own, tenant) for tenant in tenants]):  # noqa: ASYNC110 - another process acts
                await asyncio.sleep(0.1)
    for tenant in tenants:
        assert Counter(await effects(own, tenant)) == expected


async def test_sigterm_gives_unfinished_jobs_back_and_ends_with_zero(
    own: Runtime, fresh_servers: ServerUrls, tmp_path: Path
) -> None:
    tenant = TenantId(await create_tenant_row(own, "first"))
    job_id = await add_job(own, tenant, task=SLOW)
    async with _ticker(own):
        with _worker(fresh_servers, tmp_path / "worker.log") as process:
            await _until_state(own, tenant, job_id, "running")
            process.send_signal(signal.SIGTERM)
            code = await asyncio.to_thread(process.wait, 20)
    assert code == 0
    status = await status_of(own, tenant, job_id)
    assert (status.state in ("queued", "dispatched"), status.attempts) == (True, 0)
    assert await effects(own, tenant) == []
