"""`./myriad db quarantine`: what waits is seen, taken in again and dropped, of one account alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from myriad.apps.cli.db.quarantine import app
from myriad.apps.cli.frame import main
from myriad.kit.ids import new_id
from myriad.products.kamioi.intake.files import IMPORT_LINES
from myriad.products.kamioi.intake.recording import ACCRUE_TASK, PURCHASES
from myriad.scale.data import Database
from myriad.scale.data.bulk import BulkTable
from myriad.scale.data.bulk.quarantine import Refused, quarantine
from myriad.scale.data.bulk.upkeep import drop_old
from myriad.scale.embedded.servers import ServerUrls
from myriad.scale.tenancy import TenantId
from tests.apps.terminal import Said, invoke
from tests.fixtures.database import database_settings

DAY = date(2026, 5, 1)
SECRET = "RENT TO ANN"


def purchase(state: str = "posted") -> tuple[Any, ...]:
    """A purchase as Kamioi's intake writes it."""
    ids = {name: new_id() for name in ("id", "member_id", "account_id", "descriptor_id")}
    given = {
        **ids,
        "booked_on": DAY,
        "shown_on": DAY,
        "external_id": str(ids["id"]),
        "state": state,
        "kind": "purchase",
        "amount_minor": 450,
        "currency": "USD",
        "raw": SECRET,
        "source": "file",
        "is_held": False,
    }
    return tuple(given.get(column.name) for column in PURCHASES.columns)


@dataclass
class Quarantine:
    """The quarantine of two accounts, and a terminal beside it."""

    database: Database
    urls: ServerUrls
    home: Path
    first: TenantId
    second: TenantId

    async def put(
        self, tenant_id: TenantId, row: tuple[Any, ...], table: BulkTable = PURCHASES
    ) -> str:
        """Put a row of May's file into quarantine and return its id."""
        before = {one["id"] for one in await self.listed(tenant_id)}
        async with self.database.session(tenant_id) as session:
            await quarantine(session, table, "may.csv", [Refused(7, "it was May", row)])
        (added,) = [one for one in await self.listed(tenant_id) if one["id"] not in before]
        return str(added["id"])

    async def listed(self, tenant_id: TenantId) -> list[dict[str, Any]]:
        """Return what `ls` shows of an account."""
        rows: list[dict[str, Any]] = (await self.say("ls", "--tenant", tenant_id)).result["rows"]
        return rows

    async def say(self, *words: object) -> Said:
        """Run one command line to its end."""
        return await invoke(app, words, self.home, self.urls)

    async def ask(self, tenant_id: TenantId, sql: str) -> list[Any]:
        """Return what an account's query finds."""
        rows = await self.database.reader.rows(tenant_id, sql, {})
        return [tuple(row.values()) for row in rows]

    async def age(self, row_id: str, days: int) -> None:
        """Let a row have waited for so long."""
        async with self.database.crossing("test lets a row grow old") as session:
            await (await session.connection()).exec_driver_sql(
                "UPDATE platform.data_quarantine SET created_at = now() - make_interval(days => %s) "
                "WHERE id = %s",
                (days, UUID(row_id)),
            )


@pytest.fixture
async def waiting(empty_servers: ServerUrls, tmp_path: Path) -> AsyncIterator[Quarantine]:
    database = Database(database_settings(empty_servers), process="test")
    await database.open()
    tenants = [TenantId(new_id()) for _ in range(2)]
    async with database.crossing("test makes tenants") as session:
        connection = await session.connection()
        for tenant in tenants:
            await connection.exec_driver_sql(
                "INSERT INTO platform.tenant (id, slug, name, timezone) VALUES (%s, %s, 'One', 'UTC')",
                (tenant, f"kept-{tenant.hex[-12:]}"),
            )
    yield Quarantine(database, empty_servers, tmp_path, *tenants)
    await database.close()


async def test_the_list_tells_why_and_where_but_not_what(waiting: Quarantine) -> None:
    mine = await waiting.put(waiting.first, purchase())
    theirs = await waiting.put(waiting.second, purchase())
    said = (await waiting.say("ls", "--tenant", f"kept-{waiting.first.hex[-12:]}")).done
    assert said.returncode == 0
    assert said.stdout == f"{mine}  kamioi.purchase  may.csv  line 7  it was May\n"
    (row,) = await waiting.listed(waiting.first)
    assert (row["id"], row["source"], row["line"], row["reason"]) == (
        mine,
        "may.csv",
        7,
        "it was May",
    )
    assert "row" not in row
    shown = await waiting.say("ls", "--tenant", waiting.first, "--rows")
    assert SECRET in shown.done.stdout
    assert SECRET in shown.result["rows"][0]["row"]
    assert theirs not in shown.done.stdout


