"""The supervisor restarts what dies, waits longer each time, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from myriad.apps.cli.supervisor import Part, Supervisor, Watched
from myriad.scale.embedded import children

_SECONDS = 20.0


def part(tmp_path: Path, script: str, **facts: object) -> Part:
    """Return a part that runs a shell script."""
    log = tmp_path / "part.log"

    def spawn() -> subprocess.Popen[bytes]:
        return children.spawn(["/bin/sh", "-c", script], log=log, dies_by=signal.SIGTERM)

    return Part(name="part", spawn=spawn, log=log, **facts)  # type: ignore[arg-type]


async def until(condition: Callable[[], object]) -> None:
    """Wait for the condition."""
    async with asyncio.timeout(_SECONDS):
        while not condition():  # noqa: ASYNC110 - what is awaited has no event.
            await asyncio.sleep(0.02)


async def test_a_killed_part_is_started_again(tmp_path: Path) -> None:
    """After kill -9 another process of the same part is ready within a moment."""
    seen: list[str] = []
    supervisor = Supervisor(lambda watched: seen.append(watched.health))
    watched = supervisor.start(part(tmp_path, "exec sleep 100"))
    await until(lambda: watched.health == "ready")
    first = watched.child
    assert first is not None
    os.kill(first.pid, signal.SIGKILL)
    await until(lambda: watched.child is not first and watched.health == "ready")
    assert watched.restarts == 1
    await supervisor.stop(["part"])
    assert seen == ["ready", "restarting", "ready", "stopped"]


async def test_a_part_that_ignores_its_signal_is_killed(tmp_path: Path) -> None:
    """Stopping takes no longer than the part was granted, and reaps it."""
    supervisor = Supervisor(lambda _watched: None)
    watched = supervisor.start(
        part(tmp_path, "trap '' TERM; while :; do sleep 0.1; done", stop_seconds=0.3)
    )
    await until(lambda: watched.health == "ready")
    await asyncio.sleep(0.2)
    await supervisor.stop(["part"])
    assert watched.child is not None
    assert watched.child.returncode == -signal.SIGKILL


async def test_delays_grow(tmp_path: Path) -> None:
    """A part that ends at once is not started in a tight loop."""
    supervisor = Supervisor(lambda _watched: None)
    watched = supervisor.start(part(tmp_path, "exit 3"))
    await asyncio.sleep(1.5)
    assert 2 <= watched.restarts <= 4
    assert watched.exit_code == 3
    await supervisor.stop(["part"])


async def test_a_one_off_part_is_done_or_failed(tmp_path: Path) -> None:
    """Exit code 0 is the end; another one is tried again, and given up at last."""
    supervisor = Supervisor(lambda _watched: None)
    good = supervisor.start(part(tmp_path, "exit 0", once=True))
    await until(lambda: good.health == "done")
    flag = tmp_path / "flag"
    script = f"test -e '{flag}' || {{ touch '{flag}'; exit 1; }}"
    second = supervisor.start(part(tmp_path, script, once=True))
    await until(lambda: second.health == "done")
    assert second.restarts == 1


async def test_health_is_asked_for(tmp_path: Path) -> None:
    """A part that lives but does not answer is shown as such, and is not restarted for it."""
    answer = [True]
    watched: list[Watched] = []
    supervisor = Supervisor(watched.append)
    alive = supervisor.start(part(tmp_path, "exec sleep 100", is_ready=lambda: answer[0]))
    await until(lambda: alive.health == "ready")
    answer[0] = False
    await until(lambda: alive.health == "not answering")
    answer[0] = True
    await until(lambda: alive.health == "ready")
    assert alive.restarts == 0
    await supervisor.stop(["part"])


async def test_children_die_with_their_parent(tmp_path: Path) -> None:
    """kill -9 of the process that spawned takes its children along."""
    script = (
        "import signal, sys, time; from pathlib import Path; "
        "from myriad.scale.embedded import children; "
        "c = children.spawn(['/bin/sleep', '100'], log=Path(sys.argv[1]), dies_by=signal.SIGTERM);"
        "print(c.pid, flush=True); time.sleep(100)"
    )
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script, str(tmp_path / "log")),
        stdout=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()

    def is_gone() -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    await until(is_gone)


def test_a_helper_that_is_reaped_while_orphans_are_looked_for_ends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The thread that waits for a helper may be quicker than the supervisor's question."""
    helper = subprocess.Popen(["/bin/true"])
    helper.wait()
    monkeypatch.setattr(os, "waitid", lambda *_: SimpleNamespace(si_pid=helper.pid))
    Supervisor(lambda _watched: None).reap_orphans()
