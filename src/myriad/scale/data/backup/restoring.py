"""Restoring: a chain of backups and the write-ahead log, to any time since, into an empty folder."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from myriad.kit.errors import MyriadError
from myriad.scale.data.backup.archive import QUERIES, restore_command
from myriad.scale.data.backup.errors import RestoreError, RestoreTargetError
from myriad.scale.data.backup.port import ServerTools
from myriad.scale.data.backup.room import refuse_without_room
from myriad.scale.data.backup.store import Backup, BackupStore

# Recovery may read days of log; what is stuck for so long is stuck.
RECOVERY_SECONDS = 3600.0
_SIGNAL = "recovery.signal"
# A restored copy lives a life of its own: it follows nobody, and must not write to the archive
# that it came from.
_APART = {
    "primary_conninfo": "",
    "primary_slot_name": "",
    "synchronous_standby_names": "",
    "archive_command": "true",
}
# An empty target beside another one counts as two, so that old ones are taken out.
_COURSE = ("restore_command", "recovery_target")
_NO_CALLERS_YET = {"hot_standby": "off"}
# What PostgreSQL says where the log ends too early, and of the last commit that it has seen.
_TOO_LATE = "recovery ended before configured recovery target was reached"
_LAST_COMMIT = re.compile(r"last completed transaction was at log time ([0-9:. +-]+[0-9])")


@dataclass(frozen=True)
class Restored:
    """What came of it: the last commit that is in, and how long it took."""

    folder: Path
    backup: Backup
    recovered_to: datetime | None
    seconds: float


def restore(
    tools: ServerTools,
    store: BackupStore,
    target: Path,
    *,
    login: str,
    at: datetime | None = None,
    point: str | None = None,
    backup_id: str | None = None,
) -> Restored:
    """Restore into `target`, empty or not there, and leave a stopped cluster that is whole.

    Without `at` and `point` everything that the log holds is recovered; with `at` the last commit
    before it is the last one, with `point` that point of recovery. `login` is a role of the copied
    cluster. Raises RestoreTargetError for a folder that holds something or a time before the
    first backup, BackupDamagedError, RestoreError where the log does not reach the wanted point;
    what was begun is taken away then.
    """
    began = time.monotonic()
    _refuse_full(target)
    backup = _choose(store, at, backup_id)
    refuse_without_room(_there(target), _chain_bytes(store, backup), is_restore=True)
    store.verify(backup)
    tools.own(target)
    try:
        _lay_out(tools, store, backup, target)
        _set_course(store, target, at, point)
        recovered_to = _recover(tools, target, login)
        _settle(target)
    except BaseException:
        empty(target)
        raise
    return Restored(target, backup, recovered_to, time.monotonic() - began)


def _refuse_full(target: Path) -> None:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise RestoreTargetError(
            f"{target} is not empty: nothing is restored over what is there; name a new folder, "
            "or move this one away"
        )


def _there(folder: Path) -> Path:
    return folder if folder.exists() else _there(folder.parent)


def _chain_bytes(store: BackupStore, backup: Backup) -> int:
    return sum(one.size_bytes for one in store.chain_of(backup))


def _choose(store: BackupStore, at: datetime | None, backup_id: str | None) -> Backup:
    if at is not None and at.tzinfo is None:
        raise RestoreTargetError("the time needs its zone, such as 2026-11-21T14:00:00+01:00")
    backup = store.get(backup_id, before=at if backup_id is None else None)
    if at is not None and at < backup.ended_at:
        raise RestoreTargetError(
            f"backup {backup.id} ended at {backup.ended_at.isoformat()}, after the wanted time"
        )
    return backup


def _lay_out(tools: ServerTools, store: BackupStore, backup: Backup, target: Path) -> None:
    """Put the data folder together; a chain is combined by PostgreSQL's own program."""
    chain = [store.data_of(one.id) for one in store.chain_of(backup)]
    # The account of the server writes it, so that it owns what it will run on.
    tools.run("pg_combinebackup", "--no-manifest", *chain, "-o", target)


def _set_course(store: BackupStore, target: Path, at: datetime | None, point: str | None) -> None:
    wanted = dict(_APART)
    if store.wal.is_dir() and any(store.wal.iterdir()):
        wanted["restore_command"] = restore_command(store.wal)
    else:
        wanted["restore_command"] = "false"
    if at is not None:
        wanted["recovery_target_time"] = at.isoformat(sep=" ")
    if point is not None:
        wanted["recovery_target_name"] = point
    wanted |= {"recovery_target_action": "promote", "recovery_target_timeline": "latest"}
    change_settings(target, wanted, _COURSE)
    _like_its_folder(target / _SIGNAL)


def change_settings(data: Path, settings: Mapping[str, str], without: tuple[str, ...] = ()) -> None:
    """Set what stands in `postgresql.auto.conf`, and take out what begins with one of `without`."""
    path = data / "postgresql.auto.conf"
    gone = (*(f"{name} " for name in settings), *without)
    kept = [line for line in path.read_text().splitlines() if not line.startswith(gone)]
    added = [f"{name} = {_setting(value)}" for name, value in settings.items()]
    path.write_text("".join(f"{line}\n" for line in [*kept, *added]))


def _setting(value: str) -> str:
    """Return a value as PostgreSQL's files of settings take it, where a backslash escapes."""
    doubled = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"


def _like_its_folder(path: Path) -> None:
    """Make an empty file that belongs to whom its folder belongs to."""
    path.touch(mode=0o600)
    owner = path.parent.stat()
    shutil.chown(path, owner.st_uid, owner.st_gid)


def _recover(tools: ServerTools, target: Path, login: str) -> datetime | None:
    """Let the server replay the log; it answers once it has reached the wanted point."""
    try:
        with (
            tools.alone(target, _NO_CALLERS_YET, timeout_seconds=RECOVERY_SECONDS) as url,
            psycopg.connect(url, user=login, dbname="postgres", autocommit=True) as connection,
        ):
            _wait_promoted(connection)
            row = connection.execute(QUERIES["read_last_replayed"].encode()).fetchone()
    except (MyriadError, psycopg.Error) as error:
        detail = getattr(error, "detail", str(error))
        if f'role "{login}" does not exist' in detail:
            raise RestoreError(
                f"the copied cluster has no role {login}: name one that it has by --login"
            ) from None
        if _TOO_LATE in detail:
            last = _LAST_COMMIT.findall(detail)
            raise RestoreError(
                f"the log that is kept ends before the wanted moment{_told(last)}: name an earlier one by "
                "--at. What a server that runs has written since is kept within a minute, or at once "
                "by ./myriad db backup"
            ) from None
        raise RestoreError(
            f"{target} does not come up: {detail}. The log may end before the wanted point, or a "
            "segment of it may be damaged; name an earlier time by --at"
        ) from None
    assert row is not None
    recovered_to: datetime | None = row[0]
    return recovered_to


def _told(last_commits: Sequence[str]) -> str:
    return f", with the commit of {last_commits[-1]}" if last_commits else ""


def _wait_promoted(connection: psycopg.Connection[Any]) -> None:
    while connection.execute(b"SELECT pg_is_in_recovery()").fetchone() == (True,):
        time.sleep(0.05)


def _settle(target: Path) -> None:
    """Forget the way here: the next start is that of an ordinary server."""
    change_settings(target, {}, _COURSE)


def empty(folder: Path) -> None:
    """Take away what is in a folder, and leave the folder."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
