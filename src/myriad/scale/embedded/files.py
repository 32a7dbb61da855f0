"""Folders, secrets and ports of the home folder; nothing of it is readable by others."""

from __future__ import annotations

import base64
import os
import secrets
import socket
from collections.abc import Callable
from pathlib import Path

_SECRET_BYTES = 24
_KEY_BYTES = 32


def private_folder(path: Path) -> Path:
    """Return `path` as a folder with mode 0700, made when it is missing."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def write_private(path: Path, text: str) -> None:
    """Replace the file at `path` as a whole, with mode 0600 and never half-written."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def get_secret(home: Path, name: str) -> str:
    """Return the secret `name` of this home folder, made at random when it is missing."""
    return _get(home, name, lambda: secrets.token_urlsafe(_SECRET_BYTES))


def get_master_key(home: Path) -> str:
    """Return the master key of this home folder in base64, made at random when it is missing."""
    return _get(home, "key", lambda: base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode())


def _get(home: Path, name: str, make: Callable[[], str]) -> str:
    path = private_folder(home / "secrets") / name
    if not path.exists():
        write_private(path, make())
    return path.read_text().strip()


def free_port(preferred: int | None = None) -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on; `preferred` when it is free."""
    for candidate in (preferred, 0):
        if candidate is None:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    message = "no free TCP port on 127.0.0.1"
    raise OSError(message)
