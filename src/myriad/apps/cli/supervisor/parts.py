"""What the supervisor needs to know about one process."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


def is_always_ready() -> bool:
    """Answer for a process whose life is all that can be seen from outside."""
    return True


@dataclass(frozen=True)
class Part:
    """One supervised process: how it starts, how it is asked for its health, how it ends.

    `spawn` runs on the main thread, because the kernel ends children with the thread that made
    them. `is_ready` may block and runs elsewhere. A part that runs `once` is done when it exits
    with 0. `detail` says where it can be reached.
    """

    name: str
    spawn: Callable[[], subprocess.Popen[bytes]]
    log: Path
    is_ready: Callable[[], bool] = is_always_ready
    detail: str = ""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 5.0
    once: bool = False
