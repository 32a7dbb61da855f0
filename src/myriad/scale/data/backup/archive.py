"""The write-ahead log's way into the folder of backups, and out of it again.

The server copies each segment by a line of shell: to a name nobody reads, on to the disk, then
under its own name. A segment that is there already is compared and never written over.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from myriad.scale.data.backup.errors import ArchiveError
from myriad.scale.data.backup.store import BackupStore
from myriad.scale.data.queries import NamedQueries

QUERIES = NamedQueries.load("myriad.scale.data.backup")
# At most so much is lost with the machine when little is written; requirement: a minute.
ARCHIVE_TIMEOUT_SECONDS = 60
_WAIT_SECONDS = 60.0
_CONNECT_SECONDS = 10
_POLL_SECONDS = 0.05
_ARCHIVED_TO = re.compile(r"d='((?:[^']|'\\'')*)'; if ")


def archive_command(folder: Path) -> str:
    """Return the `archive_command` that keeps the log in `folder`, whose name may hold anything.

    A segment that is closed each minute ends in zeros, up to 16 MB of them: where the shell's `cp`
    and the disk know holes, they take no room.
    """
    place = _quoted(folder)
    return (
        f'd={place}; if [ -e "$d/%f" ]; then cmp -s "%p" "$d/%f"; '
        'else { cp --sparse=always "%p" "$d/.%f.new" 2>/dev/null || cp "%p" "$d/.%f.new"; } && sync "$d/.%f.new" && mv "$d/.%f.new" "$d/%f" '
        '&& sync "$d"; fi'
    )


def folder_of(command: str) -> Path | None:
    """Return where an `archive_command` of ours keeps the log; None for one of somebody else's."""
    found = _ARCHIVED_TO.match(command)
    return Path(found[1].replace("'\\''", "'").replace("%%", "%")) if found else None


def restore_command(folder: Path) -> str:
    """Return the `restore_command` that reads the log from `folder`."""
    return f'd={_quoted(folder)}; cp "$d/%f" "%p"'


def _quoted(folder: Path) -> str:
    """Return a path as one word of shell, its percent signs doubled as PostgreSQL asks."""
    text = str(folder.absolute()).replace("'", "'\\''").replace("%", "%%")
    return f"'{text}'"


@dataclass(frozen=True)
class ArchiveState:
    """How the server keeps its log: what it was told, and how that went.

    `ready` segments wait to be kept, the oldest of them since `ready_since`.
    """

    mode: str
    command: str
    summarizes: bool
    archived: int
    failed: int
    last_failed: str | None
    ready: int
    ready_since: datetime | None

    def goes_to(self, store: BackupStore) -> bool:
        """Say whether the log reaches this folder of backups."""
        return self.mode != "off" and self.command == archive_command(store.wal)


def control(url: str) -> psycopg.Connection[Any]:
    """Connect for what concerns the server as a whole, in the database where its role may do it."""
    return psycopg.connect(
        url, dbname="postgres", autocommit=True, connect_timeout=_CONNECT_SECONDS
    )


def read_state(connection: psycopg.Connection[Any]) -> ArchiveState:
    """Return how the server of `connection` keeps its log."""
    row = connection.execute(QUERIES["read_archive_state"].encode()).fetchone()
    assert row is not None
    return ArchiveState(*row)


def find_log_folder(url: str) -> Path | None:
    """Return where the server of `url` keeps its log by a command of ours; None for nowhere."""
    with control(url) as connection:
        return folder_of(read_state(connection).command)


def keep_log(connection: psycopg.Connection[Any], store: BackupStore) -> None:
    """Let the server of `connection` keep its log in `store` from now on.

    `connection` is in autocommit. Raises ArchiveError with what an administrator has to run where
    the login may not, or where a restart is needed.
    """
    state = read_state(connection)
    wanted = {
        "archive_command": archive_command(store.wal),
        "archive_timeout": f"{ARCHIVE_TIMEOUT_SECONDS}s",
        "summarize_wal": "on",
    }
    if state.mode == "off":
        raise ArchiveError(_advice(wanted | {"archive_mode": "on"}, "and restart it"))
    if state.goes_to(store) and state.summarizes:
        return
    try:
        for name, value in wanted.items():
            connection.execute(
                sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value))
            )
        connection.execute(QUERIES["reload_settings"].encode())
    except psycopg.errors.InsufficientPrivilege:
        raise ArchiveError(_advice(wanted, "then SELECT pg_reload_conf()")) from None
    _wait_for_settings(connection, store)


def _wait_for_settings(connection: psycopg.Connection[Any], store: BackupStore) -> None:
    deadline = time.monotonic() + _WAIT_SECONDS
    while not read_state(connection).goes_to(store):
        if time.monotonic() > deadline:
            message = "the server does not take the archive_command: it stands on its command line"
            raise ArchiveError(message)
        time.sleep(_POLL_SECONDS)


def _advice(settings: dict[str, str], then: str) -> str:
    """Return what a superuser has to run."""
    lines = (f"ALTER SYSTEM SET {name} = {_literal(value)};" for name, value in settings.items())
    return f"the server does not keep its log there. Run as a superuser, {then}: {' '.join(lines)}"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def wait_archived(connection: psycopg.Connection[Any], store: BackupStore, segment: str) -> None:
    """Return when `segment` lies in the folder of backups, or raise ArchiveError with why not."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while not (store.wal / segment).exists():
        if time.monotonic() > deadline:
            state = read_state(connection)
            message = (
                f"segment {segment} did not reach {store.wal} within {_WAIT_SECONDS:.0f} s "
                f"({state.ready} wait, last failed: {state.last_failed or 'none'}); see the "
                "server's log for what its archive_command said"
            )
            raise ArchiveError(message)
        time.sleep(_POLL_SECONDS)
