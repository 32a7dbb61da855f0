"""Where a worker runs, so that its successor on the same machine knows that it is dead."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Place:
    """A process: `host` names machine, boot and process namespace, in which `pid` is unique."""

    host: str
    pid: int

    @classmethod
    def here(cls) -> Place:
        """Return the place of this process."""
        return cls(f"{socket.gethostname()}/{_boot()}/{_namespace()}", os.getpid())

    def is_alive(self, pid: int) -> bool:
        """Return whether `pid` of this same place still runs; a zombie does not."""
        try:
            return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return f"{psutil.boot_time():.0f}"


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        return "0"
