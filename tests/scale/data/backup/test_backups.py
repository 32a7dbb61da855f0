"""Backups restore to any moment since, are proved by drills, and never lose what was good."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from myriad.scale.data.backup import Backup, BackupStore, drill, restore, room, take_backup
from myriad.scale.data.backup.archive import (
    archive_command,
    control,
    find_log_folder,
    folder_of,
)
from myriad.scale.data.backup.digests import TableDigest
from myriad.scale.data.backup.drilling import _refuse_different
from myriad.scale.data.backup.errors import (
    ArchiveError,
    BackupDamagedError,
    BackupMissingError,
    BackupRoomError,
    DrillError,
    RestoreError,
    RestoreTargetError,
)
from myriad.scale.data.backup.taking import clear_leftovers, mark_and_archive
from myriad.scale.embedded.postgres import BACKUP, OWNER, EmbeddedPostgres
from myriad.scale.embedded.tools import PostgresTools
from tests.scale.data.backup.made_up import made_up
from tests.scale.data.clusters import (
    FIRST,
    SECOND,
    add_entries,
    count_by_tenant,
    make_table,
    serving,
    tools_of,
)

_TAKE = """
import sys
from pathlib import Path
from myriad.scale.data.backup import BackupStore, take_backup
from myriad.scale.embedded.postgres import BACKUP, EmbeddedPostgres
from myriad.scale.embedded.tools import PostgresTools
server = EmbeddedPostgres(Path(sys.argv[1]), int(sys.argv[2]))
store = BackupStore(Path(sys.argv[3]))
take_backup(PostgresTools(server.account), server.url(BACKUP), store, full=True)
"""


@dataclass(frozen=True)
class Kept:
    """A server with a full and an incremental backup, and the moment before its table went."""

    server: EmbeddedPostgres
    store: BackupStore
    chain: list[Backup]
    before_drop: datetime

    @property
    def tools(self) -> PostgresTools:
        return tools_of(self.server)

    @property
    def url(self) -> str:
        return self.server.url(BACKUP)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder whose name holds what shells and PostgreSQL read as signs."""
    with tempfile.TemporaryDirectory(prefix="it's 100% ") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def kept(folder: Path) -> Iterator[Kept]:
    """Entries 1 to 100 in the full backup, to 150 in the incremental one, to 160 in the log."""
    store = BackupStore(folder / "back ups")
    with serving(folder / "home") as (server, _):
        make_table(server)
        add_entries(server, 1, 100)
        full = take_backup(tools_of(server), server.url(BACKUP), store)
        add_entries(server, 101, 150)
        more = take_backup(tools_of(server), server.url(BACKUP), store)
        add_entries(server, 151, 160)
        with psycopg.connect(server.url(OWNER), autocommit=True) as connection:
            row = connection.execute("SELECT now()").fetchone()
            assert row is not None
            time.sleep(0.01)
            connection.execute("DROP TABLE entry")
        make_table(server)
        with control(server.url(BACKUP)) as connection:
            mark_and_archive(connection, store, "dropped")
        yield Kept(server, store, [full, more], row[0])


def test_a_moment_before_a_dropped_table_comes_back_from_an_incremental_chain(
    kept: Kept, folder: Path
) -> None:
    assert [one.kind for one in kept.chain] == ["full", "incremental"]
    assert kept.store.chain_of(kept.chain[1]) == kept.chain
    target = folder / "re stored"
    done = restore(kept.tools, kept.store, target, login=BACKUP, at=kept.before_drop)
    assert done.backup == kept.chain[1]
    with kept.tools.alone(target, {"archive_mode": "on"}, timeout_seconds=60) as url:
        assert count_by_tenant(url) == {FIRST: 160, SECOND: 160}
        _writes_nothing_to_the_archive(kept, url)


