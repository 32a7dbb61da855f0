"""How long `./myriad up` takes to its first page, and what it holds at rest.

Clones the committed tree into a folder with a space in its name, with packages cached. The peer is
the floor: the same PostgreSQL, Redis and uvicorn started by hand around one empty page.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from myriad.scale.embedded import children
from myriad.scale.embedded.account import choose_account
from myriad.scale.embedded.binaries import get_postgres_folder, get_redis_server
from myriad.scale.embedded.files import free_port

REPOSITORY = Path(__file__).resolve().parents[1]
_TIMEOUT_SECONDS = 240.0
_SETTLED_SECONDS = 15.0
_TARGETS = {"first_seconds": 30.0, "second_seconds": 6.0, "idle_mb": 700.0}
_HELLO = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})
"""


@dataclass(frozen=True)
class Figures:
    """Seconds to the first page, seconds on a later start, megabytes (PSS) at rest."""

    first_seconds: float
    second_seconds: float
    idle_mb: float


def clean_environment(home: Path) -> dict[str, str]:
    """Return our environment without anything of this installation."""
    ours = ("MYRIAD_", "VIRTUAL_ENV", "PYTHONPATH")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"MYRIAD_HOME": str(home)}


def is_answering(url: str) -> bool:
    """Say whether a page comes."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Poll the condition, or give up with words."""
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"start: gave up after {_TIMEOUT_SECONDS:.0f} s waiting for {what}")
        time.sleep(0.02)


def pss_mb(processes: list[psutil.Process]) -> float:
    """Return the proportional memory of processes, in MB of 10^6 bytes."""
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total / 1e6


@contextlib.contextmanager
def running_up(clone: Path, log: Path) -> Iterator[tuple[float, subprocess.Popen[bytes]]]:
    """Run `./myriad up`, yield the seconds to its first page, and stop it."""
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["./myriad", "up"],
            cwd=clone,
            env=clean_environment(clone / ".myriad"),
            stdout=output,
            stderr=output,
        )

    def page() -> bool:
        if process.poll() is not None:
            sys.exit(f"start: `up` ended early:\n{log.read_text()}")
        found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text())
        return found is not None and is_answering(found.group())

    try:
        wait_until(page, "the first page")
        yield time.monotonic() - began, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def status(clone: Path) -> dict[str, object]:
    """Return what `./myriad status --json` says."""
    shown = subprocess.run(
        ["./myriad", "status", "--json"],
        cwd=clone,
        env=clean_environment(clone / ".myriad"),
        capture_output=True,
        check=False,
    )
    answer: dict[str, object] = json.loads(shown.stdout)
    return answer


def measure_myriad(folder: Path) -> Figures:
    """Clone, start, stop, start again and wait for rest."""
    clone = folder / "my riad"
    subprocess.run(["git", "clone", "-q", str(REPOSITORY), str(clone)], check=True)
    # The cache of packages is filled outside the measured time.
    status(clone)
    shutil.rmtree(clone / ".venv")
    with running_up(clone, folder / "first.log") as (first, _):
        print(f"first page after {first:.1f} s", flush=True)
        wait_until(lambda: is_filled(clone), "the demo's data")
    with running_up(clone, folder / "second.log") as (second, process):
        print(f"later start after {second:.1f} s", flush=True)
        wait_until(lambda: is_filled(clone), "the demo's data")
        time.sleep(_SETTLED_SECONDS)
        up = psutil.Process(process.pid)
        idle = pss_mb([up, *up.children(recursive=True)])
        show_memory(up)
    return Figures(first, second, idle)


def is_filled(clone: Path) -> bool:
    """Say whether the one-off part that fills the demo has ended."""
    parts = status(clone)["parts"]
    assert isinstance(parts, dict)
    return bool(parts.get("demo", {}).get("health") in ("done", "failed"))


def show_memory(up: psutil.Process) -> None:
    """Print what each process directly below `up` holds, with what it started."""
    print(f"{'memory (PSS)':<58}{'MB':>8}")
    for process in [up, *up.children()]:
        family = (
            [process] if process.pid == up.pid else [process, *process.children(recursive=True)]
        )
        words = " ".join(Path(word).name for word in process.cmdline())
        print(f"  {words[:54]:<56}{pss_mb(family):>8.0f}")


class ByHand:
    """PostgreSQL, Redis and uvicorn as somebody would start them in a terminal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.binaries = get_postgres_folder()
        self.data = folder / "data"
        self.account = choose_account(folder, [self.binaries / "postgres"], [folder])
        self.ports = [free_port() for _ in range(3)]
        (folder / "hello.py").write_text(_HELLO)
        if self.account is not None:
            self.account.own(folder)

    def initdb(self) -> None:
        """Make the cluster with initdb's defaults."""
        children.run(
            [self.binaries / "initdb", "-D", self.data, "-A", "trust"], account=self.account
        )

    @contextlib.contextmanager
    def running(self) -> Iterator[tuple[float, list[psutil.Process]]]:
        """Start all three, yield the seconds to the page and the processes, stop them."""
        began = time.monotonic()
        control: list[str | Path] = [
            self.binaries / "pg_ctl",
            "-D",
            self.data,
            "-w",
            "-l",
            self.folder / "log",
        ]
        options = f"-p {self.ports[0]} -k '' -c listen_addresses=127.0.0.1"
        children.run([*control, "-o", options, "start"], account=self.account)
        redis = subprocess.Popen(
            [get_redis_server(), "--port", str(self.ports[1]), "--save", ""],
            stdout=subprocess.DEVNULL,
        )
        uvicorn = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "hello:app", "--port", str(self.ports[2])],
            cwd=self.folder,
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        try:
            wait_until(lambda: is_answering(f"http://127.0.0.1:{self.ports[2]}/"), "hello")
            postmaster = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            yield (
                time.monotonic() - began,
                [psutil.Process(p) for p in (postmaster, redis.pid, uvicorn.pid)],
            )
        finally:
            for process in (uvicorn, redis):
                process.terminate()
                process.wait(20)
            children.run([*control, "-m", "fast", "stop"], account=self.account)


def measure_by_hand(folder: Path) -> Figures:
    """Do the same with the three programs alone."""
    folder.mkdir()
    hand = ByHand(folder)
    began = time.monotonic()
    hand.initdb()
    with hand.running():
        first = time.monotonic() - began
    with hand.running() as (second, processes):
        time.sleep(2)
        family = [
            one for process in processes for one in (process, *process.children(recursive=True))
        ]
        return Figures(first, second, pss_mb(family))


def main(argv: list[str]) -> int:
    """Print the table and the RESULT line; 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="the same; there is one size")
    parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="myriad start ") as folder:
        hand = measure_by_hand(Path(folder) / "by hand")
        ours = measure_myriad(Path(folder))
    print(f"\n{'':<18}{'myriad':>10}{'by hand':>10}{'ratio':>8}{'target':>9}")
    results, missed = [], False
    for name, target in _TARGETS.items():
        mine, floor = getattr(ours, name), getattr(hand, name)
        print(f"{name:<18}{mine:>10.2f}{floor:>10.2f}{mine / floor:>8.1f}{target:>9.0f}")
        results += [f"{name}={mine:.2f}"]
        missed = missed or mine > target
    ratios = [
        f"{n.split('_')[0]}_ratio={getattr(ours, n) / getattr(hand, n):.2f}" for n in _TARGETS
    ]
    print(f"RESULT start {' '.join([*results, *ratios])}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
