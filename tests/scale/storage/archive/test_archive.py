"""Months that are over go into the archive as they are, and only then from the database."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import IO

import psycopg
import pytest

from myriad.kit.ids import new_id
from myriad.scale.data import Database
from myriad.scale.storage import TenantFiles
from myriad.scale.storage.archive import (
    ArchiveDiffersError,
    MonthBusyError,
    NotArchivedError,
    keep_months,
    read_manifest,
    read_month,
)
from myriad.scale.storage.archive.measuring import AHEAD, STRAY, measure_by
from myriad.scale.storage.archive.parquet import to_rows
from myriad.scale.tenancy import TenantId
from myriad.scale.vault import VaultError
from tests.scale.data.monthly_table import MonthlyTable

JANUARY, FEBRUARY = date(2014, 1, 1), date(2014, 2, 1)
DIGEST = "SELECT count(*), sum(hashtextextended(t::text, 0)::numeric)::text FROM {t} AS t"


def states(table: MonthlyTable) -> list[tuple[str, str]]:
    """Return the months of the table's archive with their states."""
    return table.as_crossing(
        "SELECT to_char(month, 'YYYY-MM'), state FROM platform.partition_archive "
        "WHERE table_name = %s ORDER BY month",
        (table.name,),
    )


async def test_a_round_makes_archives_and_drops_and_a_second_does_nothing(
    history: MonthlyTable, database: Database, files: TenantFiles
) -> None:
    kept = await keep_months(database, files)
    assert kept.dropped == [f"{history.name} 2014-01", f"{history.name} 2014-02"]
    assert states(history) == [("2014-01", "dropped"), ("2014-02", "dropped")]
    assert len(history.months()) == 4
    assert history.as_crossing(f"SELECT count(*) FROM {history.name}") == [(0,)]
    again = await keep_months(database, files)
    assert (again.made, again.detached, again.dropped) == (0, [], [])


async def test_what_was_archived_comes_back_equal_by_digest(
    history: MonthlyTable, database: Database, files: TenantFiles
) -> None:
    before = history.as_tenant(
        history.first, DIGEST.format(t=history.name) + f" WHERE booked_on < '{FEBRUARY}'"
    )
    await keep_months(database, files)
    frame = await read_month(files, history.name, JANUARY, TenantId(history.first))
    with psycopg.connect(history.urls.crossing_url) as connection:
        connection.execute(f"CREATE TEMP TABLE back AS SELECT * FROM {history.name} WITH NO DATA")
        with connection.cursor().copy("COPY back FROM STDIN") as copy:
            for row in to_rows(frame):
                copy.write_row(row)
        assert connection.execute(DIGEST.format(t="back").encode()).fetchall() == before
    assert min(frame["qty"].to_list(), key=str) == Decimal("-12345678901.123456789")
    assert frame["note"].null_count() == 1
    manifest = await read_manifest(files, history.name, JANUARY)
    assert [
        (part.rows, part.digest) for part in manifest.parts if part.tenant_id == history.first
    ] == before


async def test_a_tenants_part_is_its_own_and_goes_with_it(
    history: MonthlyTable, database: Database, files: TenantFiles
) -> None:
    await keep_months(database, files)
    with pytest.raises(NotArchivedError):
        await read_month(files, history.name, JANUARY, TenantId(new_id()))
    with pytest.raises(NotArchivedError):
        await read_month(files, history.name, date(2013, 1, 1), TenantId(history.first))
    assert await files.forget(TenantId(history.first)) == 2
    with pytest.raises(NotArchivedError):
        await read_month(files, history.name, JANUARY, TenantId(history.first))
    assert (await read_month(files, history.name, JANUARY, TenantId(history.second))).height == 3


async def test_nothing_is_added_to_an_archived_month(
    history: MonthlyTable, database: Database, files: TenantFiles
) -> None:
    await keep_months(database, files)
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="archive read"):
        history.as_crossing(
            f"SELECT platform.ensure_months('{history.name}', '2014-01-01', '2014-01-01')"
        )


async def test_no_month_is_dropped_that_is_not_in_the_archive(history: MonthlyTable) -> None:
    history.as_crossing("SELECT platform.detach_month(%s::regclass, %s)", (history.name, JANUARY))
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="read back"):
        history.as_crossing("SELECT platform.drop_month(%s::regclass, %s)", (history.name, JANUARY))


class _Loses(TenantFiles):
    """A place that says it wrote and keeps what another tenant has."""

    async def get(self, tenant_id: TenantId, name: str) -> bytes:
        """Return another file of the tenant."""
        return await super().get(tenant_id, name.replace("2014-02", "2014-01"))


async def test_a_place_that_gives_back_something_else_stops_the_drop(
    history: MonthlyTable, database: Database, files: TenantFiles
) -> None:
    with pytest.raises(ArchiveDiffersError, match="nothing was dropped"):
        await keep_months(database, _Loses(files.store, files._vault))
    assert ("2014-02", "detached") in states(history)
    await keep_months(database, files)
    assert states(history) == [("2014-01", "dropped"), ("2014-02", "dropped")]


