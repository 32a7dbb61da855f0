"""A PgBouncer of our own beside a server: unprivileged, SCRAM, gone with its block."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

CACHE = Path.home() / ".cache" / "myriad" / "pgbouncer"
MISSING = (
    "PGBOUNCER MISSING: apt-get install pgbouncer, or ./myriad bench pooler once, which fetches "
    "Debian's package without installing it"
)
_NOBODY = 65_534
_START_SECONDS = 15.0


def find_pgbouncer() -> Path | None:
    """Return the program: installed, or fetched by the bench; None where there is none."""
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    fetched = CACHE / "usr" / "sbin" / "pgbouncer"
    return Path(found) if found else fetched if fetched.exists() else None


@contextlib.contextmanager
def pooling(
    program: Path, *urls: str, connections: int, clients: int = 1_100
) -> Iterator[list[str]]:
    """Yield `urls`, logins with passwords to one server, as they go through a pooler meanwhile.

    `connections` bounds those to the server for each login.
    """
    with tempfile.TemporaryDirectory(prefix="myriad-pooler-") as name:
        folder, port = Path(name), _free_port()
        command = _furnish(folder, program, urls, port, connections, clients)
        account = _NOBODY if os.getuid() == 0 else None
        with (folder / "log").open("wb") as log:
            child = subprocess.Popen(  # noqa: S603 - our own command.
                command,
                stdout=log,
                stderr=log,
                env={"LD_LIBRARY_PATH": str(folder)},
                user=account,
                group=account,
                extra_groups=[] if account else None,
            )
            try:
                _wait(child, port, folder / "log")
                yield [_moved(url, port) for url in urls]
            finally:
                child.terminate()
                child.wait(10)


def _furnish(
    folder: Path, program: Path, urls: tuple[str, ...], port: int, connections: int, clients: int
) -> list[str]:
    """Write what the pooler reads, where its account may; return the command."""
    shutil.copy2(program, folder / "pgbouncer")
    for library in CACHE.glob("usr/lib/*/*.so*"):
        shutil.copy2(library, folder / library.name)
    server = urlsplit(urls[0])
    settings = {
        "listen_addr": "127.0.0.1",
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "scram-sha-256",
        "auth_file": folder / "users",
        "pool_mode": "transaction",
        "max_client_conn": clients,
        "default_pool_size": connections,
        "query_wait_timeout": 60,
        "log_connections": 0,
        "log_disconnections": 0,
    }
    lines = "".join(f"{key} = {value}\n" for key, value in settings.items())
    (folder / "ini").write_text(
        f"[databases]\n* = host={server.hostname} port={server.port}\n[pgbouncer]\n{lines}"
    )
    users = [(urlsplit(url).username, unquote(urlsplit(url).password or "")) for url in urls]
    (folder / "users").write_text("".join(f'"{name}" "{word}"\n' for name, word in users))
    (folder / "users").chmod(0o600)
    if os.getuid() == 0:
        for path in (folder, *folder.iterdir()):
            os.chown(path, _NOBODY, _NOBODY)
    return [str(folder / "pgbouncer"), str(folder / "ini")]


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait(child: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if child.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PgBouncer did not start: {log.read_text()[-2000:]}")
        time.sleep(0.02)


def _moved(url: str, port: int) -> str:
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{port}"))
