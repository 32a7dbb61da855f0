"""Servers, workers and clocks of the benches of jobs; every process here ends with the bench."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

from job_peers.forms import Form
from myriad.scale.embedded import children
from myriad.scale.embedded.servers import ServerUrls, running_servers

BENCH = Path(__file__).resolve().parents[1]
POLL_SECONDS = 0.005
# Counting rows costs the database a little, so it is asked less often.
SLOW_POLL_SECONDS = 0.05
START_SECONDS = 60.0
PROCRASTINATE = "procrastinate"
# The clock of a rate begins when this share has run, so that a worker's start is not measured.
WARM_SHARE = 0.1


class StuckError(RuntimeError):
    """Nothing moved for so long that the bench gave up; the message says what."""


@dataclass
class Place:
    """A running set of servers and the folder of this run."""

    folder: Path
    urls: ServerUrls
    _numbers: dict[str, int] = field(default_factory=dict)

    def broker_of(self, key: str) -> str:
        """Return the URL of a Redis database that only the form `key` uses."""
        number = self._numbers.setdefault(key, 1 + len(self._numbers))
        return with_path(self.urls.broker_url, str(number))

    @property
    def procrastinate_url(self) -> str:
        """The URL of Procrastinate's own database."""
        return with_path(self.urls.database_url, PROCRASTINATE)

    def log_of(self, key: str) -> Path:
        """Where the processes of a form say what went wrong."""
        return self.folder / "logs" / f"{key}.log"

    def effects_of(self, key: str) -> Path:
        """The file to which a form's jobs append."""
        return self.folder / f"{key}.effects"


def with_path(url: str, path: str) -> str:
    """Return `url` with another path: a database's name or a Redis number."""
    return urlunsplit(urlsplit(url)._replace(path="/" + path))


@contextlib.contextmanager
def running_place() -> Iterator[Place]:
    """Run PostgreSQL and Redis in a temporary home while the block lasts.

    SIGTERM ends the block as Ctrl-C does, so that nothing is left behind.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with (
        tempfile.TemporaryDirectory(prefix="myriad jobs ") as folder,
        running_servers(Path(folder) / "home") as urls,
    ):
        yield Place(Path(folder), urls)


@contextlib.contextmanager
def running(
    command: list[str | Path], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in a process group of its own and `kill -9` the whole group at the end."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MYRIAD_")}
    paths = os.pathsep.join([str(BENCH), kept.pop("PYTHONPATH", "")]).rstrip(os.pathsep)
    child = children.spawn(
        command,
        log=log,
        dies_by=signal.SIGKILL,
        environment=kept | {"PYTHONPATH": paths} | dict(environment or {}),
    )
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


async def run_to_end(
    command: list[str | Path], log: Path, environment: Mapping[str, str] | None = None
) -> None:
    """Run a command to its end, or raise StuckError with the last of what it said."""
    with running(command, log, environment) as child:
        code = await asyncio.to_thread(child.wait)
    if code != 0:
        raise StuckError(f"{command[1:4]} ended with {code}:\n{tail(log)}")


def tail(log: Path) -> str:
    """Return the last lines of a log."""
    return log.read_text(errors="replace")[-2000:] if log.exists() else ""


def size_of(path: Path) -> int:
    """Return the bytes of a file, 0 when it is not there yet."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


@dataclass
class Peer:
    """A form on a place: its environment, how it enqueues and how it works."""

    form: Form
    place: Place
    dies: bool = False

    @property
    def environment(self) -> dict[str, str]:
        """What tells the peer's program where to work."""
        return {
            "JOB_PEER_BROKER": self.place.broker_of(self.form.key),
            "JOB_PEER_DATABASE": self.place.procrastinate_url,
            "JOB_PEER_EFFECTS": str(self.effects),
            "JOB_PEER_LATE": str(int(self.form.late)),
            "JOB_PEER_DIES": str(int(self.dies)),
        }

    @property
    def effects(self) -> Path:
        """The file to which its jobs append."""
        return self.place.effects_of(self.form.key)

    @property
    def log(self) -> Path:
        """Where its processes say what went wrong."""
        return self.place.log_of(self.form.key)

    def enqueue_command(
        self, task: str, count: int, first: int = 0, rest: float = 0
    ) -> list[str | Path]:
        """Return the command that enqueues `count` jobs, resting so many seconds after each."""
        return [self.form.python, "-m", self.form.module, task, str(first), str(count), str(rest)]

    async def prepare(self, task: str, count: int) -> None:
        """Forget earlier rounds and enqueue the jobs of this one."""
        self.effects.unlink(missing_ok=True)
        if self.form.peer == PROCRASTINATE:
            await self._make_database()
        else:
            with redis.Redis.from_url(self.place.broker_of(self.form.key)) as broker:
                broker.flushdb()
        await run_to_end(self.enqueue_command(task, count), self.log, self.environment)

    async def _make_database(self) -> None:
        with psycopg.connect(self.place.urls.database_url, autocommit=True) as owner:
            owner.execute(f"DROP DATABASE IF EXISTS {PROCRASTINATE} WITH (FORCE)")
            owner.execute(f"CREATE DATABASE {PROCRASTINATE}")
        command: list[str | Path] = [self.form.python, "-m", self.form.module, "prepare", "0", "0"]
        await run_to_end(command, self.log, self.environment)

    def working(self) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
        """Run its worker while the block lasts."""
        return running([self.form.python, *self.form.worker], self.log, self.environment)

    async def rate(self, task: str, count: int) -> float:
        """Enqueue, then work, and return jobs per second."""
        await self.prepare(task, count)
        with self.working() as worker:
            return await measure_rate(lambda: size_of(self.effects), count, worker, self.log)


async def measure_rate(
    done: Callable[[], int],
    count: int,
    worker: subprocess.Popen[bytes],
    log: Path,
    poll_seconds: float = POLL_SECONDS,
) -> float:
    """Return jobs per second from the first tenth to the last job.

    Raises StuckError when the worker ends or nothing happens for a minute.
    """
    warm, warm_at = 0, 0.0
    seen, moved_at = 0, time.perf_counter()
    while seen < count:
        await asyncio.sleep(poll_seconds)
        now, before, seen = time.perf_counter(), seen, done()
        moved_at = now if seen > before else moved_at
        if not warm and seen >= count * WARM_SHARE:
            warm, warm_at = seen, now
        if worker.poll() is not None or now - moved_at > START_SECONDS:
            raise StuckError(f"{log.stem}: {seen} of {count} jobs ran, then nothing:\n{tail(log)}")
    return (count - warm) / (time.perf_counter() - warm_at)
