"""`./myriad jobs`: the real command on a queue with a bit of everything."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest

from myriad.apps.cli.jobs import app
from myriad.kit.ids import new_id
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.jobs.place import Place
from myriad.scale.runtime import Runtime
from tests.apps.console.queue_rows import REPORT, SYNC, TRAIN, Rows, add_worker, busy_hour
from tests.apps.terminal import Done, invoke
from tests.fixtures.app import Company, create_company
from tests.fixtures.database import TEST_KEY, runtime_for

_SLEEPER = "import time; print('up', flush=True); time.sleep(600)"


@dataclass(frozen=True)
class Line:
    """A terminal on the test's servers."""

    urls: ServerUrls
    home: Path
    runtime: Runtime
    company: Company

    async def run(self, *words: str) -> Done:
        """Run one command line to its end."""
        return (await invoke(app, words, self.home, self.urls)).done

    async def json(self, *words: str) -> Any:
        """Run one command line and return what it shows as JSON."""
        said = await invoke(app, words, self.home, self.urls)
        assert said.result is not None, said.done.stderr
        return said.result

    async def process(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one command line to its end in a process of its own, as people do."""
        line = [sys.executable, "-P", "-m", "myriad.apps.cli", "jobs", *words]
        environment = os.environ | {
            "MYRIAD_HOME": str(self.home),
            "MYRIAD_DATABASE__URL": self.urls.database_url,
            "MYRIAD_DATABASE__APP_URL": self.urls.app_url,
            "MYRIAD_DATABASE__CROSSING_URL": self.urls.crossing_url,
            "MYRIAD_REDIS__BROKER_URL": self.urls.broker_url,
            "MYRIAD_REDIS__CACHE_URL": self.urls.cache_url,
            "MYRIAD_SECRETS__KEY": base64.b64encode(TEST_KEY).decode(),
        }
        return await asyncio.to_thread(
            subprocess.run, line, capture_output=True, text=True, check=False, env=environment
        )


@pytest.fixture
async def line(quiet_servers: ServerUrls, tmp_path: Path) -> Any:
    async with runtime_for(quiet_servers) as runtime:
        company = await create_company(runtime)
        yield Line(quiet_servers, tmp_path, runtime, company)


@pytest.fixture
async def jobs(line: Line) -> dict[str, UUID]:
    """The jobs worth a look in a busy account."""
    return await busy_hour(line.runtime, line.company.tenant_id)


async def slug_of(line: Line) -> str:
    """Return the slug of the account."""
    return str((await line.json("ls", "--limit", "1"))["jobs"][0]["tenant"])


async def test_ls_filters_by_state_task_class_and_account(
    line: Line, jobs: dict[str, UUID]
) -> None:
    slug = await slug_of(line)
    dead = await line.json("ls", "--state", "dead", "--task", SYNC)
    assert [job["id"] for job in dead["jobs"]] == [str(jobs["dead"])]
    bulk = await line.json("ls", "--class", "bulk", "--tenant", slug, "--limit", "4")
    assert [(job["task"], job["tenant"]) for job in bulk["jobs"]] == [(TRAIN, slug)] * 4
    shown = await line.run("ls", "--state", "dead")
    assert str(jobs["dead"]) in shown.stdout
    assert "poison" in shown.stdout


async def test_a_terminal_gets_json_and_one_line_for_what_is_wrong(
    line: Line, jobs: dict[str, UUID]
) -> None:
    shown = await line.process("ls", "--state", "dead", "--task", SYNC, "--json")
    assert [job["id"] for job in json.loads(shown.stdout)["jobs"]] == [str(jobs["dead"])]
    wrong = await line.process("ls", "--state", "stuck")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1), wrong.stderr
    assert "no state 'stuck'" in wrong.stderr


async def test_show_tells_everything_but_the_secrets(line: Line, jobs: dict[str, UUID]) -> None:
    shown = (await line.run("show", str(jobs["running"]))).stdout
    for words in (TRAIN, "1,840 of 3,000", '"access_token": "[hidden]"', "attempt 1", "parent"):
        assert words in shown
    assert "sq0atp" not in shown
    dead = (await line.run("show", str(jobs["dead"]))).stdout
    assert "to do" in dead


async def test_retry_one_or_all_of_a_kind(line: Line, jobs: dict[str, UUID]) -> None:
    assert (await line.run("retry", str(jobs["dead"]))).returncode == 0
    assert await line.json("retry", "--all", "--task", REPORT, "--error", "poison") == {
        "retried": 3
    }
    assert (await line.json("ls", "--state", "dead"))["jobs"] == []
    nothing = await line.run("retry", "--all")
    assert nothing.returncode == 1


async def test_cancel_takes_live_jobs(line: Line, jobs: dict[str, UUID]) -> None:
    words = (str(jobs["waiting"]), str(jobs["done"]))
    done = await line.run("cancel", *words)
    assert (done.returncode, done.stdout) == (0, "1 cancelled. 1 had ended before.\n")
    assert (await line.json("show", words[0]))["state"] == "cancelled"


async def test_limits_are_set_shown_and_cleared(line: Line) -> None:
    assert await line.json("limits", "provider:square", "8") == {"limits": {"provider:square": 8}}
    assert "provider:square  8" in (await line.run("limits")).stdout
    assert await line.json("limits", "provider:square", "--clear") == {"limits": {}}


async def test_a_class_is_paused_and_goes_on(line: Line, jobs: dict[str, UUID]) -> None:
    paused = await line.run("drain", "--class", "bulk")
    assert paused.returncode == 0
    assert "9 jobs ready wait. None runs any more." in paused.stdout
    assert await line.json("limits") == {"limits": {"class:bulk": 0}}
    busy = await line.run("drain", "--class", "default", "--wait", "0")
    assert busy.returncode == 1
    assert "1 job still run" in busy.stdout
    for name in ("bulk", "default"):
        assert (await line.run("drain", "--class", name, "--resume")).returncode == 0
    assert await line.json("limits") == {"limits": {}}


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    """A process that ends at SIGTERM, as a worker does."""
    child = subprocess.Popen([sys.executable, "-c", _SLEEPER], stdout=subprocess.PIPE, text=True)
    assert child.stdout
    child.stdout.readline()
    yield child
    child.kill()
    child.wait()
    child.stdout.close()


async def test_drain_ends_workers_here_and_names_those_elsewhere(
    line: Line, process: subprocess.Popen[str]
) -> None:
    """A process that began after the worker had announced itself is somebody else, and lives."""
    here = Place.here().host
    name = f"worker-{new_id().hex[-6:]}"
    await add_worker(line.runtime, name, host=here, pid=process.pid)
    await add_worker(line.runtime, "far-away", host="far/away/1", pid=1)
    old = Rows(line.runtime, line.company.tenant_id).ago(3600)
    await add_worker(line.runtime, "long-gone", host=here, pid=os.getpid(), started_at=old)
    reaped = asyncio.create_task(asyncio.to_thread(process.wait))
    drained = await line.json("drain", "--wait", "20")
    await reaped
    assert drained == {"drained": [name], "busy": [], "elsewhere": ["far-away"]}
    assert psutil.pid_exists(os.getpid())


async def test_top_says_first_whether_anything_is_stuck(line: Line, jobs: dict[str, UUID]) -> None:
    await add_worker(line.runtime, "worker-1")
    shown = (await line.run("top")).stdout
    assert shown.startswith("Nothing is stuck. The oldest ready job has waited 8 min")
    for words in ("bulk         8 min", "worker-1", "dead: 3 x keeper.report.make poison"):
        assert words in shown


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["show", "one"], "'one' is not the id of a job"),
        (["show", str(UUID(int=7))], "there is no job"),
        (["ls", "--state", "stuck"], "no state 'stuck'; there are: blocked"),
        (["ls", "--tenant", "nobody"], "there is no account 'nobody'"),
        (["retry"], "name the jobs by their ids, or all of them with --all"),
        (["retry", str(UUID(int=7))], "there is no job"),
        (["limits", "elephants", "3"], "'elephants' is no key of a limit"),
        (["limits", "global"], "give a number for global, or --clear"),
        (["drain", "nobody"], "no worker 'nobody' is heard of; there are: none"),
        (["drain", "--resume"], "--resume needs --class"),
        (["drain", "--class", "huge"], "no class 'huge'; there are: interactive"),
    ],
)
async def test_wrong_use_says_what_to_do(line: Line, words: list[str], message: str) -> None:
    done = await line.run(*words)
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr
