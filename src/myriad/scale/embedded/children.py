"""Direct children: they die with us, write to one log file, and leave no lock behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from myriad.scale.embedded import kernel
from myriad.scale.embedded.account import Account
from myriad.scale.embedded.files import private_folder

_LOG_LIMIT_BYTES = 10_000_000
_POLL_SECONDS = 0.02


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    dies_by: signal.Signals,
    account: Account | None = None,
    environment: Mapping[str, str] | None = None,
    with_answer: bool = False,
) -> subprocess.Popen[bytes]:
    """Start `command` in a process group of its own; `dies_by` reaches it when we are gone.

    Call it from a thread that lives as long as the child should: the kernel watches the thread.
    What it prints goes to `log`; `with_answer` keeps its standard output for the caller instead.
    """
    _rotate(log)
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - every command is built by our own code.
            [os.fspath(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if with_answer else output,
            stderr=output,
            env=None if environment is None else dict(environment),
            preexec_fn=_preparation(account, dies_by),
            process_group=0,
        )


def run(
    command: Sequence[str | Path],
    *,
    account: Account | None = None,
    stdin: str = "",
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `command` to its end with `stdin` as its input, and return what it printed."""
    return subprocess.run(  # noqa: S603 - every command is built by our own code.
        [os.fspath(part) for part in command],
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=None if environment is None else dict(environment),
        preexec_fn=_preparation(account, signal.SIGKILL),
    )


def _preparation(account: Account | None, dies_by: signal.Signals) -> Callable[[], None]:
    parent = os.getpid()

    def prepare() -> None:
        if account is not None:
            account.become()
        # A change of account clears the wish, so it comes last; then look whether it was too late.
        if kernel.die_with_parent(dies_by) and os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return prepare


def _rotate(log: Path) -> None:
    private_folder(log.parent)
    if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".1.log"))


def stop(child: subprocess.Popen[bytes], *, by: signal.Signals, timeout_seconds: float) -> int:
    """Ask the child to end, then force it, reap it, and return its exit code."""
    if child.poll() is None:
        child.send_signal(by)
        try:
            child.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            child.kill()
    return child.wait()


def find_leftover(pid_file: Path, names: Sequence[str]) -> psutil.Process | None:
    """Return the live process that a pid file of an earlier run names, or None.

    A zombie counts as gone: where nobody reaps, it would block a restart for ever.
    """
    with contextlib.suppress(OSError, ValueError, IndexError, psutil.Error):
        process = psutil.Process(int(pid_file.read_text().splitlines()[0]))
        if process.status() != psutil.STATUS_ZOMBIE and process.name() in names:
            return process
    return None


def end_leftover(process: psutil.Process, *, by: signal.Signals, timeout_seconds: float) -> None:
    """Wait for a server of an earlier run to end, asking first and forcing at last."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(by)
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline and is_alive(process):
            time.sleep(_POLL_SECONDS)
        if is_alive(process):
            process.kill()


def is_alive(process: psutil.Process) -> bool:
    """Say whether a process does anything still; a zombie that nobody reaps does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