def _writes_nothing_to_the_archive(kept: Kept, url: str) -> None:
    """A copy goes on with a timeline of its own, which would spoil what it came from."""
    with psycopg.connect(url, user=BACKUP, dbname="postgres", autocommit=True) as connection:
        assert connection.execute("SHOW archive_command").fetchone() == ("true",)
        connection.execute("SELECT pg_switch_wal()")
        while connection.execute("SELECT archived_count FROM pg_stat_archiver").fetchone() == (0,):
            time.sleep(0.05)
    assert {path.name[:8] for path in kept.store.wal.glob("[0-9A-F]*")} == {"00000001"}


def test_a_drill_finds_every_table_equal_while_writers_go_on(kept: Kept) -> None:
    add_entries(kept.server, 1, 70)
    done = drill(kept.tools, kept.url, kept.store, login=BACKUP)
    assert done.rows == 140
    assert done.recovered_to is not None
    assert not list(kept.store.backups.glob(".partial-*"))


def test_a_drill_names_the_damaged_file(kept: Kept) -> None:
    """One byte of a table's file is another; the full backup below an incremental one counts."""
    data = kept.store.data_of(kept.chain[0].id)
    file = max(data.glob("base/*/*"), key=lambda path: path.stat().st_size)
    sound = file.read_bytes()
    try:
        file.write_bytes(bytes([sound[0] ^ 1]) + sound[1:])
        with pytest.raises(BackupDamagedError) as caught:
            drill(kept.tools, kept.url, kept.store, login=BACKUP)
        assert caught.value.facts["file"] == str(file)
    finally:
        file.write_bytes(sound)


@pytest.mark.parametrize("name", ["base/1/1259", "pg_wal", "backup_manifest"])
def test_a_missing_file_of_a_backup_is_named(kept: Kept, name: str) -> None:
    path = kept.store.data_of(kept.chain[0].id) / name
    if path.is_dir():
        path = next(one for one in path.iterdir() if one.is_file())
    away = path.with_name("away")
    path.rename(away)
    try:
        with pytest.raises(BackupDamagedError, match="db backup") as caught:
            kept.store.verify(kept.chain[1])
        assert caught.value.facts["file"] == str(path)
    finally:
        away.rename(path)


