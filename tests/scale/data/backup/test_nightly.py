"""A backup each night: what was missed is made up, what fails is told, what is too old goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import prometheus_client
import psycopg
import pytest

from myriad.scale.data.backup import BackupSettings, BackupStore, find_note, read_health
from myriad.scale.data.backup.archive import control, read_state
from myriad.scale.data.backup.errors import BackupRoomError
from myriad.scale.data.backup.nightly import NightlyBackups
from myriad.scale.data.backup.room import refuse_without_room
from myriad.scale.embedded.postgres import BACKUP, EmbeddedPostgres
from myriad.scale.embedded.tools import PostgresTools
from myriad.scale.schedule.cron import next_cron_fire
from tests.scale.data.backup.made_up import made_up
from tests.scale.data.clusters import add_entries, make_table, serving, tools_of

_NOBODY = "postgresql://me:secret@127.0.0.1:9/db"
_NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
_NIGHT = datetime(2026, 11, 23, 2, 17, tzinfo=UTC)
_ARCHIVER_SECONDS = 120


@dataclass
class Clock:
    """A clock that a test turns."""

    now: datetime = _NOON

    def __call__(self) -> datetime:
        return self.now


def _next_fire(after: datetime) -> datetime:
    return next_cron_fire("17 2 * * *", ZoneInfo("UTC"), after)


def _nightly(store: BackupStore, clock: Clock, url: str = _NOBODY) -> NightlyBackups:
    tools = PostgresTools.for_folders(store.root)
    return NightlyBackups(tools, url, store, BackupSettings(), _next_fire, clock)


def _metric(name: str, **labels: str) -> float:
    return prometheus_client.REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.mark.parametrize(
    ("newest", "due"),
    [
        (None, _NOON + timedelta(minutes=10)),
        (_NIGHT - timedelta(days=1), _NIGHT),
        (_NIGHT - timedelta(days=1, hours=1), _NOON + timedelta(minutes=10)),
        (_NOON - timedelta(minutes=1), _NIGHT),
    ],
    ids=["none yet", "of this night", "a night was missed", "by hand at noon"],
)
def test_the_newest_good_one_says_when_the_next_is_due(
    tmp_path: Path, newest: datetime | None, due: datetime
) -> None:
    store = BackupStore(tmp_path)
    if newest is not None:
        made_up(store, 1, None, newest)
    assert _nightly(store, Clock()).next_at() == due


def test_a_night_that_comes_while_it_runs_is_not_waited_for(tmp_path: Path) -> None:
    store, clock = BackupStore(tmp_path), Clock()
    made_up(store, 1, None, _NIGHT - timedelta(days=1))
    backups = _nightly(store, clock)
    clock.now = _NIGHT + timedelta(seconds=30)
    assert backups.next_at() == _NIGHT


def test_a_failed_backup_is_told_and_tried_again_less_and_less_often(tmp_path: Path) -> None:
    store, clock = BackupStore(tmp_path), Clock()
    made_up(store, 1, None, _NOON - timedelta(days=2))
    backups = _nightly(store, clock)
    before = _metric("myriad_backup_runs_total", outcome="failed")
    clock.now += timedelta(hours=1)
    waits = []
    for _ in range(6):
        assert backups.back_up() is None
        waits.append((backups.next_at() - clock.now) / timedelta(minutes=1))
    assert waits == [5, 10, 20, 40, 60, 60]
    assert _metric("myriad_backup_runs_total", outcome="failed") == before + 6
    assert _metric("myriad_backup_newest_age_seconds") == timedelta(days=2, hours=1).total_seconds()
    health = read_health(store, is_scheduled=True, now=clock.now)
    assert [one.id for one in health.backups] == ["b1"]
    told = " ".join(one.said for one in health.troubles)
    assert "failed 6 times in a row" in told
    assert "127.0.0.1" in told
    assert "secret" not in (store.root / store.node / "nightly.json").read_text()
    assert not list(store.backups.glob(".partial-*"))
    again = _nightly(store, clock)
    again.back_up()
    note = find_note(store)
    assert note is not None
    assert (note.failures, note.running_since) == (7, None)
    clock.now += timedelta(minutes=1)
    made_up(store, 2, None, clock.now)
    again.look()
    assert read_health(store, is_scheduled=True, now=clock.now).troubles == ()


def test_what_is_too_old_goes_first_so_that_a_full_disk_can_mend_itself(tmp_path: Path) -> None:
    store, clock = BackupStore(tmp_path), Clock()
    for number, parent, days in [(1, None, 90), (2, "b1", 80), (3, None, 60), (4, None, 20)]:
        made_up(store, number, parent, _NOON - timedelta(days=days))
    assert _nightly(store, clock).back_up() is None
    assert [one.id for one in store.list_backups()] == ["b3", "b4"]


def test_a_backup_by_hand_under_way_is_no_failure(tmp_path: Path) -> None:
    store, clock = BackupStore(tmp_path), Clock()
    backups = _nightly(store, clock)
    clock.now += timedelta(hours=1)
    with store.writing():
        assert backups.back_up() is None
    assert backups.next_at() == clock.now + timedelta(minutes=1)
    note = find_note(store)
    assert note is not None
    assert note.failures == 0


def test_a_disk_without_room_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    refuse_without_room(tmp_path, 1)
    with pytest.raises(BackupRoomError, match=r"GB free, and .* MYRIAD_BACKUP__FOLDER"):
        refuse_without_room(tmp_path, 10**18)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A server with a table, whose log nobody keeps yet."""
    with serving(tmp_path_factory.mktemp("nightly") / "home") as (server, _):
        make_table(server)
        add_entries(server, 1, 10)
        yield server


