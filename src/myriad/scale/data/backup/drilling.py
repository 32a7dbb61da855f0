"""A drill: the newest backup is restored beside its source, and every table is compared."""

from __future__ import annotations

import shutil
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from math import inf
from pathlib import Path
from secrets import token_hex
from typing import Any

import psycopg

from myriad.kit.clock import utc_now
from myriad.scale.data.backup.archive import control, read_state, wait_archived
from myriad.scale.data.backup.digests import (
    Digests,
    TableDigest,
    mark_snapshot,
    read_digests,
    set_form,
)
from myriad.scale.data.backup.errors import ArchiveError, DrillError
from myriad.scale.data.backup.port import ServerTools
from myriad.scale.data.backup.restoring import RECOVERY_SECONDS, restore
from myriad.scale.data.backup.store import PARTIAL, Backup, BackupStore


@dataclass(frozen=True)
class Drill:
    """What a drill proved.

    `recovered_to` is the last commit in the copy; `exposed_seconds` is how much would have been lost
    had the source's disk gone when the drill began: the age of the newest log that was kept, an upper
    bound. `restore_seconds` is from the backup to a server that answers, `seconds` the whole drill.
    """

    backup: Backup
    tables: int
    rows: int
    recovered_to: datetime | None
    exposed_seconds: float
    restore_seconds: float
    seconds: float


def drill(tools: ServerTools, url: str, store: BackupStore, *, login: str) -> Drill:
    """Restore the newest backup into a scratch folder and compare it with its source.

    The source keeps working: a point of recovery is marked, and a snapshot of the same moment is
    what the copy must equal, table by table, count and digest. Raises DrillError naming the tables
    that differ, BackupDamagedError, ArchiveError, RestoreError.
    """
    backup = store.get()
    store.verify(backup)
    exposed, began = _exposed_seconds(store), time.monotonic()
    point = f"drill-{token_hex(8)}"
    with ExitStack() as stack:
        # What a killed drill leaves is cleared by whoever writes next.
        stack.enter_context(store.writing())
        source = _source(stack, url, store, point)
        folder = tools.own(Path(tempfile.mkdtemp(prefix=f"{PARTIAL}drill-", dir=store.backups)))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        restored = restore(tools, store, folder / "data", login=login, point=point)
        expected = read_digests(source)
        copied, start_seconds = _read_copy(tools, restored.folder, login, source.info.dbname)
    _refuse_different(expected, copied)
    rows = sum(one.rows for one in copied.values())
    restore_seconds = restored.seconds + start_seconds
    return Drill(
        backup=restored.backup,
        tables=len(copied),
        rows=rows,
        recovered_to=restored.recovered_to,
        exposed_seconds=exposed,
        restore_seconds=restore_seconds,
        seconds=time.monotonic() - began,
    )


def _source(stack: ExitStack, url: str, store: BackupStore, point: str) -> psycopg.Connection[Any]:
    """Return a snapshot of the source at `point`, once the log up to it is kept."""
    with control(url) as connection:
        if not read_state(connection).goes_to(store):
            raise ArchiveError(
                f"the source does not keep its log in {store.wal}; take a backup first "
                "(./myriad db backup), which lets it"
            )
        source, segment = mark_snapshot(url, point)
        stack.callback(source.close)
        wait_archived(connection, store, segment)
        return source


def _exposed_seconds(store: BackupStore) -> float:
    """Return how long ago the newest log was kept: more than that is never lost with the disk."""
    reach = store.find_reach()
    return max(0.0, (utc_now() - reach).total_seconds()) if reach else inf


def _read_copy(
    tools: ServerTools, folder: Path, login: str, database: str
) -> tuple[Digests, float]:
    """Return what the restored copy holds, and the seconds until it answered."""
    began = time.monotonic()
    with tools.alone(folder, {}, timeout_seconds=RECOVERY_SECONDS) as url:
        start_seconds = time.monotonic() - began
        with psycopg.connect(url, user=login, dbname=database) as connection:
            set_form(connection)
            return read_digests(connection), start_seconds


def _refuse_different(expected: Digests, copied: Digests) -> None:
    if not expected:
        raise DrillError("the source has no table: nothing was compared, so nothing is proved")
    faults = [
        f"{table} ({_said(expected.get(table))} in the source, {_said(copied.get(table))} in the copy)"
        for table in sorted({*expected, *copied})
        if expected.get(table) != copied.get(table)
    ]
    if faults:
        raise DrillError(
            f"the restored copy is not what the source holds: {'; '.join(faults)}", tables=faults
        )


def _said(digest: TableDigest | None) -> str:
    return "missing" if digest is None else f"{digest.rows:,} rows, digest {digest.digest}"