def _damage(folder: Path) -> None:
    for path in folder.rglob("*.parquet"):
        path.write_bytes(path.read_bytes()[:-4] + b"lost")


async def test_a_damaged_file_does_not_pass_for_the_month(
    history: MonthlyTable, database: Database, files: TenantFiles, tmp_path: Path
) -> None:
    await keep_months(database, files)
    _damage(tmp_path)
    with pytest.raises(VaultError):
        await read_month(files, history.name, JANUARY, TenantId(history.first))


async def test_a_table_that_is_held_is_passed_over(
    history: MonthlyTable, database: Database, files: TenantFiles
) -> None:
    with psycopg.connect(history.urls.app_url) as reader:
        reader.execute(f"SELECT count(*) FROM {history.name}")
        with pytest.raises(MonthBusyError):
            await keep_months(database, files)
        assert states(history) == []
    await keep_months(database, files)
    assert len(states(history)) == 2


# Rounds in processes of their own, one for each line that says at which step of the storage it is
# killed; half a step is just after it. Each is a fork, for importing takes longer than all else.
_ROUNDS = """
import asyncio, json, os, signal, sys
from pathlib import Path
from myriad.scale.data import Database, DatabaseSettings
from myriad.scale.storage import StorageSettings, Store, TenantFiles
from myriad.scale.storage.archive import keep_months
from myriad.scale.vault import Vault

class Dying(Store):
    step, death = 0, 0.0

    async def _step(self, doing):
        self.step += 1
        if self.step == self.death:
            os.kill(os.getpid(), signal.SIGKILL)
        done = await doing
        if self.step + 0.5 == self.death:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    async def put(self, key, content):
        return await self._step(super().put(key, content))

    async def get(self, key):
        return await self._step(super().get(key))

async def main(death, url, app, crossing, folder):
    database = Database(DatabaseSettings(url=url, app_url=app, crossing_url=crossing))
    await database.open()
    store = Dying.open(StorageSettings(folder=Path(folder)))
    store.death = death
    await keep_months(database, TenantFiles(store, Vault(bytes(range(32)))))
    await database.close()

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        asyncio.run(main(float(line), *json.loads(sys.argv[1])))
        os._exit(0)
    print("killed", os.waitpid(child, 0)[1], flush=True)
"""


async def test_killed_at_any_step_a_month_is_in_the_table_or_whole_in_the_archive(
    history: MonthlyTable, database: Database, files: TenantFiles, tmp_path: Path
) -> None:
    urls = history.urls
    given = json.dumps([urls.database_url, urls.app_url, urls.crossing_url, str(tmp_path)])
    line = [sys.executable, "-c", _ROUNDS, given]
    with subprocess.Popen(  # noqa: ASYNC220 - it answers line by line.
        line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as rounds:
        assert rounds.stdin is not None
        assert rounds.stdout is not None
        for death in (1, 2.5, 5, 5.5, 2.5, 5.5):
            rounds.stdin.write(f"{death}\n")
            said = await asyncio.to_thread(_next_line, rounds.stdout)
            assert said == f"killed {int(signal.SIGKILL)}"
            assert await _rows_somewhere(history, files, JANUARY) == 3
            assert await _rows_somewhere(history, files, FEBRUARY) == 1
        rounds.stdin.close()
    await keep_months(database, files)
    assert states(history) == [("2014-01", "dropped"), ("2014-02", "dropped")]


def _next_line(stream: IO[str]) -> str:
    """Return the next line that is not of the log."""
    return next((line.strip() for line in stream if line.startswith("killed")), "")


async def _rows_somewhere(table: MonthlyTable, files: TenantFiles, month: date) -> int:
    """Return how many rows of the first tenant the month has, wherever it stands now."""
    part = f"{table.name}_p{month:%Y_%m}"
    state = dict(states(table)).get(f"{month:%Y-%m}")
    if state is None:
        where = f"{table.name} WHERE date_trunc('month', booked_on::timestamp) = '{month}' AND"
        return int(
            table.as_crossing(f"SELECT count(*) FROM {where} tenant_id = %s", (table.first,))[0][0]
        )
    if state == "dropped":
        return int((await read_month(files, table.name, month, TenantId(table.first))).height)
    if state == "archived":
        frame = await read_month(files, table.name, month, TenantId(table.first))
        counted = table.as_crossing(
            f"SELECT count(*) FROM {part} WHERE tenant_id = %s", (table.first,)
        )
        assert counted == [(frame.height,)]
    return int(
        table.as_crossing(f"SELECT count(*) FROM {part} WHERE tenant_id = %s", (table.first,))[0][0]
    )


async def test_rows_in_the_default_are_counted_and_so_are_the_months_ahead(
    history: MonthlyTable, database: Database
) -> None:
    await measure_by(database)
    assert STRAY.labels(table=history.name)._value.get() == 0
    assert AHEAD.labels(table=history.name)._value.get() == 3
    for day in ("2013-12-31", "2014-03-01", "2045-01-01"):
        history.add(history.first, day)
    history.add(history.second, "2020-05-05")
    await measure_by(database)
    assert STRAY.labels(table=history.name)._value.get() == 4
