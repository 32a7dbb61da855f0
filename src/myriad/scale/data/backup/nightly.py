"""Backups each night, made up when a night was missed, tried again when one fails.

The process that does it has the one login that may copy the cluster, and nothing else to do. It
depends on no queue, no account and no other process than the server, for it must work when those
do not. What it sees it measures, logs and notes in the folder, each minute.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from math import inf

import psycopg

from myriad.kit.clock import utc_now
from myriad.kit.errors import MyriadError
from myriad.scale.data.backup.archive import control, read_state
from myriad.scale.data.backup.errors import BackupBusyError
from myriad.scale.data.backup.note import LogState, NightlyNote, find_note
from myriad.scale.data.backup.port import ServerTools
from myriad.scale.data.backup.settings import BackupSettings
from myriad.scale.data.backup.store import Backup, BackupStore
from myriad.scale.data.backup.taking import clear_leftovers, take_backup
from myriad.scale.observe.logs import get_logger
from myriad.scale.observe.metrics import Counter, Gauge

LOOK_SECONDS = 60.0
# A start has better things to do than to copy the cluster.
SETTLING = timedelta(minutes=10)
_RETRY, _LONGEST_RETRY = timedelta(minutes=5), timedelta(hours=1)

NEWEST_AGE = Gauge(
    "myriad_backup_newest_age_seconds", "Age of the newest good backup; infinite without one"
)
LOG_AGE = Gauge(
    "myriad_backup_log_waiting_seconds",
    "How long the oldest segment of the log waits to be kept; since the newest one that was kept "
    "when the server keeps none",
)
RUNS = Counter("myriad_backup_runs_total", "Backups tried by the nightly process", ["outcome"])
# A series that begins with its first failure has no increase that an alert could see.
GOOD, FAILED = RUNS.labels(outcome="good"), RUNS.labels(outcome="failed")

_log = get_logger(__name__)


class NightlyBackups:
    """Takes the backups of one server, and lets them stay as long as `settings` say.

    `next_fire` returns the first time for a backup after a moment. Made in the main thread, which
    `serve` keeps: programs that it starts die with their thread.
    """

    def __init__(
        self,
        tools: ServerTools,
        url: str,
        store: BackupStore,
        settings: BackupSettings,
        next_fire: Callable[[datetime], datetime],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._tools, self._url, self._store = tools, url, store
        self._settings, self._next_fire, self._clock = settings, next_fire, clock
        self._began = clock()
        self._writing = threading.Lock()
        self._log_state: LogState | None = None
        self._running_since: datetime | None = None
        self._failures, self._error = 0, ""
        self._failed_at: datetime | None = None
        self._not_before: datetime | None = None
        self._remember()
        NEWEST_AGE.set_function(self.newest_age_seconds)
        LOG_AGE.set_function(self.log_waiting_seconds)

    def serve(self) -> None:
        """Take backups when their time comes, until the process is told to end."""
        self._clear_leftovers()
        threading.Thread(target=self._watch, name="watch", daemon=True).start()
        while True:
            wait = (self.next_at() - self._clock()).total_seconds()
            if wait <= 0:
                self.back_up()
                self.look()
            else:
                time.sleep(min(wait, LOOK_SECONDS))

    def next_at(self) -> datetime:
        """Return when the next backup is due: at its hour, or soon when that was missed."""
        newest = self._find_newest()
        due = self._next_fire(newest.began_at) if newest else self._began
        if due <= self._began:
            due = self._began + SETTLING
        return max(due, self._not_before or due)

    def back_up(self) -> Backup | None:
        """Take a backup now and remove what is too old; None when it failed, which is told."""
        self._running_since = began = self._clock()
        self._write_note()
        try:
            taken = self._take()
        except BackupBusyError:
            self._not_before = self._clock() + timedelta(seconds=LOOK_SECONDS)
            return None
        except Exception as error:  # noqa: BLE001 - the next night must come whatever this one met.
            self._note_failure(error)
            return None
        else:
            self._forget_failures()
            GOOD.inc()
            seconds = (self._clock() - began).total_seconds()
            _log.info("backup_taken", backup=taken.id, size_bytes=taken.size_bytes, seconds=seconds)
            return taken
        finally:
            self._running_since = None
            self._write_note()

    def look(self) -> None:
        """Ask the server how its log is kept, and note what is known."""
        try:
            with control(self._url) as connection:
                self._log_state = LogState.of(read_state(connection), self._store)
        except psycopg.Error as error:
            self._log_state = None
            _log.warning("backup_server_silent", error=str(error))
        newest = self._find_newest()
        if newest and self._failed_at and newest.ended_at > self._failed_at:
            self._forget_failures()
        self._write_note()

    def newest_age_seconds(self) -> float:
        """Return how old the newest good backup is."""
        newest = self._find_newest()
        return (self._clock() - newest.ended_at).total_seconds() if newest else inf

    def log_waiting_seconds(self) -> float:
        """Return for how long there is log that is not kept; 0 when all that is closed is."""
        state = self._log_state
        if state is None or state.is_kept:
            since = state.since if state else None
            return (self._clock() - since).total_seconds() if since else 0.0
        try:
            reach = self._store.find_reach()
        except (MyriadError, OSError):
            return inf
        return (self._clock() - reach).total_seconds() if reach else inf

    def _take(self) -> Backup:
        """Make room first, so that a folder that is full can mend itself."""
        self._prune()
        taken = take_backup(self._tools, self._url, self._store, clock=self._clock)
        self._prune()
        return taken

    def _prune(self) -> None:
        oldest = self._clock() - timedelta(days=self._settings.keep_days)
        removed = self._store.prune(keep=self._settings.keep, not_before=oldest)
        if removed:
            _log.info("backups_removed", backups=removed)

    def _note_failure(self, error: Exception) -> None:
        self._failures += 1
        self._failed_at = self._clock()
        self._error = error.detail if isinstance(error, MyriadError) else str(error).strip()
        delay = min(_RETRY * 2 ** min(self._failures - 1, 10), _LONGEST_RETRY)
        self._not_before = self._failed_at + delay
        FAILED.inc()
        _log.error(
            "backup_failed",
            error=self._error,
            kind=type(error).__name__,
            failures=self._failures,
        )

    def _forget_failures(self) -> None:
        self._failures, self._error, self._failed_at, self._not_before = 0, "", None, None

    def _find_newest(self) -> Backup | None:
        """Return the newest good one; what cannot be read is found out by the next run."""
        try:
            return max(self._store.list_backups(), key=lambda one: one.ended_at, default=None)
        except (MyriadError, OSError):
            return None

    def _clear_leftovers(self) -> None:
        """Take away what a killed process left, without waiting for the next night."""
        try:
            self._tools.own(self._store.root / self._store.node)
            clear_leftovers(self._url, self._store)
        except (MyriadError, OSError, psycopg.Error) as error:
            _log.warning("backup_leftovers_stay", error=str(error))

    def _remember(self) -> None:
        """Go on with the failures of the process before, so that a restart does not begin anew."""
        note = find_note(self._store)
        if note is not None and note.failures:
            self._failures, self._error, self._failed_at = note.failures, note.error, note.failed_at

    def _watch(self) -> None:
        while True:
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - the loop outlives any outage
                _log.warning("backup_look_failed", error=str(error))
            time.sleep(LOOK_SECONDS)

    def _write_note(self) -> None:
        with self._writing:
            try:
                self._tools.own(self._store.root / self._store.node)
                self._note().write(self._store)
            except OSError as error:
                _log.warning("backup_note_unwritten", error=str(error))

    def _note(self) -> NightlyNote:
        return NightlyNote(
            looked_at=self._clock(),
            next_at=self.next_at(),
            running_since=self._running_since,
            failures=self._failures,
            failed_at=self._failed_at,
            error=self._error,
            log=self._log_state,
        )