async def test_the_list_goes_on_behind_a_row_and_keeps_to_a_table(waiting: Quarantine) -> None:
    first = await waiting.put(waiting.first, purchase())
    second = await waiting.put(waiting.first, ("a line",), IMPORT_LINES)
    page = await waiting.say("ls", "--tenant", waiting.first, "--limit", 1)
    assert [row["id"] for row in page.result["rows"]] == [first]
    assert f"--after {first}" in page.done.stdout
    rest = await waiting.say("ls", "--tenant", waiting.first, "--after", first)
    assert [row["id"] for row in rest.result["rows"]] == [second]
    lines = await waiting.say("ls", "--tenant", waiting.first, "--table", IMPORT_LINES.name)
    assert [row["id"] for row in lines.result["rows"]] == [second]


async def test_without_an_account_it_says_where_rows_wait(waiting: Quarantine) -> None:
    await waiting.put(waiting.first, purchase())
    await waiting.put(waiting.second, purchase())
    await waiting.put(waiting.second, purchase())
    said = await waiting.say("ls")
    counts = {one["tenant_id"]: one["rows"] for one in said.result["waiting"]}
    assert (counts[str(waiting.first)], counts[str(waiting.second)]) == (1, 2)
    assert f"kept-{waiting.second.hex[-12:]}  kamioi.purchase  2  since " in said.done.stdout
    assert SECRET not in said.done.stdout


async def test_a_row_goes_in_and_its_round_ups_follow(waiting: Quarantine) -> None:
    row_id = await waiting.put(waiting.first, purchase())
    theirs = await waiting.put(waiting.second, purchase())
    said = await waiting.say("retry", "--tenant", waiting.first, row_id)
    assert said.result == {"new": 1, "known": 0, "stayed": 0, "reasons": []}
    assert said.done.returncode == 0
    assert await waiting.ask(waiting.first, "SELECT raw FROM kamioi.purchase") == [(SECRET,)]
    tasks = await waiting.ask(
        waiting.first,
        "SELECT task.name, job.payload->>'first' AS f, job.payload->>'last' AS l "
        "FROM platform.job AS job JOIN platform.job_task AS task ON task.id = job.task_id",
    )
    assert tasks == [(ACCRUE_TASK, "2026-05-01", "2026-05-01")]
    assert await waiting.listed(waiting.first) == []
    assert [row["id"] for row in await waiting.listed(waiting.second)] == [theirs]
    assert await waiting.ask(waiting.second, "SELECT raw FROM kamioi.purchase") == []


async def test_all_are_tried_and_those_that_stay_say_why(waiting: Quarantine) -> None:
    await waiting.put(waiting.first, purchase())
    bad = await waiting.put(waiting.first, purchase(state="nonsense"))
    text = await waiting.put(waiting.first, ("a line",), IMPORT_LINES)
    theirs = await waiting.put(waiting.second, purchase())
    await waiting.age(bad, 80)
    said = await waiting.say("retry", "--tenant", waiting.first, "--all")
    assert said.done.returncode == 1
    assert (said.result["new"], said.result["stayed"]) == (1, 2)
    reasons = {one["reason"].split(" is ")[0]: one["rows"] for one in said.result["reasons"]}
    assert reasons == {"refused by ck_purchase_state": 1, "kamioi.import_line": 1}
    assert SECRET not in said.done.stdout
    left = {row["id"]: row for row in await waiting.listed(waiting.first)}
    assert left.keys() == {bad, text}
    assert left[bad]["reason"] == "refused by ck_purchase_state"
    assert [row["id"] for row in await waiting.listed(waiting.second)] == [theirs]
    # What is tried again does not become young by it.
    dropped = await waiting.say("drop", "--tenant", waiting.first, "--older-than", 79)
    assert dropped.result == {"dropped": 1}


