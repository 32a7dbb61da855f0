"""A primary that is killed is replaced, nothing acknowledged is lost, and it comes back to follow."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from myriad.scale.data.backup.archive import control
from myriad.scale.data.settings import one_form
from myriad.scale.data.standby import making
from myriad.scale.data.standby.errors import (
    NotAStandbyError,
    PrimaryAliveError,
    StandbyTargetError,
)
from myriad.scale.embedded.errors import ServerStartError
from myriad.scale.embedded.postgres import BACKUP, OWNER
from tests.scale.data.clusters import (
    FIRST,
    tools_of,
)
from tests.scale.data.standby.pairs import Pair, running_pair

_WRITTEN = 200
_ADD = """
import sys
from pathlib import Path
from myriad.scale.data.standby.making import add_standby
from myriad.scale.embedded.postgres import BACKUP, EmbeddedPostgres
from myriad.scale.embedded.tools import PostgresTools
server = EmbeddedPostgres(Path(sys.argv[1]), int(sys.argv[2]))
add_standby(PostgresTools(server.account), server.url(BACKUP), Path(sys.argv[3]), "killed")
"""


@dataclass
class Writer:
    """Writes numbers one by one to whichever server is the primary, and keeps what was acknowledged."""

    url: str
    acknowledged: list[int] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        connection, number = None, 1000
        while not self.stop.is_set():
            number += 1
            try:
                connection = connection or psycopg.connect(self.url, autocommit=True)
                connection.execute("INSERT INTO entry VALUES (%s, %s, 'x')", [FIRST, number])
            except psycopg.Error:
                if connection is not None:
                    connection.close()
                connection = None
                time.sleep(0.01)
            else:
                self.acknowledged.append(number)


def _wait(what: object, condition) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


@pytest.fixture
def pair() -> Iterator[Pair]:
    with (
        tempfile.TemporaryDirectory(prefix="a pair ") as folder,
        running_pair(Path(folder)) as made,
    ):
        yield made


def test_a_killed_primary_is_replaced_without_loss_and_comes_back_as_standby(pair: Pair) -> None:
    """Commits wait for the standby, so what was acknowledged is on it."""
    with control(pair.primary.url(BACKUP)) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby1'")
        connection.execute("SELECT pg_reload_conf()")
    with pytest.raises(PrimaryAliveError, match="--force"):
        making.promote(pair.standby.url(BACKUP), primary_url=pair.primary.url(BACKUP))
    urls = [pair.primary.url(OWNER), pair.standby.url(OWNER)]
    writer = Writer(making.several_hosts(urls))
    thread = threading.Thread(target=writer.run)
    thread.start()
    try:
        _wait("writes before", lambda: len(writer.acknowledged) >= _WRITTEN)
        pair.kill_primary()
        before = len(writer.acknowledged)
        role = making.promote(pair.standby.url(BACKUP), primary_url=pair.primary.url(BACKUP))
        assert (role.is_standby, role.timeline) == (False, 2)
        _wait("writes after", lambda: len(writer.acknowledged) >= before + _WRITTEN)
    finally:
        writer.stop.set()
        thread.join()
    with psycopg.connect(pair.standby.url(OWNER)) as connection:
        found = {
            row[0] for row in connection.execute("SELECT number FROM entry WHERE number > 1000")
        }
    assert set(writer.acknowledged) - found == set()
    _rejoins(pair)


def _rejoins(pair: Pair) -> None:
    """What the killed server still had to itself is gone, and it follows the new primary."""
    tools = tools_of(pair.primary)
    # Twice, as after one that was killed behind its work: again changes nothing.
    for _ in range(2):
        making.rewind(tools, pair.primary.data, pair.standby.url(BACKUP), "old")
    with pytest.raises(ServerStartError, match="standby run old"):
        pair.primary.initialise()
    with psycopg.connect(pair.standby.url(OWNER), autocommit=True) as connection:
        connection.execute("INSERT INTO entry VALUES (%s, 7000000, 'after')", [FIRST])
        expected = connection.execute("SELECT count(*) FROM entry").fetchone()
    pair.start_primary()

    def _followed() -> bool:
        with psycopg.connect(pair.primary.url(BACKUP)) as copy:
            return copy.execute("SELECT count(*) FROM entry").fetchone() == expected

    _wait("the old primary follows", _followed)
    assert making.find_role(pair.primary.url(BACKUP)).is_standby  # type: ignore[union-attr]


def test_a_standby_is_not_made_over_what_is_there_nor_under_a_name_that_is_taken(
    shared_pair: Pair, tmp_path: Path
) -> None:
    tools, url = tools_of(shared_pair.primary), shared_pair.primary.url(BACKUP)
    (tmp_path / "precious").write_text("kept")
    with pytest.raises(StandbyTargetError, match="not empty"):
        making.add_standby(tools, url, tmp_path, "another")
    for name in ("standby1", "With Space"):
        with pytest.raises(StandbyTargetError):
            making.add_standby(tools, url, tmp_path / "new", name)
    assert not (tmp_path / "new").exists()
    with pytest.raises(NotAStandbyError):
        making.promote(url)


def test_a_copy_that_was_killed_is_made_anew_under_the_same_name(
    shared_pair: Pair, tmp_path: Path
) -> None:
    primary, data = shared_pair.primary, shared_pair.primary.folder / "killed"
    arguments = (str(primary.home), str(primary.port), str(data))
    process = subprocess.Popen([sys.executable, "-c", _ADD, *arguments])
    try:
        _wait("half a copy", lambda: list(data.glob("base/*/*")))
    finally:
        process.kill()
        process.wait()
    assert making.is_half_made(data)
    making.add_standby(tools_of(primary), primary.url(BACKUP), data, "killed")
    assert (data / "standby.signal").exists()
    assert not list(data.parent.glob(".*.making"))
    making.drop_slot(primary.url(BACKUP), "killed")


def test_a_url_of_several_hosts_reads_alike_for_every_driver() -> None:
    url = making.several_hosts(
        ["postgresql://me:a%40b@one:5433/db?sslmode=disable", "postgresql://me:a%40b@[::1]/db"]
    )
    facts = psycopg.conninfo.conninfo_to_dict(one_form(url))
    assert facts == psycopg.conninfo.conninfo_to_dict(url) | {"port": "5433,5432"}
    assert (facts["host"], facts["target_session_attrs"]) == ("one,::1", "read-write")
    assert one_form("postgresql://one/db") == "postgresql://one/db"
