"""Taking a backup: full or incremental, under a name of its own, finished or not there at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg

from myriad.kit.errors import MyriadError
from myriad.scale.data.backup.archive import QUERIES, control, keep_log, wait_archived
from myriad.scale.data.backup.errors import ArchiveError, BackupDamagedError
from myriad.scale.data.backup.manifest import CHECKSUMS, MANIFEST, Manifest
from myriad.scale.data.backup.port import ServerTools
from myriad.scale.data.backup.room import refuse_without_room
from myriad.scale.data.backup.store import (
    FACTS,
    PARTIAL,
    Backup,
    BackupStore,
    digest_of,
    sync_folder,
    write_durably,
)

# An incremental backup needs every one below it: a full one each week keeps chains short.
FULL_EVERY = timedelta(days=7)
_SEGMENT_BYTES = 16 * 1024 * 1024
_SUMMARY_SECONDS = 60.0


def take_backup(
    tools: ServerTools,
    url: str,
    store: BackupStore,
    *,
    full: bool = False,
    with_log: bool = True,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Backup:
    """Take a backup of the server of `url`, a login with REPLICATION, and return it verified.

    Incremental on the newest one that is whole and of this week, unless `full`. `with_log` also
    lets the server keep its write-ahead log in `store`, by which any later time can be restored.
    Raises BackupDamagedError where what was written cannot be read back, and nothing of it stays;
    BackupRoomError before anything is written; ArchiveError for a server whose log is not to be
    kept here, and where its log does not arrive: then the backup stays and restores to its own end.
    """
    with store.writing(), control(url) as connection:
        tools.own(store.root / store.node)
        tools.own(store.wal)
        tools.own(store.backups)
        _end_copies(connection, store)
        _refuse_another(store, connection)
        refuse_without_room(store.root, _cluster_bytes(connection))
        if with_log:
            keep_log(connection, store)
        base = None if full else _find_base(store, connection, clock())
        began_at = clock()
        partial = tools.own(store.backups / f"{PARTIAL}{began_at:%Y%m%dT%H%M%S%fZ}")
        try:
            _copy(tools, url, partial / "data", store, base)
            backup = _describe(partial, base, began_at, clock())
            _publish(store, partial, backup)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            with contextlib.suppress(psycopg.Error):
                _end_copies(connection, store)
            raise
        if with_log:
            mark_and_archive(connection, store, backup.id)
    return backup


def clear_leftovers(url: str, store: BackupStore) -> None:
    """Take away what a backup that was killed left: half a copy, and whoever still adds to it.

    Raises BackupBusyError while one is under way.
    """
    with store.writing(), control(url) as connection:
        _end_copies(connection, store)


def _end_copies(connection: psycopg.Connection[Any], store: BackupStore) -> None:
    """End the copies into this folder on the server, where whoever holds its lock makes none yet.

    pg_basebackup gives the log to a child of its own, which outlives it when it is killed: it would
    write log into half a copy, and keep the server sending it, until somebody notices.
    """
    connection.execute(QUERIES["end_copies"], {"name": _copier_of(store)})


def _copier_of(store: BackupStore) -> str:
    """Return the name under which copies into this folder are known to the server."""
    place = hashlib.blake2b(os.fsencode(store.backups), digest_size=6).hexdigest()
    return f"myriad_backup_{store.node[:20]}_{place}"


def _refuse_another(store: BackupStore, connection: psycopg.Connection[Any]) -> None:
    """Refuse a server whose history is not the one that is kept here.

    One that was restored or promoted went on with a new timeline: what is kept of the old one after
    that moment is no past of it, and a later recovery could not tell them apart.
    """
    known = store.list_backups()
    row = connection.execute(QUERIES["read_server"].encode()).fetchone()
    assert row is not None
    if row[1] is None:
        raise ArchiveError(
            "the server is a standby; take backups of its primary, whose log is kept"
        )
    if known and (known[-1].system_identifier, known[-1].timeline) != row:
        message = (
            f"{store.backups} holds backups of another cluster, or from before this one was "
            "restored or promoted; give this one a name of its own by --node, or MYRIAD_BACKUP__NODE"
        )
        raise ArchiveError(message)


def _cluster_bytes(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute(QUERIES["read_cluster_bytes"].encode()).fetchone()
    assert row is not None
    return int(row[0])


def _find_base(
    store: BackupStore, connection: psycopg.Connection[Any], now: datetime
) -> Backup | None:
    """Return the backup to build on; None where a full one is due or nothing sound is there."""
    known = store.list_backups()
    if not known:
        return None
    chain = store.chain_of(known[-1])
    if now - chain[0].ended_at > FULL_EVERY or not _summarizes(connection):
        return None
    try:
        store.verify(known[-1])
    except BackupDamagedError:
        return None
    return known[-1]


def _summarizes(connection: psycopg.Connection[Any]) -> bool:
    row = connection.execute(b"SELECT current_setting('summarize_wal')::boolean").fetchone()
    return row == (True,)


def _copy(
    tools: ServerTools,
    url: str,
    data: Path,
    store: BackupStore,
    base: Backup | None,
) -> None:
    options: list[str | Path] = [
        *("--format=plain", "--wal-method=stream", "--checkpoint=fast", "--no-password"),
        *(f"--manifest-checksums={CHECKSUMS}", "-D", data),
    ]
    if base is not None:
        options.append(f"--incremental={store.data_of(base.id) / MANIFEST}")
    named = _with_name(url, _copier_of(store))
    _run_patiently(tools, [*options, "--dbname="], named, is_incremental=base is not None)


def _with_name(url: str, name: str) -> str:
    """Return `url` whose connections the server knows by `name`."""
    parts = urlsplit(url)
    query = [*parse_qsl(parts.query), ("application_name", name)]
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote)))


def _run_patiently(
    tools: ServerTools, options: list[str | Path], url: str, *, is_incremental: bool
) -> None:
    """Run pg_basebackup; the summaries for an incremental one may come a moment later."""
    deadline = time.monotonic() + _SUMMARY_SECONDS
    while True:
        try:
            tools.run("pg_basebackup", *options, url=url)
        except MyriadError as error:
            is_early = is_incremental and "summar" in error.detail
            if not is_early or time.monotonic() > deadline:
                raise
            time.sleep(1)
        else:
            return


def _describe(partial: Path, base: Backup | None, began_at: datetime, ended_at: datetime) -> Backup:
    """Read back what was written, every byte of it, and return what it is."""
    data = partial / "data"
    manifest = Manifest.read(data)
    size = manifest.verify()
    wal = manifest.wal
    kind = "full" if base is None else "incremental"
    return Backup(
        id=f"{began_at:%Y%m%dT%H%M%S%fZ}-{kind}",
        kind=kind,
        parent=base.id if base else None,
        began_at=began_at,
        ended_at=ended_at,
        system_identifier=manifest.system_identifier,
        timeline=wal.timeline,
        start=wal.start,
        end=wal.end,
        first_segment=_segment_of(wal.timeline, wal.start),
        size_bytes=size,
        manifest_digest=manifest.stated["Manifest-Checksum"],
        wal={path.name: digest_of(path) for path in _segments(data / "pg_wal")},
    )


def _segments(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if path.is_file()]


def _segment_of(timeline: int, position: str) -> str:
    """Return the name of the log file that holds a position, for segments of 16 MB."""
    high, low = (int(part, 16) for part in position.split("/"))
    return f"{timeline:08X}{high:08X}{low // _SEGMENT_BYTES:08X}"


def _publish(store: BackupStore, partial: Path, backup: Backup) -> None:
    """Give the backup its name; it was never under it before, and nothing else is."""
    write_durably(partial / FACTS, backup.to_json())
    partial.rename(store.folder_of(backup.id))
    sync_folder(store.backups)


def mark_and_archive(
    connection: psycopg.Connection[Any], store: BackupStore, name: str
) -> datetime:
    """Mark a point of recovery, wait until the log up to it is kept, and return its time."""
    row = connection.execute(QUERIES["mark_point"], {"name": name}).fetchone()
    assert row is not None
    connection.execute(QUERIES["switch_segment"].encode())
    wait_archived(connection, store, row[0])
    marked_at: datetime = row[1]
    return marked_at
