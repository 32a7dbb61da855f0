"""The parts of `./myriad up`, in words of the supervisor."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from myriad.apps.cli.supervisor.parts import Part, is_always_ready
from myriad.scale.embedded import children
from myriad.scale.embedded.errors import ServerStartError
from myriad.scale.embedded.servers import EmbeddedServer

_HTTP_TIMEOUT_SECONDS = 2.0
_SERVER_ERROR = 500


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
    stop_seconds: float = 5.0,
) -> Part:
    """Return `python ARGUMENTS` as a part; with a `port` it is ready once `path` answers."""
    log = home / "logs" / f"{name}.log"
    command = [sys.executable, "-P", *arguments]

    def spawn() -> subprocess.Popen[bytes]:
        return children.spawn(
            command, log=log, dies_by=signal.SIGTERM, environment=dict(environment)
        )

    return Part(
        name=name,
        spawn=spawn,
        log=log,
        is_ready=partial(answers, port, path) if port else is_always_ready,
        detail=f"127.0.0.1:{port}" if port else "",
        stop_seconds=stop_seconds,
        once=once,
    )


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
