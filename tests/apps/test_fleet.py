"""Several API processes behind one socket: whoever dies, the address goes on answering."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from myriad.apps.cli.environment import variables
from myriad.scale.embedded.files import free_port
from myriad.scale.embedded.servers import ServerUrls

pytestmark = pytest.mark.timeout(300)
PROCESSES = 2
THREADS = 4
_SECONDS = 120.0


@dataclass(frozen=True)
class Fleet:
    """A running parent and where it answers."""

    parent: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def children(self) -> list[psutil.Process]:
        """The processes that answer."""
        return psutil.Process(self.parent.pid).children()


def until(condition: Callable[[], object]) -> None:
    """Wait for the condition."""
    deadline = time.monotonic() + _SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def _environment(urls: ServerUrls, home: Path) -> dict[str, str]:
    given = variables(home, urls, MYRIAD_HTTP__PROCESSES=str(PROCESSES))
    return {**given, "MYRIAD_HTTP__IS_RATE_LIMITED": "false"}


def _command(port: int) -> list[str]:
    return [sys.executable, "-P", "-m", "myriad.apps.serve", "--port", str(port)]


@contextmanager
def running_fleet(urls: ServerUrls) -> Iterator[Fleet]:
    """Serve the application by two processes, both of which answer.

    At the end the parent is killed by kill -9, if it still runs, and no child may outlive it.
    """
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("w+") as log:
        port = free_port()
        environment = _environment(urls, Path(folder))
        parent = subprocess.Popen(_command(port), env=environment, stderr=log, stdout=log)
        try:
            until(lambda: parent.poll() is not None or _ready_in(log.name) >= PROCESSES)
            assert parent.poll() is None, Path(log.name).read_text()
            yield Fleet(parent, port)
        finally:
            left = psutil.Process(parent.pid).children() if parent.poll() is None else []
            parent.kill()
            parent.wait()
            gone, alive = psutil.wait_procs(left, timeout=30)
            assert (len(gone), alive) == (len(left), []), "children outlived their parent"


def _ready_in(log: str) -> int:
    return Path(log).read_text().count('"health": "ready"')


@pytest.fixture(scope="module")
def fleet(database_urls: ServerUrls) -> Iterator[Fleet]:
    """A fleet that the tests of this module share; they leave it running."""
    with running_fleet(database_urls) as running:
        yield running


def _status(url: str) -> int:
    try:
        return httpx.get(f"{url}/livez", timeout=30, trust_env=False).status_code
    except httpx.HTTPError:
        return 0


def test_a_process_that_is_killed_fails_no_request_but_its_own(fleet: Fleet) -> None:
    before = {child.pid for child in fleet.children()}
    assert len(before) == PROCESSES
    stop, seen = threading.Event(), list[int]()

    def ask() -> None:
        while not stop.is_set():
            seen.append(_status(fleet.url))

    askers = [threading.Thread(target=ask) for _ in range(THREADS)]
    for asker in askers:
        asker.start()
    until(lambda: len(seen) > 20)
    os.kill(min(before), signal.SIGKILL)
    asked = len(seen)
    until(lambda: len(seen) > asked + 100)
    until(lambda: len(fleet.children()) == PROCESSES)
    stop.set()
    for asker in askers:
        asker.join()
    # Each asker has one request under way at a time.
    assert sum(status != 200 for status in seen) <= THREADS
    assert {child.pid for child in fleet.children()} != before


def test_metrics_are_the_sum_of_all_processes(fleet: Fleet) -> None:
    counted = 'myriad_http_requests_total{method="GET",route="/version",status="200"}'
    for _ in range(40):
        assert httpx.get(f"{fleet.url}/version", trust_env=False).status_code == 200
    shown = [httpx.get(f"{fleet.url}/metrics", trust_env=False).text for _ in range(10)]
    counts = [
        line.rpartition(" ")[2]
        for text in shown
        for line in text.splitlines()
        if line.startswith(counted)
    ]
    assert counts == ["40.0"] * 10
    assert "pid=" not in shown[0]


def test_a_request_under_way_is_answered_after_sigterm(database_urls: ServerUrls) -> None:
    with running_fleet(database_urls) as fleet:
        with socket.create_connection(("127.0.0.1", fleet.port)) as connection:
            connection.sendall(
                b"POST /login HTTP/1.1\r\nHost: test\r\nContent-Length: 7\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\n\r\nem"
            )
            time.sleep(0.5)
            fleet.parent.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            connection.sendall(b"ail=a")
            connection.settimeout(20)
            answer = connection.recv(100)
        assert answer.startswith(b"HTTP/1.1 4")
        assert fleet.parent.wait(30) == 0
        assert _status(fleet.url) == 0


def test_a_fleet_that_cannot_start_says_so_and_ends(database_urls: ServerUrls) -> None:
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as taken:
        environment = _environment(database_urls, Path(folder))
        told = subprocess.run(
            _command(taken.getsockname()[1]), env=environment, capture_output=True, check=False
        )
        assert told.returncode == 1
        assert b"cannot be listened at" in told.stderr
        environment["MYRIAD_SECRETS__KEY"] = "c2hvcnQ="
        told = subprocess.run(
            _command(free_port()), env=environment, capture_output=True, check=False
        )
        assert told.returncode == 1
