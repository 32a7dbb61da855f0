"""`run/state.json`: who runs the servers of a home folder, and where they listen."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import psutil

from myriad.scale.embedded.children import is_alive
from myriad.scale.embedded.errors import HomeBusyError
from myriad.scale.embedded.files import private_folder, write_private


@dataclass
class ServerUrls:
    """The five URLs by which everything above reaches its servers."""

    database_url: str
    app_url: str
    crossing_url: str
    broker_url: str
    cache_url: str


@dataclass
class HomeState:
    """What is known of the last or present run; `ports` and `remembered` outlive it."""

    ports: dict[str, int] = field(default_factory=dict)
    remembered: dict[str, str] = field(default_factory=dict)
    kind: Literal["up", "command"] | None = None
    pid: int | None = None
    born: float | None = None
    address: str | None = None
    urls: ServerUrls | None = None
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def is_alive(self) -> bool:
        """Say whether the process that wrote this still runs (pids are used again)."""
        try:
            process = psutil.Process(self.pid) if self.pid else None
            return process is not None and process.create_time() == self.born and is_alive(process)
        except psutil.Error:
            return False

    def claim(self, kind: Literal["up", "command"]) -> None:
        """Name this process as the one that runs the servers."""
        self.kind, self.pid = kind, os.getpid()
        self.born = psutil.Process().create_time()
        self.address, self.urls, self.parts = None, None, {}

    def release(self) -> None:
        """Forget the run but not what the next one uses again."""
        self.kind = self.pid = self.born = self.address = self.urls = None
        self.parts = {}


def _path(home: Path) -> Path:
    return home / "run" / "state.json"


def read_state(home: Path) -> HomeState:
    """Return what `run/state.json` says, or an empty state when it is missing or unreadable."""
    try:
        stored = json.loads(_path(home).read_text())
        urls = stored.pop("urls", None)
        return HomeState(**stored, urls=ServerUrls(**urls) if urls else None)
    except (OSError, ValueError, TypeError, AttributeError):
        return HomeState()


def write_state(home: Path, state: HomeState) -> None:
    """Replace `run/state.json`; it holds passwords, so only the owner may read it."""
    private_folder(home / "run")
    write_private(_path(home), json.dumps(asdict(state), indent=1))


@contextlib.contextmanager
def home_lock(home: Path) -> Iterator[None]:
    """Hold the home folder for this process, or raise HomeBusyError; `kill -9` lets go of it."""
    private_folder(home)
    with (private_folder(home / "run") / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"Myriad already runs on {home}; see ./myriad status, end it by ./myriad down"
            raise HomeBusyError(message, home=str(home)) from None
        yield
