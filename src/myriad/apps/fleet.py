"""Several API processes behind one socket: `MYRIAD_HTTP__PROCESSES`.

The parent opens the socket and answers nothing itself. Its children accept from the one queue of
connections, so what waits there while a child dies is taken by another, and the parent starts a new
one. Each child holds a line to the parent: it says when it serves, and its end tells the child that
the parent is gone, by whatever signal.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from myriad.apps.cli.supervisor import Part, Supervisor, Watched
from myriad.kit.waiting import wait_within
from myriad.scale.observe.logs import get_logger
from myriad.scale.observe.metrics import SHARED_FOLDER, forget_process

SERVING = b"+"
_BACKLOG = 2048
_LOOK_SECONDS = 0.1
# Longer than a child grants its requests, shorter than `./myriad up` waits for the parent.
_STOP_SECONDS = 4.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_log = get_logger(__name__)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that connections may queue at; raises OSError when the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)


class Fleet:
    """Keeps `count` children serving the socket until it is told to stop."""

    def __init__(self, listener: socket.socket, count: int, metrics: Path) -> None:
        self._listener = listener
        self._metrics = metrics
        self._lines: dict[str, socket.socket] = {}
        self._names = [f"api-{number}" for number in range(1, count + 1)]
        self._supervisor = Supervisor(self._changed)

    async def run(self) -> int:
        """Serve until SIGINT or SIGTERM; return 0, or 1 when no child could be started."""
        stopping = asyncio.Event()
        for number in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        for name in self._names:
            self._supervisor.start(self._part(name))
        try:
            return await self._watch(stopping)
        finally:
            self._listener.close()
            await self._supervisor.stop(self._names)

    async def _watch(self, stopping: asyncio.Event) -> int:
        has_served = False
        while not stopping.is_set():
            children = self._supervisor.watched.values()
            has_served = has_served or any(child.settled.is_set() for child in children)
            if not has_served and all(child.restarts for child in children):
                return 1
            await wait_within(stopping, _LOOK_SECONDS)
        return 0

    def _part(self, name: str) -> Part:
        return Part(
            name=name,
            spawn=lambda: self._spawn(name),
            is_ready=lambda: self._is_serving(name),
            log=Path(os.devnull),
            stop_seconds=_STOP_SECONDS,
        )

    def _spawn(self, name: str) -> subprocess.Popen[bytes]:
        ours, theirs = socket.socketpair()
        if name in self._lines:
            self._lines.pop(name).close()
        self._lines[name] = ours
        handles = (self._listener.fileno(), theirs.fileno())
        command = [sys.executable, "-P", "-m", "myriad.apps.serve"]
        with theirs:
            return subprocess.Popen(  # noqa: S603 - the command is built here.
                [*command, "--socket", str(handles[0]), "--line", str(handles[1])],
                stdin=subprocess.DEVNULL,
                pass_fds=handles,
                env={**os.environ, SHARED_FOLDER: str(self._metrics)},
            )

    def _is_serving(self, name: str) -> bool:
        """Tell whether the child has said so; what it said stays on the line."""
        with suppress(OSError):
            return self._lines[name].recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == SERVING
        return False

    def _changed(self, watched: Watched) -> None:
        pid = watched.child.pid if watched.child else 0
        _log.info("api_process", part=watched.part.name, health=watched.health, pid=pid)
        if watched.health == "restarting":
            forget_process(self._metrics, pid)


def serve_by(host: str, port: int, processes: int) -> int:
    """Serve the address by so many processes until a signal; return the exit code."""
    with (
        listen(host, port) as listener,
        tempfile.TemporaryDirectory(prefix="myriad-metrics-") as folder,
    ):
        return asyncio.run(Fleet(listener, processes, Path(folder)).run())
