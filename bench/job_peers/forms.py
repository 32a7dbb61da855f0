"""Which peers run, in which form: the versions, the worker's command, what it promises."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from peers import peer_python

REQUIREMENTS = {
    "celery": ["celery[redis]==5.7.0", "redis[hiredis]==7.4.1", "gevent==26.9.0"],
    "dramatiq": ["dramatiq[redis]==2.2.1", "redis[hiredis]==7.4.1"],
    "taskiq": ["taskiq[uv]==0.13.0", "taskiq-redis==1.2.4", "redis[hiredis]==8.1.0"],
    "procrastinate": ["procrastinate==3.10.0", "psycopg[binary,pool]==3.3.9", "uvloop==0.23.0"],
}


@dataclass(frozen=True)
class Form:
    """One peer with one way of running it.

    `key` names it in the line of results, `label` in the table. `worker` is what follows `python`.
    `late` acknowledges after the work where a peer does not by itself.
    """

    key: str
    label: str
    peer: str
    worker: tuple[str, ...]
    promise: str = "at least once"
    late: bool = False

    @property
    def python(self) -> Path:
        """The Python of the peer's environment, made at first use."""
        return peer_python(self.peer, REQUIREMENTS[self.peer])

    @property
    def module(self) -> str:
        """The peer's program."""
        return f"job_peers.{self.peer}_peer"


def celery(key: str, label: str, pool: str, slots: int, *, late: bool = False) -> Form:
    """Celery with a pool of `slots`, without the chatter between workers."""
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "ERROR")
    command = ("-m", "celery", "-A", "job_peers.celery_peer", "worker", "-P", pool)
    promise = "at least once, bar a gap" if late else "at most once"
    return Form(key, label, "celery", (*command, "-c", str(slots), *quiet), promise, late)


def dramatiq(key: str, label: str, processes: int, threads: int) -> Form:
    """Dramatiq with so many processes of so many threads."""
    command = ("-m", "dramatiq", "job_peers.dramatiq_peer", "-p", str(processes))
    return Form(key, label, "dramatiq", (*command, "-t", str(threads), "--skip-logging"))


def taskiq(key: str, label: str, processes: int) -> Form:
    """Taskiq with so many processes of a hundred tasks each, its default."""
    command = ("-m", "taskiq", "worker", "job_peers.taskiq_peer:broker", "-w", str(processes))
    return Form(key, label, "taskiq", (*command, "--log-level", "WARNING"))


def procrastinate(key: str, label: str, slots: int) -> Form:
    """Procrastinate with so many jobs at once in one process, which is how it runs."""
    command = ("-m", "job_peers.procrastinate_peer", "work", str(slots), "0")
    return Form(key, label, "procrastinate", command)
