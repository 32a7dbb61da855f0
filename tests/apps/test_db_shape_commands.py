"""`./myriad db archive` and `db rollup`: the real commands, and what they say of what cannot be done."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from myriad.apps.cli.db import DB_COMMANDS
from myriad.apps.cli.db.rollup import app as rollup_app
from myriad.apps.cli.frame import main
from myriad.kit.ids import new_id
from myriad.scale.data.partitions import Monthly
from myriad.scale.embedded.servers import ServerUrls
from tests.apps.terminal import invoke
from tests.fixtures.database import TEST_KEY
from tests.scale.data.monthly_table import MonthlyTable, make_table


class Line:
    """A terminal on the test's servers."""

    def __init__(self, urls: ServerUrls, home: Path) -> None:
        self._environment = os.environ | {
            "MYRIAD_HOME": str(home),
            "MYRIAD_DATABASE__URL": urls.database_url,
            "MYRIAD_DATABASE__APP_URL": urls.app_url,
            "MYRIAD_DATABASE__CROSSING_URL": urls.crossing_url,
            "MYRIAD_REDIS__BROKER_URL": urls.broker_url,
            "MYRIAD_REDIS__CACHE_URL": urls.cache_url,
            "MYRIAD_SECRETS__KEY": base64.b64encode(TEST_KEY).decode(),
        }

    async def run(self, *words: object) -> subprocess.CompletedProcess[str]:
        """Run one command line to its end."""
        line = [sys.executable, "-P", "-m", "myriad.apps.cli", "db", *map(str, words)]
        return await asyncio.to_thread(
            subprocess.run,
            line,
            capture_output=True,
            text=True,
            check=False,
            env=self._environment,
        )

    async def json(self, *words: object) -> Any:
        """Run one command line and return what it printed as JSON."""
        done = await self.run(*words, "--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)


def test_each_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("archive", "rollup"):
        assert name in DB_COMMANDS
        assert main(["db", name, "--help"]) == 0
        assert f"./myriad db {name}" in capsys.readouterr().out.split("Example", 1)[1]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["archive", "settle", "kamioi.purchase", "November"], "write it as 2026-11"),
        (["rollup", "compare", "kamioi.nothing", "--tenant", "{tenant}"], "kamioi.purchase_day"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_said_in_one_line(
    line: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word.format(tenant="01a1ff88-3f83-7a96-af01-6f6f48be3c01") for word in line]
    assert main(["db", *words, "--home", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert "Traceback" not in said.out + said.err


async def test_months_go_to_the_archive_and_are_read_from_it(
    fresh_servers: ServerUrls, tmp_path: Path
) -> None:
    table = make_table(fresh_servers, Monthly("booked_on", keep_months=2))
    table.as_crossing(f"SELECT platform.ensure_months('{table.name}', '2014-01-01', '2014-01-01')")
    for tenant, amount in ((table.first, 1), (table.first, 2), (table.second, 3)):
        table.add(tenant, "2014-01-09", amount_minor=amount)
    table.add(table.first, "2013-05-05")
    line = Line(fresh_servers, tmp_path)
    kept = await line.json("archive", "keep")
    assert kept["dropped"] == [f"{table.name} 2014-01"]
    assert (await line.json("archive", "settle", table.name, "2013-05")) == {"moved": 1}
    listed = (await line.run("archive", "list")).stdout
    assert "2014-01  dropped  3 rows" in listed
    out = tmp_path / "mine.parquet"
    words = ("archive", "read", table.name, "2014-01", "--tenant", table.first, "--out", out)
    assert (await line.json(*words))["rows"] == 2
    assert sorted(pl.read_parquet(out)["amount_minor"]) == [1, 2]
    unknown = await line.run("archive", "settle", "kamioi.nothing", "2014-01")
    assert unknown.returncode == 2
    assert "cannot be settled" in unknown.stderr


async def test_a_rollup_that_differs_is_found_and_counted_anew(
    empty_servers: ServerUrls, tmp_path: Path
) -> None:
    table = MonthlyTable("kamioi.purchase", empty_servers, new_id(), new_id())
    table.as_tenant(
        table.first,
        "INSERT INTO kamioi.purchase_day VALUES (%s, '2026-01-01', 'posted', 'purchase', 'USD', 1, 5)",
        (table.first,),
    )
    words = ("kamioi.purchase_day", "--tenant", table.first)
    listed = await Line(empty_servers, tmp_path).run("rollup", "list")
    assert "kamioi.purchase_day" in listed.stdout
    wrong = (await invoke(rollup_app, ("compare", *words), tmp_path, empty_servers)).done
    assert wrong.returncode == 1
    assert "2026, 1, 1" in wrong.stdout
    await invoke(rollup_app, ("rebuild", *words), tmp_path, empty_servers)
    again = await invoke(rollup_app, ("compare", *words), tmp_path, empty_servers)
    assert (again.done.returncode, again.done.stdout) == (
        0,
        "kamioi.purchase_day equals its rows.\n",
    )
