"""Watches parts: starts them, notices their end within a quarter of a second, starts them anew."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from myriad.apps.cli.supervisor.parts import Part
from myriad.kit.errors import MyriadError
from myriad.scale.embedded.children import stop

Health = Literal[
    "starting", "ready", "not answering", "restarting", "working", "done", "failed", "stopped"
]

_WATCH_SECONDS = 0.2
_STARTING_WATCH_SECONDS = 0.05
_CHECK_SECONDS = 5.0
_FIRST_DELAY_SECONDS = 0.1
_LONGEST_DELAY_SECONDS = 30.0
_STEADY_SECONDS = 60.0
_ONCE_TRIES = 5


@dataclass
class Watched:
    """A part with what is known about it now."""

    part: Part
    on_change: Callable[[Watched], None]
    health: Health = "starting"
    child: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    exit_code: int | None = None
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    def become(self, health: Health) -> None:
        """Note the health, and tell when it changed."""
        if health == self.health:
            return
        self.health = health
        self.on_change(self)
        if health in ("ready", "done", "failed"):
            self.settled.set()


class Supervisor:
    """Runs parts until it is told to stop; a part that ends before is started again."""

    def __init__(self, on_change: Callable[[Watched], None]) -> None:
        self._on_change = on_change
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.watched: dict[str, Watched] = {}

    def start(self, part: Part) -> Watched:
        """Start `part` and keep it running; return what is known about it."""
        watched = Watched(part, self._on_change)
        self.watched[part.name] = watched
        self._tasks[part.name] = asyncio.create_task(self._keep(watched), name=part.name)
        return watched

    async def stop(self, names: Iterable[str]) -> None:
        """Stop these parts side by side, each by its own signal and within its own time."""
        chosen = [self.watched[name] for name in names if name in self.watched]
        for watched in chosen:
            self._tasks[watched.part.name].cancel()
        await asyncio.gather(*(_end(watched) for watched in chosen))

    def reap_orphans(self) -> None:
        """Reap what our children left behind; where nobody else does, zombies block a restart."""
        ours = {watched.child.pid for watched in self.watched.values() if watched.child}
        # A helper that its own thread waits for may be gone by the time that we ask about it.
        with contextlib.suppress(ChildProcessError, ProcessLookupError):
            while found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                if found.si_pid in ours or not _is_orphan(found.si_pid):
                    return
                os.waitpid(found.si_pid, os.WNOHANG)

    async def _keep(self, watched: Watched) -> None:
        delay = _FIRST_DELAY_SECONDS
        while True:
            began = time.monotonic()
            await self._run(watched)
            if watched.part.once and self._is_over(watched):
                return
            if time.monotonic() - began > _STEADY_SECONDS:
                delay = _FIRST_DELAY_SECONDS
            watched.restarts += 1
            watched.become("restarting")
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LONGEST_DELAY_SECONDS)

    def _is_over(self, watched: Watched) -> bool:
        if watched.exit_code == 0:
            watched.become("done")
        elif watched.restarts + 1 >= _ONCE_TRIES:
            watched.become("failed")
        return watched.health in ("done", "failed")

    async def _run(self, watched: Watched) -> None:
        """Run the part once, from its start to its end."""
        try:
            child = watched.child = watched.part.spawn()
        except (OSError, MyriadError):
            watched.exit_code = -1
            return
        checks = asyncio.create_task(_check(watched, child))
        try:
            while child.poll() is None:
                starting = watched.health == "starting"
                await asyncio.sleep(_STARTING_WATCH_SECONDS if starting else _WATCH_SECONDS)
            watched.exit_code = child.returncode
        finally:
            checks.cancel()


async def _check(watched: Watched, child: subprocess.Popen[bytes]) -> None:
    """Ask the part for its health until its process ends."""
    if watched.part.once:
        watched.become("working")
        return
    was_ready = False
    while True:
        is_ready = await asyncio.to_thread(watched.part.is_ready)
        if child.poll() is None:
            was_ready = was_ready or is_ready
            watched.become("ready" if is_ready else "not answering" if was_ready else "starting")
        await asyncio.sleep(_CHECK_SECONDS if is_ready else _STARTING_WATCH_SECONDS)


async def _end(watched: Watched) -> None:
    child, part = watched.child, watched.part
    if child is not None and child.poll() is None:
        await asyncio.to_thread(stop, child, by=part.stop_signal, timeout_seconds=part.stop_seconds)
    if watched.health not in ("done", "failed"):
        watched.become("stopped")


def _is_orphan(pid: int) -> bool:
    """Say whether this child was not made by us: helpers of ours are waited for where made."""
    return os.getpgid(pid) != os.getpgid(0)
