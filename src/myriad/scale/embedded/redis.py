"""Redis as a direct child, twice: a broker that keeps its word and a cache that may forget."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from myriad.scale.embedded import children
from myriad.scale.embedded.account import Account, choose_account
from myriad.scale.embedded.binaries import get_redis_server
from myriad.scale.embedded.errors import ServerStartError
from myriad.scale.embedded.files import free_port, get_secret, private_folder, write_private

_POLL_SECONDS = 0.02
_ANSWER_BYTES = 256
_NAMES = ("redis-server", "valkey-server")
_COMMON = {"bind": "127.0.0.1", "protected-mode": "yes", "daemonize": "no", "save": ""}
_PURPOSES = {
    "broker": {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
    },
    "cache": {"appendonly": "no", "maxmemory": "64mb", "maxmemory-policy": "allkeys-lfu"},
}


@dataclass
class EmbeddedRedis:
    """One Redis of a home folder; `port` is the one to prefer, then the one in use."""

    home: Path
    purpose: Literal["broker", "cache"]
    port: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    _server: Path = field(default_factory=get_redis_server)

    @property
    def name(self) -> str:
        """The part's name: `redis-broker` or `redis-cache`."""
        return f"redis-{self.purpose}"

    @property
    def folder(self) -> Path:
        """The folder that holds the configuration and the append-only file."""
        return self.home / self.name

    @property
    def log(self) -> Path:
        """Where the server's messages go."""
        return self.home / "logs" / f"{self.name}.log"

    @cached_property
    def account(self) -> Account | None:
        """The account that the server runs under, None for our own."""
        return choose_account(self.home, [self._server], [self.folder])

    @property
    def url(self) -> str:
        """The URL of database 0 of this server."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    @property
    def _password(self) -> str:
        return get_secret(self.home, self.name)

    def initialise(self) -> None:
        """Make the server's folder unless it exists."""
        private_folder(self.folder)
        if self.account is not None:
            self.account.own(self.folder)

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the server on a free port as our child; it may not answer yet."""
        leftover = children.find_leftover(self.folder / "redis.pid", _NAMES)
        if leftover is not None:
            children.end_leftover(leftover, by=signal.SIGTERM, timeout_seconds=self.stop_seconds)
        self.port = free_port(self.port)
        configuration = self._write_configuration()
        return children.spawn(
            [self._server, configuration],
            log=self.log,
            dies_by=self.stop_signal,
            account=self.account,
        )

    def is_ready(self) -> bool:
        """Say whether the server answers PING, which it does not while it loads its file."""
        try:
            with socket.create_connection(("127.0.0.1", self.port or 0), timeout=2) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\nQUIT\r\n".encode())
                with contextlib.closing(connection.makefile("rb")) as answers:
                    return b"+PONG" in answers.read(_ANSWER_BYTES)
        except OSError:
            return False

    def wait_ready(self, child: subprocess.Popen[bytes], timeout_seconds: float = 60) -> None:
        """Return when the server answers, or raise ServerStartError."""
        deadline = time.monotonic() + timeout_seconds
        while not self.is_ready():
            if child.poll() is not None or time.monotonic() > deadline:
                raise ServerStartError(f"{self.name} did not start; see {self.log}")
            time.sleep(_POLL_SECONDS)

    def stop(self, child: subprocess.Popen[bytes]) -> None:
        """End the server, which first writes what it holds; forced when it takes too long."""
        children.stop(child, by=self.stop_signal, timeout_seconds=self.stop_seconds)

    def _write_configuration(self) -> Path:
        own = {
            "port": str(self.port),
            "dir": str(self.folder.resolve()),
            "pidfile": str(self.folder.resolve() / "redis.pid"),
            "requirepass": self._password,
        }
        settings = _COMMON | _PURPOSES[self.purpose] | own
        path = self.folder / "redis.conf"
        lines = (f"{key} {_quoted(value)}\n" for key, value in settings.items())
        write_private(path, "".join(lines))
        if self.account is not None:
            self.account.own(path)
        return path


def _quoted(value: str) -> str:
    """Return `value` in the double quotes of Redis's configuration language."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