async def test_what_stands_already_leaves_and_what_was_cut_short_stays(waiting: Quarantine) -> None:
    row = purchase()
    for _ in range(2):
        twice = await waiting.put(waiting.first, row)
        said = await waiting.say("retry", "--tenant", waiting.first, twice)
    assert (said.result["new"], said.result["known"], said.result["stayed"]) == (0, 1, 0)
    long = await waiting.put(waiting.first, tuple("x" * 2_000 for _ in PURCHASES.columns))
    said = await waiting.say("retry", "--tenant", waiting.first, long)
    assert said.done.returncode == 1
    assert "too long to be kept whole" in said.done.stdout
    assert [(row["id"], row["is_whole"]) for row in await waiting.listed(waiting.first)] == [
        (long, False)
    ]


async def test_rows_are_dropped_by_id_and_by_age(waiting: Quarantine) -> None:
    old, young, other = [await waiting.put(waiting.first, purchase()) for _ in range(3)]
    theirs = await waiting.put(waiting.second, purchase())
    for row_id in (old, theirs):
        await waiting.age(row_id, 31)
    by_age = ("drop", "--tenant", waiting.first, "--older-than", 30)
    assert (await waiting.say(*by_age, "--table", IMPORT_LINES.name)).done.returncode == 2
    assert (await waiting.say(*by_age, "--table", PURCHASES.name)).result == {"dropped": 1}
    assert (await waiting.say("drop", "--tenant", waiting.first, young)).result == {"dropped": 1}
    assert [row["id"] for row in await waiting.listed(waiting.first)] == [other]
    assert [row["id"] for row in await waiting.listed(waiting.second)] == [theirs]
    audit = "SELECT action, detail->>'rows' FROM platform.audit_event"
    assert await waiting.ask(waiting.first, audit) == [("quarantine.dropped", "1")] * 2


async def test_old_rows_of_every_account_go_by_themselves(waiting: Quarantine) -> None:
    old = [await waiting.put(tenant, purchase()) for tenant in (waiting.first, waiting.second)]
    young = await waiting.put(waiting.first, purchase())
    for row_id in old:
        await waiting.age(row_id, 91)
    assert await drop_old(waiting.database, 90) == 2
    assert [row["id"] for row in await waiting.listed(waiting.first)] == [young]
    assert await waiting.listed(waiting.second) == []


@pytest.mark.parametrize("command", ["retry", "drop"])
async def test_another_accounts_row_is_not_there(waiting: Quarantine, command: str) -> None:
    mine = await waiting.put(waiting.first, purchase())
    theirs = await waiting.put(waiting.second, purchase())
    said = (await waiting.say(command, "--tenant", waiting.first, mine, theirs)).done
    assert said.returncode == 2
    assert f"no row {theirs} in quarantine" in said.stderr
    assert [row["id"] for row in await waiting.listed(waiting.first)] == [mine]
    assert [row["id"] for row in await waiting.listed(waiting.second)] == [theirs]


async def test_what_is_not_there_is_said(waiting: Quarantine) -> None:
    for tenant in ("nobody-here", str(new_id())):
        said = (await waiting.say("ls", "--tenant", tenant)).done
        assert (said.returncode, f"no account {tenant!r}" in said.stderr) == (2, True)
    for words in (["ls"], ["retry", "--all"], ["drop", "--older-than", 1]):
        line = (*words, "--tenant", waiting.first, "--table", "kamioi.nothing")
        said = (await waiting.say(*line)).done
        assert (said.returncode, "kamioi.purchase" in said.stderr) == (2, True)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ls --rows", "go with --tenant"),
        ("retry --tenant t", "with --all"),
        ("retry --tenant t --all 01a1ff88-3f83-7a96-af01-6f6f48be3c01", "with --all"),
        ("retry --tenant t seven", "an id of a row looks like"),
        ("drop --tenant t", "--older-than"),
        ("drop --tenant t --older-than 3 01a1ff88-3f83-7a96-af01-6f6f48be3c01", "--older-than"),
    ],
)
def test_wrong_use_is_said_in_one_line(
    line: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["db", "quarantine", *line.split(), "--home", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert "Traceback" not in said.out + said.err


@pytest.mark.parametrize("command", ["ls", "retry", "drop"])
def test_each_command_has_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["db", "quarantine", command, "--help"]) == 0
    assert f"./myriad db quarantine {command}" in capsys.readouterr().out.split("Example", 1)[1]
