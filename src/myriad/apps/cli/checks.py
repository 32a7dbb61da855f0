"""What `./myriad doctor` looks at; each check says what it saw and, when bad, the remedy."""

from __future__ import annotations

import importlib.metadata
import locale
import os
import platform
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from myriad.apps.cli.environment import embedded_names, is_given
from myriad.apps.cli.launch import DEFAULT_PORT
from myriad.kit.errors import MyriadError
from myriad.scale.embedded import kernel
from myriad.scale.embedded.account import choose_account
from myriad.scale.embedded.binaries import (
    find_postgres_folder,
    get_postgres_folder,
    get_redis_server,
)
from myriad.scale.embedded.children import run
from myriad.scale.embedded.state import HomeState

_LEAST_DISK_BYTES = 1_000_000_000
_LEAST_MEMORY_BYTES = 1_000_000_000
_OLDEST_PYTHON = (3, 11)
_PACKAGES = ("psycopg", "sqlalchemy", "fastapi", "celery", "redis")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    is_good: bool
    saw: str
    remedy: str = ""


def look_at_machine(home: Path, state: HomeState) -> Iterator[Finding]:
    """Yield what can be seen without any server."""
    yield _python()
    yield _packages()
    yield _locale()
    yield _disk(home)
    yield _memory()
    yield _home(home)
    yield _port(state)
    if "postgres" in embedded_names():
        yield _postgres_binary()
        yield _account(home)
    if embedded_names() & {"redis-broker", "redis-cache"}:
        yield _redis_binary()
    for variable in ("MYRIAD_REDIS__BROKER_URL", "MYRIAD_REDIS__CACHE_URL"):
        if is_given(variable) and not os.environ.get(f"{variable}_FILE"):
            yield _reachable(variable, os.environ[variable])


def _python() -> Finding:
    good = sys.version_info >= _OLDEST_PYTHON
    return Finding(
        "python", good, platform.python_version(), "install Python 3.11 or newer (3.12 at best)"
    )


def _packages() -> Finding:
    versions = {name: importlib.metadata.version(name) for name in _PACKAGES}
    return Finding("packages", True, ", ".join(f"{k} {v}" for k, v in versions.items()))


def _locale() -> Finding:
    encoding = locale.getpreferredencoding(False)
    good = encoding.upper().replace("-", "") == "UTF8"
    return Finding("locale", good, encoding, "set LANG=C.UTF-8 (or PYTHONUTF8=1)")


def _disk(home: Path) -> Finding:
    folder = next(path for path in (home, *home.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    remedy = f"free space below {folder}, or move the data with --home"
    return Finding("disk", free >= _LEAST_DISK_BYTES, f"{free / 1e9:.1f} GB free", remedy)


def _memory() -> Finding:
    free = psutil.virtual_memory().available
    saw = f"{free / 1e9:.1f} GB available"
    return Finding("memory", free >= _LEAST_MEMORY_BYTES, saw, "end other programs; 1 GB is needed")


def _home(home: Path) -> Finding:
    folder = next(path for path in (home, *home.parents) if path.exists())
    good = os.access(folder, os.W_OK | os.X_OK)
    remedy = f"make {folder} writable for you, or choose another folder with --home"
    return Finding("home", good, str(home), remedy)


def _port(state: HomeState) -> Finding:
    port = state.ports.get("api", DEFAULT_PORT)
    if state.is_alive and state.kind == "up":
        return Finding("port", True, f"{state.address or port} is ours")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken = probe.connect_ex(("127.0.0.1", port)) == 0
    remedy = "`up` takes another; to have this one, end the program that listens there"
    return Finding("port", not taken, f"{port} is {'taken' if taken else 'free'}", remedy)


def _postgres_binary() -> Finding:
    try:
        result = run([get_postgres_folder() / "postgres", "--version"])
    except MyriadError as error:
        return Finding("postgres", False, "missing", error.detail)
    remedy = "remove .venv and call ./myriad again, or set MYRIAD_DATABASE__URL to your own server"
    return Finding("postgres", result.returncode == 0, result.stdout.strip(), remedy)


def _redis_binary() -> Finding:
    try:
        server = get_redis_server()
    except MyriadError as error:
        return Finding("redis", False, "missing", error.detail)
    result = run([server, "--version"])
    saw = f"{' '.join(result.stdout.split()[:3])} ({server})"
    return Finding("redis", result.returncode == 0, saw, "install redis-server or valkey-server")


def _account(home: Path) -> Finding:
    folder = find_postgres_folder()
    if not kernel.is_root() or folder is None:
        return Finding("account", True, "servers run as you")
    try:
        account = choose_account(home, [folder / "postgres"], [home / "postgres"])
    except MyriadError as error:
        return Finding("account", False, "no account for the servers", error.detail)
    kept = f", keeping {account.capability.name}" if account and account.capability else ""
    return Finding("account", True, f"servers run as uid {account.uid if account else 0}{kept}")


def _reachable(variable: str, url: str) -> Finding:
    host, _, port = url.rpartition("@")[2].removeprefix("redis://").partition("/")[0].partition(":")
    try:
        socket.create_connection((host or "127.0.0.1", int(port or 6379)), timeout=3).close()
    except (OSError, ValueError) as error:
        remedy = f"start that server, or correct {variable}"
        return Finding("redis (yours)", False, f"{host}:{port} does not answer: {error}", remedy)
    return Finding("redis (yours)", True, f"{host}:{port} answers")