def test_nothing_is_restored_over_what_is_there(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("kept")
    with pytest.raises(RestoreTargetError, match="not empty"):
        restore(kept.tools, kept.store, tmp_path, login=BACKUP)
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


@pytest.mark.parametrize(
    ("at", "error"),
    [
        (datetime(2000, 1, 1, tzinfo=UTC), BackupMissingError),
        (datetime(2000, 1, 1), RestoreTargetError),  # noqa: DTZ001
    ],
    ids=["before the first backup", "without a zone"],
)
def test_a_moment_that_no_backup_reaches_is_refused(
    kept: Kept, tmp_path: Path, at: datetime, error: type[Exception]
) -> None:
    with pytest.raises(error):
        restore(kept.tools, kept.store, tmp_path / "new", login=BACKUP, at=at)
    assert not (tmp_path / "new").exists()


def test_a_backup_that_is_not_there_is_told_with_those_that_are(kept: Kept) -> None:
    with pytest.raises(BackupMissingError, match="--list shows those there are, the first of 20"):
        kept.store.get("nonsense")


def test_a_restore_is_not_begun_without_room(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(BackupRoomError, match="name a folder on another disk"):
        restore(kept.tools, kept.store, tmp_path / "new", login=BACKUP)
    assert not (tmp_path / "new").exists()


def test_a_login_that_the_copy_has_not_is_named(kept: Kept, tmp_path: Path) -> None:
    with pytest.raises(RestoreError, match="no role nobody_here: name one that it has by --login"):
        restore(kept.tools, kept.store, tmp_path / "new", login="nobody_here")


def test_where_the_log_goes_is_read_from_the_servers_command(kept: Kept) -> None:
    assert find_log_folder(kept.url) == kept.store.wal
    assert folder_of(archive_command(Path("/a/it's 100% b"))) == Path("/a/it's 100% b")
    assert folder_of("wal-g wal-push %p") is None


def test_a_moment_that_the_log_does_not_reach_leaves_nothing_behind(
    kept: Kept, tmp_path: Path
) -> None:
    late = datetime.now(UTC) + timedelta(days=1)
    with pytest.raises(RestoreError, match="--at") as told:
        restore(kept.tools, kept.store, tmp_path / "new", login=BACKUP, at=late)
    # The moment up to which it would go, and not the pages of the server's log.
    assert "with the commit of 20" in told.value.detail
    assert "FATAL" not in told.value.detail
    assert list((tmp_path / "new").iterdir()) == []


def test_a_backup_killed_in_the_middle_leaves_the_earlier_ones_usable(kept: Kept) -> None:
    command = [sys.executable, "-c", _TAKE, str(kept.server.home), str(kept.server.port)]
    process = subprocess.Popen([*command, str(kept.store.root)])
    try:
        deadline = time.monotonic() + 60
        while not list(kept.store.backups.glob(".partial-*/data/base/*/*")):
            assert time.monotonic() < deadline
            time.sleep(0.005)
    finally:
        process.kill()
        process.wait()
    assert list(kept.store.backups.glob(".partial-*"))
    assert kept.store.list_backups()[:2] == kept.chain
    kept.store.verify(kept.chain[1])
    clear_leftovers(kept.url, kept.store)
    assert not list(kept.store.backups.glob(".partial-*"))
    _wait_until_nobody_copies(kept)


def _wait_until_nobody_copies(kept: Kept) -> None:
    """What pg_basebackup begot goes on without it, unless it is ended at the server."""
    deadline = time.monotonic() + 20
    with control(kept.url) as connection:
        while connection.execute("SELECT count(*) FROM pg_stat_replication").fetchone() != (0,):
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.parametrize("fact", ["system_identifier", "timeline"])
def test_another_cluster_is_refused_in_the_same_part(kept: Kept, fact: str) -> None:
    """Also one that was restored or promoted since: its timeline is another one."""
    path = kept.store.folder_of(kept.store.get().id) / "backup.json"
    sound = path.read_text()
    try:
        path.write_text(json.dumps(json.loads(sound) | {fact: 42}))
        with pytest.raises(ArchiveError, match="--node"):
            take_backup(kept.tools, kept.url, kept.store)
    finally:
        path.write_text(sound)


def test_a_copy_that_differs_is_told_by_its_tables(kept: Kept) -> None:
    same = {"public.entry": TableDigest(2, "7")}
    _refuse_different(same, dict(same))
    with pytest.raises(
        DrillError, match=r"public\.entry \(2 rows, digest 7 in the source, missing"
    ):
        _refuse_different(same, {})
    with pytest.raises(DrillError, match="nothing was compared"):
        _refuse_different({}, {})


def test_old_chains_go_as_a_whole_and_their_log_with_them(tmp_path: Path) -> None:
    store, now = BackupStore(tmp_path), datetime.now(UTC)
    for number, parent, days in [
        (1, None, 90),
        (2, "b1", 80),
        (3, None, 60),
        (4, "b3", 10),
        (5, None, 1),
    ]:
        made_up(store, number, parent, now - timedelta(days=days))
    store.wal.mkdir(parents=True)
    for number in (1, 2, 3, 9):
        (store.wal / f"{1:08X}{0:08X}{number:08X}").touch()
    assert store.prune(keep=1, not_before=now - timedelta(days=30)) == ["b2", "b1"]
    assert [one.id for one in store.list_backups()] == ["b3", "b4", "b5"]
    assert sorted(int(path.name[16:], 16) for path in store.wal.iterdir()) == [3, 9]
    assert store.prune(keep=1, not_before=now + timedelta(days=1)) == ["b4", "b3"]
    assert store.prune(keep=1, not_before=now + timedelta(days=1)) == []
