"""`./myriad worker` joins the workers of running servers, and says what to do when there are none."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from myriad.apps.cli.frame import main
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.runtime import Runtime
from tests.fixtures.database import TEST_KEY, runtime_for

_WORKERS = "SELECT name, slots, classes, pid FROM platform.job_worker"


def test_without_servers_it_says_how_to_get_some(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["worker", "--home", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "./myriad up" in said
    assert "MYRIAD_DATABASE__URL" in said
    assert len(said.splitlines()) == 1


def test_without_postgresql_it_ends_with_one_line(tmp_path: Path, servers: ServerUrls) -> None:
    """Not a traceback: whoever supervises it starts it again."""
    nowhere = "postgresql://nobody:nothing@127.0.0.1:1/nowhere"
    environment = _environment(servers, tmp_path) | {
        f"MYRIAD_DATABASE__{name}": nowhere for name in ("URL", "APP_URL", "CROSSING_URL")
    }
    command = [sys.executable, "-m", "myriad.apps.worker"]
    ended = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 1
    assert "\nthe worker cannot start: PostgreSQL cannot be reached" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "nothing" not in ended.stderr


async def _workers(runtime: Runtime) -> list[dict[str, Any]]:
    return await runtime.database.crossing_rows("test looks at workers", _WORKERS, {})


def _environment(urls: ServerUrls, home: Path) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("MYRIAD_")},
        "MYRIAD_HOME": str(home),
        "MYRIAD_DATABASE__URL": urls.database_url,
        "MYRIAD_DATABASE__APP_URL": urls.app_url,
        "MYRIAD_DATABASE__CROSSING_URL": urls.crossing_url,
        "MYRIAD_REDIS__BROKER_URL": urls.broker_url,
        "MYRIAD_REDIS__CACHE_URL": urls.cache_url,
        "MYRIAD_SECRETS__KEY": base64.b64encode(TEST_KEY).decode(),
    }


async def test_it_serves_as_it_was_told_until_it_is_told_to_end(
    fresh_servers: ServerUrls, tmp_path: Path
) -> None:
    """Name, classes and concurrency stand in the list of workers; SIGTERM ends it with 0."""
    line = ["worker", "--name", "front-1", "--classes", "high,interactive", "--concurrency", "3"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: ASYNC220 - a start takes milliseconds
            [sys.executable, "-m", "myriad.apps.cli", *line],
            env=_environment(fresh_servers, tmp_path / "home"),
            stdout=log,
            stderr=log,
        )
    try:
        async with runtime_for(fresh_servers) as runtime, asyncio.timeout(60):
            while not (found := await _workers(runtime)):
                assert process.poll() is None, (tmp_path / "log").read_text()
                await asyncio.sleep(0.1)
            expected = {"name": "front-1", "slots": 3, "classes": [0, 1], "pid": process.pid}
            assert found == [expected]
            process.send_signal(signal.SIGTERM)
            code = await asyncio.to_thread(process.wait, 30)
            assert code == 0, (tmp_path / "log").read_text()
            assert await _workers(runtime) == []
    finally:
        process.kill()
        process.wait()


def test_a_class_that_does_not_exist_is_refused(database_urls: ServerUrls, tmp_path: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "myriad.apps.cli", "worker", "--classes", "urgent"],
        env=_environment(database_urls, tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert process.returncode == 2
    assert "there are: interactive, high, default, low, bulk" in process.stderr
