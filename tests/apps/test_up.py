"""`./myriad up` from outside: one command, one login, nothing lost whoever is killed."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from myriad.apps.cli.status import look
from myriad.scale.embedded import EmbeddedPostgres, running_servers
from myriad.scale.embedded.state import read_state

pytestmark = pytest.mark.timeout(400)
_CLI = [sys.executable, "-P", "-m", "myriad.apps.cli"]
_SECONDS = 150.0


@pytest.fixture
def home() -> Iterator[Path]:
    """A new home folder with a space and an apostrophe in its name."""
    with tempfile.TemporaryDirectory(prefix="myriad it's ") as folder:
        yield Path(folder) / "a home"


def call(home: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run one command line to its end."""
    line = [*_CLI, *words, "--home", str(home)]
    environment = os.environ | variables
    return subprocess.run(line, capture_output=True, text=True, check=False, env=environment)


def parts(home: Path) -> dict[str, Any]:
    """Return the parts as status tells them."""
    shown: dict[str, Any] = json.loads(call(home, "status", "--json").stdout)["parts"]
    return shown


def seen(home: Path) -> dict[str, Any]:
    """Return the same without another process, for whoever asks again and again."""
    found: dict[str, Any] = look(read_state(home))["parts"]
    return found


def until(condition: Callable[[], object]) -> None:
    """Wait for the condition."""
    deadline = time.monotonic() + _SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


@contextmanager
def running_up(home: Path, **variables: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Run `up` without the demo until its page answers; killed at the end if it still runs."""
    output = home.parent / f"up-{time.monotonic_ns()}.log"
    with output.open("w") as file:
        line = [*_CLI, "up", "--no-demo", "--home", str(home)]
        environment = os.environ | variables
        process = subprocess.Popen(line, stdout=file, stderr=file, text=True, env=environment)
    try:
        until(lambda: "Logs are in" in output.read_text() or process.poll() is not None)
        assert process.poll() is None, output.read_text()
        yield process, output
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def test_up_from_the_first_start_through_kills_to_a_clean_end(home: Path) -> None:
    """One login, shown once; kill -9 of any part and of `up` itself loses nothing; `down` ends all."""
    with running_up(home) as (process, output):
        _answers_and_shows_its_login(home, output.read_text())
        second = call(home, "up", "--no-demo")
        assert (second.returncode, "already runs" in second.stderr) == (1, True)
        urls = read_state(home).urls
        assert urls is not None
        with psycopg.connect(urls.database_url) as connection:
            connection.execute("CREATE TABLE public.kept AS SELECT 42 AS number")
        for name in ("postgres", "redis-broker", "api"):
            pid = seen(home)[name]["pid"]
            os.kill(pid, signal.SIGKILL)
            until(lambda name=name, pid=pid: seen(home)[name]["pid"] != pid)  # type: ignore[misc]
            until(lambda name=name: seen(home)[name]["health"] == "ready")  # type: ignore[misc]
        process.kill()
        process.wait()
    assert call(home, "status").returncode == 1
    with running_up(home) as (process, output):
        assert "password" not in output.read_text()
        assert read_state(home).urls == urls
        with psycopg.connect(urls.database_url) as connection:
            assert connection.execute("SELECT number FROM kept").fetchall() == [(42,)]
        assert parts(home).keys() == seen(home).keys()
        assert call(home, "doctor").returncode == 0
        family = psutil.Process(process.pid).children(recursive=True)
        assert call(home, "down").returncode == 0
        assert process.wait(10) == 0
        _, alive = psutil.wait_procs(family, timeout=1)
        assert alive == []


def _answers_and_shows_its_login(home: Path, text: str) -> None:
    address = re.search(r"http://127\.0\.0\.1:\d+", text)
    assert address is not None
    with urllib.request.urlopen(f"{address.group()}/livez") as answer:
        assert answer.status == 200
    password = re.search(r"with the password (\S+)", text)
    assert password is not None
    logs = "".join(path.read_text() for path in (home / "logs").glob("*.log"))
    assert password.group(1) not in logs


@pytest.mark.slow
def test_a_new_password_is_one_command_away(home: Path) -> None:
    """Who lost the login gets another one."""
    with running_up(home) as (process, _):
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    shown = call(home, "password", "--json")
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout)["email"] == "owner@example.com"
    unknown = call(home, "password", "nobody@example.com")
    assert (unknown.returncode, "there is no user" in unknown.stderr) == (2, True)


def test_a_taken_port_is_said(home: Path) -> None:
    """--port insists: a port in use ends the start with its remedy."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        refused = call(home, "up", "--no-demo", "--port", str(other.getsockname()[1]))
    assert refused.returncode == 1
    assert "choose another with --port" in refused.stderr


@pytest.fixture
def own_servers(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A PostgreSQL with one login that may make roles, and two Redis servers, all a user's own."""
    home = tmp_path / "theirs"
    with running_servers(home, frozenset({"redis-broker", "redis-cache"})) as urls:
        postgres = EmbeddedPostgres(home)
        postgres.initialise()
        roles = (f"DROP ROLE myriad_{role};" for role in ("owner", "app", "crossing"))
        login = "CREATE ROLE theirs LOGIN CREATEROLE PASSWORD 'theirs';"
        made = ["DROP DATABASE myriad;", *roles, login, "CREATE DATABASE theirs OWNER theirs;"]
        postgres._run_single_user(postgres.data, made)
        child = postgres.spawn()
        postgres.wait_ready(child)
        yield {
            "MYRIAD_DATABASE__URL": f"postgresql://theirs:theirs@127.0.0.1:{postgres.port}/theirs",
            "MYRIAD_REDIS__BROKER_URL": urls.broker_url,
            "MYRIAD_REDIS__CACHE_URL": urls.cache_url,
        }
        postgres.stop(child)


def test_a_users_own_servers_are_used_instead(own_servers: dict[str, str], tmp_path: Path) -> None:
    """With the URLs set nothing embedded is started, and the roles and the schema are made there."""
    home = tmp_path / "ours"
    assert call(home, "migrate", **own_servers).returncode == 0
    with running_up(home, **own_servers) as (process, output):
        assert "with the password" in output.read_text()
        names = set(parts(home))
        assert names.isdisjoint({"postgres", "redis-broker", "redis-cache"})
        assert call(home, "doctor", **own_servers).returncode == 0
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert not (home / "postgres").exists()