@dataclass(frozen=True)
class Taken:
    """A server's backups after their first night."""

    server: EmbeddedPostgres
    store: BackupStore
    backups: NightlyBackups
    clock: Clock


@pytest.fixture(scope="module")
def taken(server: EmbeddedPostgres) -> Taken:
    """The backups of that server after a first night."""
    store, clock = BackupStore(server.home.parent / "backups"), Clock(datetime.now(UTC))
    backups = NightlyBackups(
        tools_of(server), server.url(BACKUP), store, BackupSettings(), _next_fire, clock
    )
    good = _metric("myriad_backup_runs_total", outcome="good")
    assert backups.back_up() is not None
    assert _metric("myriad_backup_runs_total", outcome="good") == good + 1
    return Taken(server, store, backups, clock)


def test_a_night_takes_a_backup_and_lets_the_log_be_kept(taken: Taken) -> None:
    with control(taken.server.url(BACKUP)) as connection:
        _wait_until_kept(connection)
    taken.backups.look()
    (one,) = taken.store.list_backups()
    taken.store.verify(one)
    health = read_health(taken.store, is_scheduled=True, now=taken.clock.now)
    assert health.troubles == ()
    assert health.newest == one
    assert health.log is not None
    assert health.log.is_kept


def test_a_segment_that_cannot_be_kept_is_measured_and_told(taken: Taken) -> None:
    # Just after a switch the log has no byte yet, and its name would be that of the closed segment.
    add_entries(taken.server, 11, 11)
    with control(taken.server.url(BACKUP)) as connection:
        row = connection.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone()
        assert row is not None
        in_its_way = taken.store.wal / row[0]
        in_its_way.write_text("another's")
        try:
            _write_and_close(taken.server, connection)
            taken.clock.now += timedelta(minutes=10)
            taken.backups.look()
            health = read_health(taken.store, is_scheduled=True, now=taken.clock.now)
        finally:
            in_its_way.unlink()
            _write_and_close(taken.server, connection)
            _wait_until_kept(connection)
    (trouble,) = health.troubles
    assert "wait to be kept" in trouble.said
    assert taken.backups.log_waiting_seconds() > 300


def _write_and_close(server: EmbeddedPostgres, connection: psycopg.Connection[Any]) -> None:
    """Write a little and close the segment, so that the archiver has one to look at."""
    number = time.time_ns()
    add_entries(server, number, number)
    connection.execute("SELECT pg_switch_wal()")


def _wait_until_kept(connection: psycopg.Connection[Any]) -> None:
    """Wait until no closed segment waits; the archiver rests up to a minute between its tries."""
    end = time.monotonic() + _ARCHIVER_SECONDS
    while read_state(connection).ready:
        assert time.monotonic() < end, "what was in the way is gone, and the log is still not kept"
        time.sleep(0.1)
