"""The parts of `./myriad up`, in words of the supervisor."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from myriad.apps.cli.supervisor.parts import Part
from myriad.scale.embedded import children
from myriad.scale.embedded.errors import ServerStartError
from myriad.scale.embedded.servers import EmbeddedServer

_HTTP_TIMEOUT_SECONDS = 2.0
_SERVER_ERROR = 500
# A process without a port has imported what it needs by then, or has ended.
_SETTLING_SECONDS = 5.0


@dataclass
class _FixedPort:
    """An embedded server that, once it was ready, listens nowhere else: its URL is in use."""

    server: EmbeddedServer
    port: int | None = None

    def spawn(self) -> subprocess.Popen[bytes]:
        child = self.server.spawn()
        if self.port not in (None, self.server.port):
            self.server.stop(child)
            self.server.port = self.port
            raise ServerStartError(f"port {self.port} is taken by another program")
        return child

    def is_ready(self) -> bool:
        ready = self.server.is_ready()
        self.port = self.server.port if ready else self.port
        return ready


def server_part(server: EmbeddedServer) -> Part:
    """Return an embedded server as a part."""
    fixed = _FixedPort(server)
    return Part(
        name=server.name,
        spawn=fixed.spawn,
        is_ready=fixed.is_ready,
        log=server.log,
        stop_signal=server.stop_signal,
        stop_seconds=server.stop_seconds,
    )


def python_part(
    name: str,
    arguments: Sequence[str],
    *,
    home: Path,
    environment: Mapping[str, str],
    port: int | None = None,
    path: str = "/livez",
    once: bool = False,
    detail: str = "",
    stop_seconds: float = 5.0,
) -> Part:
    """Return `python ARGUMENTS` as a part; with a `port` it is ready once `path` answers."""
    process = _PythonProcess(
        command=[sys.executable, "-P", *arguments],
        log=home / "logs" / f"{name}.log",
        environment=dict(environment),
        port=port,
        path=path,
    )
    return Part(
        name=name,
        spawn=process.spawn,
        is_ready=process.is_ready,
        log=process.log,
        detail=detail or (f"127.0.0.1:{port}" if port else ""),
        stop_seconds=stop_seconds,
        once=once,
    )


@dataclass
class _PythonProcess:
    """A Python process: ready when its port answers or, without one, once it has lived a while."""

    command: list[str]
    log: Path
    environment: dict[str, str]
    port: int | None
    path: str
    born: float = 0.0

    def spawn(self) -> subprocess.Popen[bytes]:
        self.born = time.monotonic()
        return children.spawn(
            self.command, log=self.log, dies_by=signal.SIGTERM, environment=self.environment
        )

    def is_ready(self) -> bool:
        if self.port is not None:
            return answers(self.port, self.path)
        return time.monotonic() - self.born > _SETTLING_SECONDS


def answers(port: int, path: str) -> bool:
    """Say whether an HTTP server on this machine answers `path` without a fault of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_HTTP_TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < _SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
