"""CPU seconds of the processes that a bench has started, by what they are."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Sequence

import psutil


class Meter:
    """CPU seconds of every process of the bench but itself."""

    def __init__(self) -> None:
        self._own = psutil.Process()
        self._names: dict[int, str] = {}
        self._seen: dict[int, tuple[str, float]] = {}

    def read(self) -> float:
        """Return the CPU seconds so far; of processes that have ended, what was last seen."""
        return sum(self.parts().values())

    def parts(self) -> dict[str, float]:
        """Return the CPU seconds so far by what the processes are.

        What a server's own children took is counted with it once they have ended.
        """
        alive = self._own.children(recursive=True)
        self._forget_reaped({child.pid for child in alive})
        for child in alive:
            with contextlib.suppress(psutil.Error):
                times = child.cpu_times()
                seconds = times.user + times.system + times.children_user + times.children_system
                self._seen[child.pid] = (self._name(child), seconds)
        parts: dict[str, float] = defaultdict(float)
        for name, seconds in self._seen.values():
            parts[name] += seconds
        return parts

    def _forget_reaped(self, alive: set[int]) -> None:
        for pid in self._seen.keys() - alive:
            if self._seen[pid][0] == "PostgreSQL":
                del self._seen[pid]

    def _name(self, child: psutil.Process) -> str:
        if child.pid not in self._names:
            self._names[child.pid] = part_of(child.name(), child.cmdline())
        return self._names[child.pid]


def part_of(name: str, command: Sequence[str]) -> str:
    """Return what a process of the bench is."""
    if name == "postgres":
        return "PostgreSQL"
    if "redis" in name:
        return "Redis"
    return "ticker" if "ticker" in command else "workers"
