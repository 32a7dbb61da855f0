"""How backups go: the newest good one, the log after it, the nightly process, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from myriad.scale.data.backup.errors import BackupDamagedError
from myriad.scale.data.backup.note import LogState, NightlyNote, find_note
from myriad.scale.data.backup.store import Backup, BackupStore

# A night and two hours: alerts say the same.
LATE = timedelta(hours=26)
# Segments are closed each minute at most; more than some of them waiting is no hiccup.
LOG_WAITS = timedelta(minutes=5)
# The process looks each minute.
SILENT = timedelta(minutes=3)


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong, and what to do about it."""

    said: str
    remedy: str


@dataclass(frozen=True)
class BackupHealth:
    """How the backups of one node go at the moment `now`.

    `reach` is the last moment that comes back should the server's disk be gone. `fault` says why
    the folder cannot be read, and then nothing else of it is known.
    """

    folder: Path
    is_scheduled: bool
    now: datetime
    backups: tuple[Backup, ...] = ()
    reach: datetime | None = None
    note: NightlyNote | None = None
    log: LogState | None = None
    fault: Trouble | None = None

    @property
    def newest(self) -> Backup | None:
        """The newest good one."""
        return self.backups[-1] if self.backups else None

    @property
    def size_bytes(self) -> int:
        """What all backups take, without the log."""
        return sum(one.size_bytes for one in self.backups)

    @property
    def is_awake(self) -> bool:
        """Whether the nightly process runs."""
        return self.note is not None and self.now - self.note.looked_at < SILENT

    @cached_property
    def troubles(self) -> tuple[Trouble, ...]:
        """What is wrong, the worst first."""
        if self.fault is not None:
            return (self.fault,)
        return (*self._of_age(), *self._of_process(), *self._of_log())

    def _of_age(self) -> Iterator[Trouble]:
        if self.newest is None or not self.is_scheduled:
            return
        age = self.now - self.newest.ended_at
        if age > LATE:
            yield Trouble(
                f"The newest good backup is {_span(age)} old",
                "./myriad db backup takes one now; what follows here says why the nights gave none.",
            )

    def _of_process(self) -> Iterator[Trouble]:
        if not self.is_scheduled:
            return
        if self.note is None or not self.is_awake:
            yield Trouble(
                "The process that takes backups does not run",
                "./myriad up starts it with its own server; beside a server of your own start "
                "./myriad db backup serve. Its last words are in logs/backups.log.",
            )
        elif self.note.failures:
            times = "once" if self.note.failures == 1 else f"{self.note.failures} times in a row"
            yield Trouble(
                f"The last backup failed {times}: {self.note.error}",
                f"It is tried again at {self.note.next_at:%Y-%m-%d %H:%M} UTC; ./myriad db backup "
                "tries at once.",
            )

    def _of_log(self) -> Iterator[Trouble]:
        if self.log is None or self.newest is None:
            return
        if not self.log.is_kept:
            yield Trouble(
                "The server does not keep its write-ahead log in this folder",
                "Only the moments of backups come back. ./myriad db backup lets it keep its log, "
                "or says what a superuser has to run; after a failover or a restore it wants a name "
                "of its own for this server, --node.",
            )
        elif self.log.since is not None and self.now - self.log.since > LOG_WAITS:
            yield Trouble(
                f"{self.log.waiting} segments of the log wait to be kept, the oldest for "
                f"{_span(self.now - self.log.since)}",
                f"They fill the server's own disk. Its log (logs/postgres.log) says what "
                f"archive_command said: no room in {self.folder}, or no right to write there.",
            )


def read_health(
    store: BackupStore, *, is_scheduled: bool, now: datetime, log: LogState | None = None
) -> BackupHealth:
    """Read how backups go from their folder; `log` is what the server itself said just now."""
    if is_scheduled and not store.root.exists():
        return BackupHealth(store.root, is_scheduled, now, fault=_unseen(store.root))
    try:
        note = find_note(store)
        is_awake = note is not None and now - note.looked_at < SILENT
        return BackupHealth(
            store.root,
            # Whoever runs the process by hand has said it too.
            is_scheduled or is_awake,
            now,
            tuple(store.list_backups()),
            store.find_reach(),
            note,
            log or (note.log if note and is_awake else None),
        )
    except BackupDamagedError as error:
        fault = Trouble("A backup cannot be read", error.detail)
    except OSError as error:
        fault = Trouble(
            f"The folder of backups cannot be read from here: {error.strerror}",
            f"On the machine of the database run ./myriad db backup status ({store.root}).",
        )
    return BackupHealth(store.root, is_scheduled, now, fault=fault)


def _unseen(folder: Path) -> Trouble:
    return Trouble(
        "The folder of backups is not to be seen from here",
        f"{folder} does not exist. On the machine of the database ./myriad db backup status tells; "
        "if this is it, no backup was ever tried: ./myriad up takes those of its own server, "
        "./myriad db backup serve those of yours.",
    )


def _span(length: timedelta) -> str:
    """Return a length in the largest unit that it fills twice."""
    minutes = int(length.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // 1440} days"
