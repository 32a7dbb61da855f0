"""How backups go is told from their folder, with what to do, and nothing is believed that is not there."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from myriad.scale.data.backup import (
    BackupHealth,
    BackupStore,
    LogState,
    NightlyNote,
    find_note,
    read_health,
)
from tests.scale.data.backup.made_up import made_up

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
_WELL = NightlyNote(
    looked_at=NOW - timedelta(seconds=50),
    next_at=NOW + timedelta(hours=14),
    log=LogState(is_kept=True),
)


def _health(store: BackupStore, *, is_scheduled: bool = True) -> BackupHealth:
    return read_health(store, is_scheduled=is_scheduled, now=NOW)


@pytest.fixture
def store(tmp_path: Path) -> BackupStore:
    """A folder with a backup of this night, whose process says that all is well."""
    store = BackupStore(tmp_path)
    made_up(store, 1, None, NOW - timedelta(days=5))
    made_up(store, 2, "b1", NOW - timedelta(hours=9))
    _WELL.write(store)
    return store


def test_all_is_well_with_a_backup_of_the_night_and_a_process_that_looks(
    store: BackupStore,
) -> None:
    health = _health(store)
    assert health.troubles == ()
    assert health.newest is not None
    assert (health.newest.id, len(health.backups)) == ("b2", 2)
    assert health.reach == NOW - timedelta(hours=9)
    assert find_note(store) == _WELL
    assert not list(store.backups.parent.glob(".partial-*"))


@pytest.mark.parametrize(
    ("note", "said", "remedy"),
    [
        (
            replace(_WELL, looked_at=NOW - timedelta(minutes=4), running_since=NOW),
            "does not run",
            "./myriad up",
        ),
        (replace(_WELL, failures=2, error="no room"), "failed 2 times in a row: no room", "again"),
        (
            replace(_WELL, log=LogState(is_kept=False)),
            "does not keep its write-ahead log",
            "after a failover or a restore it wants a name of its own for this server, --node",
        ),
        (
            replace(_WELL, log=LogState(True, 7, NOW - timedelta(minutes=9))),
            "7 segments of the log wait to be kept, the oldest for 9 minutes",
            "archive_command",
        ),
    ],
    ids=["killed", "failed", "no log", "log waits"],
)
def test_what_is_wrong_is_said_with_what_to_do(
    store: BackupStore, note: NightlyNote, said: str, remedy: str
) -> None:
    note.write(store)
    (trouble,) = _health(store).troubles
    assert said in trouble.said
    assert remedy in trouble.remedy


def test_a_night_without_a_backup_is_said_first(tmp_path: Path) -> None:
    store = BackupStore(tmp_path)
    made_up(store, 1, None, NOW - timedelta(hours=27))
    replace(_WELL, failures=1, error="it was away").write(store)
    first, second = _health(store).troubles
    assert first.said == "The newest good backup is 27 hours old"
    assert "failed once: it was away" in second.said


def test_nothing_is_asked_of_whoever_schedules_none(tmp_path: Path) -> None:
    nothing = _health(BackupStore(tmp_path / "not there"), is_scheduled=False)
    assert (nothing.troubles, nothing.newest, nothing.reach) == ((), None, None)
    by_hand = BackupStore(tmp_path)
    made_up(by_hand, 1, None, NOW - timedelta(days=90))
    assert _health(by_hand, is_scheduled=False).troubles == ()


def test_a_process_that_runs_schedules_them_whatever_others_were_told(store: BackupStore) -> None:
    assert _health(store, is_scheduled=False).is_scheduled


def test_the_newest_segment_says_how_far_a_copy_would_reach(store: BackupStore) -> None:
    store.wal.mkdir()
    for name, minutes in [(f"{7:024X}", 2), (f"{8:024X}", 1), ("00000001.history", 0)]:
        (store.wal / name).touch()
        kept = (NOW - timedelta(minutes=minutes)).timestamp()
        os.utime(store.wal / name, (kept, kept))
    assert _health(store).reach == NOW - timedelta(minutes=1)


def test_what_cannot_be_read_is_said_and_nothing_else_is_believed(store: BackupStore) -> None:
    (store.folder_of("b1") / "backup.json").write_text("half a ")
    damaged = _health(store)
    (trouble,) = damaged.troubles
    assert "cannot be read" in trouble.said
    assert "backup.json" in trouble.remedy
    assert damaged.newest is None
    (store.root / store.node / "nightly.json").write_text("{}")
    assert find_note(store) is None
    away = _health(BackupStore(store.folder_of("b2") / "backup.json"))
    assert away.newest is None
    assert away.troubles
